"""The counting of database statements: it sees what is wrong, and its lists name routes that are there."""

import pytest

from tests import statements
from tests.statement_limits import EXCEPTIONS, LIMITS, REPEATED, SEVERAL_TRANSACTIONS, SIGN_IN
from tests.surface_coverage import all_routes


def test_the_lists_name_routes_that_are_there() -> None:
    assert {*EXCEPTIONS, *REPEATED, *SEVERAL_TRANSACTIONS, *SIGN_IN} <= set(all_routes())
    for route, (limit, reason) in EXCEPTIONS.items():
        assert limit > LIMITS[statements.kind_of(route)], f"{route} needs no exception"
        assert reason


def test_every_route_has_a_row() -> None:
    table = statements.table({})
    assert all(f"| `{route}` |" in table for route in all_routes())


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What is found wrong, apart from what the run itself finds."""
    monkeypatch.setattr(statements, "found", {})
    monkeypatch.setattr(statements, "faults", {})
    return statements.faults


def test_what_is_wrong_is_seen(faults: dict[str, str]) -> None:
    route = "GET /docs"
    trace = statements.Trace()
    for number in range(8):
        trace.ask("SELECT $1", (number,))
    statements.note(route, trace)
    assert faults == {}
    trace.ask("SELECT $1", (0,))
    trace.transactions = [9, 0]
    statements.note(route, trace)
    assert faults == {
        f"{route}: too many statements": "9",
        f"{route}: sent twice": "SELECT $1",
        f"{route}: an empty transaction": "",
        f"{route}: 2 transactions in one read": "",
    }

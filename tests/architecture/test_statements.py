"""The counting of database statements: it finds each kind of problem, and its lists name existing routes."""

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
def problems(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The problems found by the test, separate from those of the run."""
    monkeypatch.setattr(statements, "found", {})
    monkeypatch.setattr(statements, "problems", {})
    return statements.problems


def test_what_is_wrong_is_seen(problems: dict[str, str]) -> None:
    route = "GET /docs"
    trace = statements.Trace()
    for number in range(8):
        trace.ask("SELECT $1", (number,))
    statements.note(route, trace)
    assert problems == {}
    trace.ask("SELECT $1", (0,))
    trace.transactions = [9, 0]
    statements.note(route, trace)
    assert problems == {
        f"{route}: too many statements": "9",
        f"{route}: sent twice": "SELECT $1",
        f"{route}: an empty transaction": "",
        f"{route}: 2 transactions in one read": "",
    }

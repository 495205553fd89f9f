"""Statements of a person's money: every state, line by line, in each format, in both languages."""

import csv
import io
import itertools
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest
from beancount import loader
from sqlalchemy import update

from app.core.clock import utc_now
from app.core.money import Currency
from app.features.contracts import service as contracts
from app.features.transparency import service
from app.features.transparency.errors import InvalidPeriodError
from app.features.transparency.rules.statement_files import _safe
from app.features.transparency.rules.statements import decimal_text, period_of
from app.features.transparency.schemas import StatementFormat
from app.features.transparency.service import statements
from app.models import TimerKind, User
from tests.factories.deals import DealScene, make_deal
from tests.factories.orders import Market

API = "/api/v1/wallet/statement"
NEXT_DAY = {"first": (utc_now().date() + timedelta(days=1)).isoformat()}
type Clients = Callable[[], Awaitable[httpx.AsyncClient]]


async def played(market: Market) -> DealScene:
    """Return a deal with one milestone accepted and available, and another one in review."""
    scene = await make_deal(market)
    await scene.submitted()
    version = (await scene.milestone()).version
    async with market.uow() as work:
        await contracts.accept_milestone(work, scene.customer, scene.milestones[0], version)
    await scene.sweep(TimerKind.SECURITY)
    await scene.submitted(1)
    return scene


async def added_up(reader: httpx.AsyncClient) -> Sequence[object]:
    """Return what beancount finds wrong in a statement."""
    answer = await reader.get(f"{API}/beancount")
    _entries, errors, _options = loader.load_string(answer.text)
    assert "balance Assets:Available" in answer.text
    return errors


async def test_a_statement_has_every_state_at_both_ends(market: Market, new_client: Clients) -> None:
    scene = await played(market)
    customer = await market.sign_in(await new_client(), scene.customer)
    freelancer = await market.sign_in(await new_client(), scene.freelancer)
    paid = (await customer.get(API)).json()
    zero = dict.fromkeys(("available", "maturing", "held", "paid_in", "moving", "in_review"), 0)
    assert paid["opening"] == zero
    held = {"paid_in": 4_000_000, "in_review": 4_000_000}
    assert paid["closing"] == zero | held | {"available": await scene.wallet(scene.customer)}
    got = (await freelancer.get(API)).json()
    assert got["closing"] == zero | {"available": 3_000_000, "held": 4_000_000, "in_review": 4_000_000}
    assert got["lines"] == 4  # paid, accepted, available, paid
    tomorrow = (await freelancer.get(API, params=NEXT_DAY)).json()
    assert (tomorrow["opening"], tomorrow["lines"]) == (got["closing"], 0)
    page = await freelancer.get("/wallet/statement", params={"currency": "RUB"})
    assert "₽40,000" in page.text
    assert f"/wallet/statement/pdf?currency=RUB&amp;first={got['first']}" in page.text
    assert "/wallet/statement?currency=RUB" in (await freelancer.get("/wallet")).text


async def test_each_format_says_the_same(market: Market, new_client: Clients) -> None:
    scene = await played(market)
    customer = await market.sign_in(await new_client(), scene.customer)
    lines = [json.loads(line) for line in (await customer.get(f"{API}/jsonl")).text.splitlines()]
    assert [it["type"] for it in lines] == ["opening", "entry", "entry", "entry", "entry", "closing"]
    assert [it["event"] for it in lines[1:-1]] == ["deposit", "fund", "release", "fund"]
    assert all(it["balance"].items() <= lines[-1]["balance"].items() for it in lines[-2:])
    for before, line in itertools.pairwise(lines[:-1]):
        after = {state: amount + line["change"].get(state, 0) for state, amount in before["balance"].items()}
        assert line["balance"].items() <= after.items()
    plain = await customer.get(f"{API}/csv")
    assert "Balance at the beginning" in plain.text
    async with market.uow() as work:
        await work.session.execute(update(User).where(User.id == scene.customer.id).values(locale="ru"))
    customer = await market.sign_in(await new_client(), scene.customer)
    answer = await customer.get(f"{API}/csv")
    assert answer.headers["content-disposition"].endswith('.csv"')
    table = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [row["Событие"] for row in table[:2]] == ["Остаток на начало", "Пополнение"]
    assert table[-1]["Доступно"] == decimal_text(lines[-1]["balance"]["available"], Currency.RUB)
    assert not await added_up(customer)
    made = await customer.get("/wallet/statement/pdf")
    assert made.content.startswith(b"%PDF")
    assert made.headers["content-type"] == "application/pdf"


async def test_the_lines_are_read_a_page_at_a_time(
    market: Market, new_client: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = await played(market)
    freelancer = await market.sign_in(await new_client(), scene.freelancer)
    whole = (await freelancer.get(f"{API}/jsonl")).text
    monkeypatch.setattr(service, "STATEMENT_PAGE", 1)
    monkeypatch.setattr(statements, "STATEMENT_PAGE", 1)
    assert (await freelancer.get(f"{API}/jsonl")).text == whole
    monkeypatch.setitem(statements.MAX_LINES, StatementFormat.JSONL, 3)
    long = await freelancer.get(f"{API}/jsonl")
    assert (long.status_code, long.json()["type"].rsplit("/")[-1]) == (422, "statement-too-long")
    shown = await freelancer.get("/wallet/statement/jsonl")
    assert (shown.status_code, "at most 3 lines" in shown.text) == (422, True)


async def test_days_that_are_none_are_refused(market: Market, new_client: Clients) -> None:
    reader = await market.sign_in(await new_client(), await market.person())
    wrong = await reader.get(API, params={"first": "2026-02-01", "last": "2026-01-31"})
    assert (wrong.status_code, wrong.json()["type"].rsplit("/")[-1]) == (422, "invalid-period")
    for days in ({"first": "yesterday"}, {"first": "1026-02-01", "last": "2026-01-31"}):
        page = await reader.get("/wallet/statement", params=days)
        assert (page.status_code, "the last one not before the first" in page.text) == (422, True)
    assert not await added_up(reader)


def test_a_period_is_whole_days_of_the_reader() -> None:
    period = period_of(Currency.RUB, date(2026, 3, 1), date(2026, 3, 31))
    assert (period.start, period.end) == (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
    assert period_of(Currency.RUB, None, date(2026, 3, 31)).first == date(2026, 3, 1)
    with pytest.raises(InvalidPeriodError):
        period_of(Currency.RUB, date(2026, 3, 2), date(2026, 3, 1))


@pytest.mark.parametrize(
    ("cell", "written"),
    [("=1+1", "'=1+1"), ("-5.00", "-5.00"), ("-5.00+A1", "'-5.00+A1"), ("@x", "'@x"), ("- a", "'- a"), ("a=1", "a=1")],
)
def test_no_cell_begins_a_formula(cell: str, written: str) -> None:
    assert _safe(cell) == written

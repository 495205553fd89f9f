"""Timers that are fired in batches have the outcome of firing them one by one."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.persistence.request_keys import LOCK_NOT_AVAILABLE
from app.core.resources import Resources, Sessions
from app.core.unit_of_work import unit_of_work
from app.features.contracts import service, workflows
from app.features.contracts.repository import DealRepository
from app.features.fees.schemas import FeePolicyInput
from app.features.fees.service import add_policy
from app.models import (
    AccountKind,
    DealStatus,
    DealTimer,
    FeeSide,
    LedgerAccount,
    LedgerBalance,
    MilestoneStatus,
    TimerKind,
)
from tests.factories.commands import OPERATOR
from tests.factories.deals import make_deal
from tests.factories.orders import Market

PRICE = 3_000_000
TABLES = (
    "deals", "milestones", "submissions", "releases", "deal_timers", "deal_entries", "outbox_messages", "documents",
    "document_files", "document_series",
    "ledger.account", "ledger.balance", "ledger.txn", "ledger.transfer", "ledger.unsealed",
)  # fmt: skip
ROWS = "SELECT '{0} ' || (to_jsonb(t) - 'storage_key' - 'next_try_at' - 'position' - '{1}')::text FROM {0} AS t"
"""Without the columns that differ between two runs of the same thing."""
COUNTERS = {"ledger.balance": "version"}
"""Columns that count statements, of which batches need fewer."""
WRITTEN_NUMBER = re.compile(r'"id": \d+, ')
UUIDS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MOMENTS = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.\d]*(?:\+\d\d:\d\d|Z)?")


@pytest.fixture
def connection(sessions: Sessions) -> AsyncConnection:
    """The connection of the test's transaction."""
    bound = sessions.kw["bind"]
    assert isinstance(bound, AsyncConnection)
    return bound


async def rows_of(connection: AsyncConnection, known: set[str] | None) -> list[str]:
    """Return every row of the tables; ids and times that are not among the known ones have no names."""
    found = []
    for table in TABLES:
        statement = text(ROWS.format(table, COUNTERS.get(table, "")))
        found += list((await connection.execute(statement)).scalars())
    if known is None:
        return found
    kept = known
    named = [UUIDS.sub(lambda it: it[0] if it[0] in kept else "new", row) for row in found]
    named = [MOMENTS.sub(lambda it: it[0] if it[0] in kept else "then", row) for row in named]
    return sorted(WRITTEN_NUMBER.sub("", row) for row in named)


async def outcome(connection: AsyncConnection, known: set[str], run: Callable[[], Awaitable[object]]) -> list[str]:
    """Return all rows after something, and undo it."""
    undone = await connection.begin_nested()
    try:
        await run()
        return await rows_of(connection, known)
    finally:
        await undone.rollback()


async def fire_batches(market: Market, kind: TimerKind) -> int:
    """Fire all batches of a kind."""
    async with market.uow() as work:
        batches = await service.due_together(work, kind)
    fired = 0
    for timer_ids in batches:
        async with market.uow() as work:
            fired += await service.fire_together(work, kind, timer_ids)
    return fired


async def fire_singly(market: Market) -> int:
    """Fire all that is due, one by one."""
    fired = 0
    async with market.uow() as work:
        due = await service.due_timers(work)
    for timer_id in due:
        async with market.uow() as work:
            fired += await service.fire_timer(work, timer_id)
    return fired


async def test_batches_write_the_rows_that_single_timers_write(market: Market, connection: AsyncConnection) -> None:
    async with market.uow() as work:
        for side, rate in ((FeeSide.CUSTOMER, 333), (FeeSide.FREELANCER, 777)):
            command = FeePolicyInput(side=side, rate_bp=rate, minimum=700, tax_bp=2000)
            await add_policy(work, OPERATOR, command, reason="test")
    scenes = [await make_deal(market) for _deal in range(3)]
    for scene, place in ((scenes[0], 0), (scenes[0], 1), (scenes[1], 0), (scenes[2], 1)):
        await scene.notify(await scene.submitted(place))
    for kind, count in ((TimerKind.REVIEW, 4), (TimerKind.SECURITY, 4)):
        await scenes[0].ripen(kind)
        before = await rows_of(connection, None)
        known = {it for row in before for it in (*UUIDS.findall(row), *MOMENTS.findall(row))}
        singly = await outcome(connection, known, partial(fire_singly, market))
        together = await outcome(connection, known, partial(fire_batches, market, kind))
        assert together == singly
        assert together != before
        assert await fire_batches(market, kind) == count
        assert await fire_batches(market, kind) == 0
    assert (await scenes[0].deal()).status is DealStatus.CLOSED
    assert await scenes[1].holds(AccountKind.MATURING, scenes[1].freelancer.id) == 0
    assert PRICE * 0.9 < await scenes[1].wallet(scenes[1].freelancer) < PRICE


async def test_batches_leave_what_needs_a_closer_look(
    market: Market, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    untold, reminded = await make_deal(market), await make_deal(market)
    monkeypatch.setattr(resources, "settings", resources.settings.model_copy(update={"deal_security_days": 0}))
    unsecured = await make_deal(market)
    await untold.submitted()
    for scene in (unsecured, reminded):
        await scene.notify(await scene.submitted())
    await reminded.ripen(TimerKind.REVIEW)
    async with market.uow() as work:
        earlier = DealTimer.look_at - text("interval '30 days'")
        statement = update(DealTimer).where(
            DealTimer.contract_id == reminded.contract_id, DealTimer.kind == TimerKind.REMIND_OF_REVIEW
        )
        await work.session.execute(statement.values(due_at=earlier, look_at=earlier))
    assert await fire_batches(market, TimerKind.REVIEW) == 1
    found = [(await scene.milestone()).status for scene in (untold, unsecured, reminded)]
    assert found == [MilestoneStatus.SUBMITTED, MilestoneStatus.ACCEPTED, MilestoneStatus.SUBMITTED]
    assert await unsecured.wallet(unsecured.freelancer) == 0, "its money waits for the next sweep"
    await fire_singly(market)
    found = [(await scene.milestone()).status for scene in (untold, unsecured, reminded)]
    assert found == [MilestoneStatus.SUBMITTED, MilestoneStatus.ACCEPTED, MilestoneStatus.ACCEPTED]
    assert await unsecured.wallet(unsecured.freelancer) == PRICE


async def test_a_batch_skips_locked_deals_and_a_refused_one_is_fired_one_by_one(live_resources: Resources) -> None:
    market = Market(lambda: unit_of_work(live_resources))
    scenes = [await make_deal(market) for _deal in range(3)]
    for scene in scenes:
        await scene.notify(await scene.submitted())
    await scenes[0].ripen(TimerKind.REVIEW)
    async with unit_of_work(live_resources) as other:
        await DealRepository(other.session).lock_deal(scenes[1].contract_id)
        assert await fire_batches(market, TimerKind.REVIEW) == 2
    assert await workflows.sweep_timers(live_resources) == 1
    await scenes[0].ripen(TimerKind.SECURITY)
    account = select(LedgerAccount.id).where(
        LedgerAccount.kind == AccountKind.MATURING, LedgerAccount.owner_id == scenes[2].freelancer.id
    )
    async with unit_of_work(live_resources) as other:
        locked = select(LedgerBalance).where(LedgerBalance.account_id == account.scalar_subquery())
        await other.session.execute(locked.with_for_update())
        with pytest.raises(DBAPIError) as waited:
            await fire_batches(market, TimerKind.SECURITY)
    assert getattr(waited.value.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE, "the other deals would wait as long"
    assert await workflows.sweep_timers(live_resources) == 3
    for scene in scenes:
        assert await scene.wallet(scene.freelancer) == PRICE


def test_a_long_batch_is_followed_by_a_smaller_one() -> None:
    sizes = [service.FIRST_BATCH]
    for spent in (10, 10, 10, 10, 120, 250, 250):
        sizes.append(service.next_size(sizes[-1], timedelta(milliseconds=spent)))
    assert sizes == [25, 50, 100, 200, 200, 200, 100, 50]
    assert service.next_size(1, timedelta(seconds=10)) == 1

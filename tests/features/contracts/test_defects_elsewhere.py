"""Defects that escrow programs of others had, each as a test; races, crashes and guards have files of their own."""

from uuid import UUID

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError

from app.core.unit_of_work import UnitOfWork
from app.features.contracts import service
from app.features.contracts.rules import DEAL_MACHINE, MILESTONE_MACHINE
from app.features.contracts.service.queries import HIDDEN
from app.models import AccountKind, DealTimer, LedgerTxn, Milestone, TimerKind, TxnTemplate
from app.models.deal import FINISHED, DealStatus, MilestoneStatus
from app.models.side import Side
from tests.factories.deal_commands import reach
from tests.factories.deals import DealScene, make_deal
from tests.factories.orders import Market

PARTIES = {Side.CUSTOMER, Side.FREELANCER}
PRICE = 3_000_000


async def years_go_by(scene: DealScene) -> None:
    """Let every timer of the deal be due, again and again."""
    for _time in range(3):
        await scene.sweep(*TimerKind)


@pytest.mark.parametrize("state", [MilestoneStatus.FUNDED, MilestoneStatus.IN_WORK, MilestoneStatus.REVISION])
async def test_money_is_not_released_by_time_where_nothing_waits_for_review(
    market: Market, state: MilestoneStatus
) -> None:
    """Elsewhere the clock of acceptance ran from the payment, so that nothing had to be delivered."""
    scene = await make_deal(market)
    await reach(scene, state)
    await years_go_by(scene)
    assert (await scene.milestone()).status is state
    assert await scene.escrow() == (PRICE, 0)
    assert await scene.holds(AccountKind.MATURING, scene.freelancer.id) == 0


async def test_a_new_submission_has_a_full_review_of_its_own(market: Market) -> None:
    """Elsewhere an old deadline released new work at once."""
    scene = await make_deal(market)
    await reach(scene, MilestoneStatus.REVISION)
    await scene.notify(await scene.submit())
    async with market.uow() as work:
        days = func.extract("epoch", DealTimer.due_at - func.app_now()) / (24 * 60 * 60)
        fields = select(DealTimer.status, days).where(DealTimer.kind == TimerKind.REVIEW)
        rows = (await work.session.execute(fields)).all()
    assert sorted(status for status, _days in rows) == ["cancelled", "waiting"]
    assert all(days == 14 for _status, days in rows)


@pytest.mark.parametrize("price", [100, 101, 1_000_001])
async def test_no_unit_is_lost_where_a_price_is_split(market: Market, price: int) -> None:
    """Elsewhere halves were rounded down twice, and the odd unit was nobody's."""
    scene = await make_deal(market, milestones=[], price={"amount": price, "currency": "RUB"})
    await scene.set_checklist(["One", "Two", "Three"])
    await scene.submitted()
    shares = []
    for line in (2, 0, 1):
        async with market.uow() as work:
            await service.accept_milestone(work, scene.customer, scene.milestones[0], lines=[line])
        shares.append((await scene.milestone()).released)
    assert shares == [price // 3, price * 2 // 3, price]
    assert await scene.holds(AccountKind.MATURING, scene.freelancer.id) == price
    assert await scene.escrow() == (0, 0)


@pytest.mark.parametrize("status", ["closed", "resolved", "released", ""])
async def test_no_status_outside_the_table_can_be_stored(market: Market, status: str) -> None:
    """Elsewhere a scheduled job wrote a status that nothing else knew."""
    scene = await make_deal(market)
    for table, name in (("milestones", "contract_id"), ("deals", "contract_id")):
        if table == "deals" and status == DealStatus.CLOSED:
            continue
        async with market.uow() as work:
            changed = text(f"UPDATE {table} SET status = :status WHERE {name} = :key")  # noqa: S608
            with pytest.raises(DBAPIError, match="status"):
                await work.session.execute(changed, {"status": status, "key": scene.contract_id})
            await work.session.rollback()


async def store(work: UnitOfWork, key: UUID, values: dict[str, object]) -> None:
    """Change a row behind the back of the product, with what a commit checks."""
    await work.session.execute(update(Milestone).where(Milestone.id == key).values(values))
    await work.session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))


@pytest.mark.parametrize("values", [{"status": "refunded"}, {"status": "refunded", "refunded": PRICE}])
async def test_refunded_is_no_label(market: Market, values: dict[str, object]) -> None:
    """Elsewhere a refund changed the status and sent no money back."""
    scene = await make_deal(market)
    await scene.fund()
    async with market.uow() as work:
        await work.session.execute(text("SET CONSTRAINTS ALL DEFERRED"))
        with pytest.raises(DBAPIError, match=r"finished|another amount than the ledger"):
            await store(work, scene.milestones[0], values)
        await work.session.rollback()


async def test_every_end_has_its_transaction(market: Market) -> None:
    """Elsewhere a milestone was approved, and its money credited later, or never."""
    scene = await make_deal(market)
    await reach(scene, MilestoneStatus.ACCEPTED)
    await reach(scene, MilestoneStatus.REFUNDED, 1)
    async with market.uow() as work:
        found = select(LedgerTxn.template, LedgerTxn.milestone_id).order_by(LedgerTxn.business_key)
        rows = set((await work.session.execute(found.where(LedgerTxn.milestone_id.is_not(None)))).all())
    first, second = scene.milestones
    assert rows == {
        (TxnTemplate.FUND, first),
        (TxnTemplate.RELEASE, first),
        (TxnTemplate.FUND, second),
        (TxnTemplate.REFUND, second),
    }


def test_each_state_can_be_left_and_leads_to_an_end() -> None:
    """Elsewhere a refund and a dispute at once made a state that nobody could leave."""
    ends = set(FINISHED)
    reaching = set(ends)
    for _round in MilestoneStatus:
        reaching |= {arrow.source for arrow in MILESTONE_MACHINE.transitions if arrow.target in reaching}
    assert reaching == set(MilestoneStatus)
    assert {state for state in MilestoneStatus if MILESTONE_MACHINE.is_end(state)} == ends
    for state in (status for status in DealStatus if not DEAL_MACHINE.is_end(status)):
        leaving = {arrow.side for arrow in DEAL_MACHINE.transitions if arrow.source is state}
        assert leaving & (PARTIES | {Side.SYSTEM}), state


async def test_nobody_is_shown_a_step_that_is_not_possible(market: Market) -> None:
    """Elsewhere old buttons stayed alive and let a party go round a penalty."""
    for state in MilestoneStatus:
        if state is MilestoneStatus.CANCELLED:
            continue
        scene = await make_deal(market)
        await reach(scene, state)
        for actor, side in ((scene.customer, Side.CUSTOMER), (scene.freelancer, Side.FREELANCER)):
            async with market.uow() as work:
                shown = await service.get_contract(work.session, actor, scene.contract_id)
            assert shown.deal is not None
            actions = {action for action in shown.deal.milestones[0].actions if action != "bonus"}
            allowed = {event.value for event in MILESTONE_MACHINE.events(state, side) if event not in HIDDEN}
            assert actions <= allowed, (state, side)
            if state is not MilestoneStatus.REVISION:  # a refund can be asked for only after a time
                assert actions == allowed, (state, side)

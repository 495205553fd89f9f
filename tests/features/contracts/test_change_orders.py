"""Changes of the work: they end with their deal, and the timeline names what they moved."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest
from sqlalchemy import select

from app.cli.doctor import limit_of_holding
from app.core.payment_port import Capabilities
from app.core.resources import Resources
from app.features.contracts import service
from app.features.contracts.errors import InvalidChangeOrderError, RequestDecidedError
from app.features.contracts.schemas import ChangeOrderCreate, MilestoneChange
from app.models import ChangeOrder, DealEntry, DealStatus, LedgerTxn, RequestStatus, TimerKind
from tests.factories.deals import DealScene, make_deal
from tests.factories.orders import Market

PRICE = 3_000_000


async def propose(scene: DealScene, *changes: MilestoneChange) -> UUID:
    """Propose changes as the freelancer."""
    async with scene.market.uow() as work:
        command = ChangeOrderCreate(changes=list(changes))
        return (await service.propose_change(work, scene.freelancer, scene.contract_id, command)).id


def changed(scene: DealScene, place: int | None, amount: int) -> MilestoneChange:
    """Return another price of a milestone, or a new milestone."""
    key = scene.milestones[place] if place is not None else None
    return MilestoneChange(id=key, title="Changed", amount=amount, days=3, checklist=["Pages"])


async def timeline(scene: DealScene) -> list[DealEntry]:
    """Return the timeline."""
    async with scene.market.uow() as work:
        statement = select(DealEntry).where(DealEntry.contract_id == scene.contract_id).order_by(DealEntry.id)
        return list((await work.session.execute(statement)).scalars())


async def test_a_signed_change_names_each_transaction_that_it_made(market: Market) -> None:
    scene = await make_deal(market)
    await scene.fund()
    await scene.fund(1)
    order = await propose(
        scene, changed(scene, 0, PRICE + 5), changed(scene, 1, 4_000_000 - 7), changed(scene, None, 9)
    )
    async with market.uow() as work:
        await service.answer_change(work, scene.customer, order, agree=True)
    lines = [line for line in await timeline(scene) if line.txn_id is not None]
    assert [(line.event, line.amount, line.milestone_id) for line in lines[2:]] == [
        ("change_paid_in", 5, scene.milestones[0]),
        ("change_refunded", 7, scene.milestones[1]),
    ]
    assert {line.side for line in lines[2:]} == {"customer"}
    async with market.uow() as work:
        txns = select(LedgerTxn.id).where(LedgerTxn.contract_id == scene.contract_id)
        assert {line.txn_id for line in lines} == set((await work.session.execute(txns)).scalars())


async def test_money_without_a_security_period_is_told_as_available(
    market: Market, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = resources.settings.model_copy(update={"deal_security_days": 0})
    monkeypatch.setattr(resources, "settings", at_once)
    scene = await make_deal(market)
    await scene.submitted()
    async with market.uow() as work:
        await service.accept_milestone(work, scene.customer, scene.milestones[0])
    assert await scene.sweep() == 1
    assert await scene.wallet(scene.freelancer) == PRICE
    line = (await timeline(scene))[-1]
    assert (line.event, line.amount) == ("available", PRICE)
    assert line.txn_id is not None


async def test_a_change_that_outlives_the_holding_limit_is_refused_at_once(
    market: Market, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited = resources.settings.model_copy(update={"deal_holding_days": 60})
    monkeypatch.setattr(resources, "settings", limited)
    scene = await make_deal(market)
    longest = limited.max_milestone_days
    assert longest is not None
    assert longest == 60 - limited.deal_acceptance_days - 30
    for place in (0, None):
        late = changed(scene, place, PRICE).model_copy(update={"days": longest + 1})
        with pytest.raises(InvalidChangeOrderError) as refused:
            await propose(scene, late)
        assert [error.loc for error in refused.value.errors] == [("body", "changes", 0, "days")]
        assert str(longest) in refused.value.errors[0].text()
    await propose(scene, changed(scene, 0, PRICE).model_copy(update={"days": longest}))


@pytest.mark.parametrize(
    ("limit", "reckoned", "wrong"), [(None, 0, False), (90, 90, False), (90, 0, True), (90, 91, True)]
)
def test_the_doctor_compares_the_limit_of_the_provider(
    resources: Resources, limit: int | None, reckoned: int, *, wrong: bool
) -> None:
    known = Capabilities(
        provider="bank",
        wallets=True,
        partial_payout=True,
        several_payments=True,
        refund_after_release=True,
        longest_hold_days=limit,
        signed_webhooks=True,
        statement=True,
        payout_kinds=frozenset(),
        payout_minimum=1,
        payout_maximum=2,
        key_hours=24,
    )
    settings = resources.settings.model_copy(update={"deal_holding_days": reckoned})
    assert ("DEAL_HOLDING_DAYS=90" in limit_of_holding(settings, known)) is wrong


async def both_accepted(scene: DealScene) -> None:
    """Let the client accept all work."""
    for place in (0, 1):
        await scene.submitted(place)
        async with scene.market.uow() as work:
            await service.accept_milestone(work, scene.customer, scene.milestones[place])


async def silence(scene: DealScene) -> None:
    """Let silence accept all work."""
    for place in (0, 1):
        await scene.notify(await scene.submitted(place))
        await scene.sweep(TimerKind.REVIEW)


async def ended(scene: DealScene) -> None:
    """Let the client end the contract."""
    async with scene.market.uow() as work:
        await service.end_contract(work, scene.customer, scene.contract_id)


async def unfunded(scene: DealScene) -> None:
    """Let the time to pay in go by."""
    await scene.sweep(TimerKind.FUND_CONTRACT)


@pytest.mark.parametrize("end", [both_accepted, silence, ended, unfunded])
async def test_an_open_change_lapses_with_its_deal(market: Market, end: Callable[[DealScene], Awaitable[None]]) -> None:
    scene = await make_deal(market)
    order = await propose(scene, changed(scene, None, 70_000))
    await end(scene)
    assert (await scene.deal()).status in {DealStatus.CLOSED, DealStatus.TERMINATED}
    async with market.uow() as work:
        stored = await work.session.get(ChangeOrder, order)
        assert stored is not None
        assert (stored.status, stored.decided_by_id) == (RequestStatus.SILENCE, None)
        with pytest.raises(RequestDecidedError):
            await service.answer_change(work, scene.customer, order, agree=True)
        await work.session.rollback()
    assert [line.side for line in await timeline(scene) if line.event == "change_order_lapsed"] == ["system"]
    assert await scene.sweep(TimerKind.CHANGE_ORDER) == 0

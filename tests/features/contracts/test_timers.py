"""What happens by itself: never early, once, and only as the corrected rules say."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, update

from app.core.resources import Resources
from app.features.contracts import rules, service
from app.features.contracts.rules import may_release_by_silence
from app.features.contracts.schemas import ChangesRequest, LineFault, RefundAsk
from app.features.proposals.errors import InvalidProposalError
from app.models import (
    AccountKind,
    DealEntry,
    DealStatus,
    DealTimer,
    MilestoneStatus,
    OutboxMessage,
    RefundRequest,
    RequestStatus,
    TimerKind,
    TimerStatus,
)
from tests.factories.deals import DealScene, make_deal
from tests.factories.orders import Market

PRICE = 3_000_000
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


async def events(scene: DealScene) -> list[str]:
    """Return the timeline."""
    async with scene.market.uow() as work:
        statement = select(DealEntry.event).where(DealEntry.contract_id == scene.contract_id).order_by(DealEntry.id)
        return list((await work.session.execute(statement)).scalars())


async def ask(scene: DealScene, amount: int | None = None) -> None:
    """Ask for money back."""
    milestone = await scene.milestone()
    async with scene.market.uow() as work:
        command = RefundAsk(version=milestone.version, amount=amount, reason="Plans changed")
        await service.ask_refund(work, scene.customer, milestone.id, command)


@pytest.mark.parametrize(
    ("notices", "enough"),
    [
        ([], False),
        ([("site", True), ("mail", True)], False),
        ([("site", False)] * 3, False),
        ([("site", True)] * 2, False),
        ([("mail", True)] * 3, False),
        ([("site", True), ("site", False), ("site", False)], True),
        ([("site", False), ("mail", False), ("mail", False)], False),
        ([("site", False), ("mail", False), ("mail", True)], True),
        ([("site", True), ("mail", False), ("site", False)], True),
    ],
)
def test_silence_counts_after_three_messages_in_two_ways_of_which_one_arrived(
    notices: list[tuple[str, bool]], *, enough: bool
) -> None:
    assert may_release_by_silence(notices) is enough


async def test_no_timer_fires_before_the_time_of_the_database(market: Market) -> None:
    scene = await make_deal(market)
    submission = await scene.submitted()
    await scene.notify(submission)
    (review,) = await scene.timer_ids(TimerKind.REVIEW)
    async with market.uow() as work:
        assert await service.due_timers(work) == []
        assert not await service.fire_timer(work, review)
        soon = update(DealTimer).where(DealTimer.id == review)
        await work.session.execute(
            soon.values(due_at=func.now(), look_at=func.now() + func.make_interval(0, 0, 0, 0, 0, 0, 1))
        )
        assert not await service.fire_timer(work, review)
    assert (await scene.milestone()).status is MilestoneStatus.SUBMITTED
    assert await scene.sweep(TimerKind.REVIEW) == 1
    assert (await scene.milestone()).status is MilestoneStatus.ACCEPTED
    assert await scene.escrow() == (0, 0)
    async with market.uow() as work:
        assert not await service.fire_timer(work, review)
    assert await scene.holds(AccountKind.MATURING, scene.freelancer.id) == PRICE


async def test_the_review_goes_on_until_a_message_is_known_to_have_arrived(market: Market) -> None:
    scene = await make_deal(market)
    submission = await scene.submitted()
    await scene.notify(submission, delivered=False)
    for _time in range(2):
        assert await scene.sweep(TimerKind.REVIEW) == 1
    assert (await scene.milestone()).status is MilestoneStatus.SUBMITTED
    assert (await events(scene)).count("review_held_up") == 1
    async with market.uow() as work:
        await service.record_seen(work, scene.freelancer, scene.milestones[0])
    assert await scene.sweep(TimerKind.REVIEW) == 1
    assert (await scene.milestone()).status is MilestoneStatus.SUBMITTED
    async with market.uow() as work:
        await service.record_seen(work, scene.customer, scene.milestones[0])
    assert await scene.sweep(TimerKind.REVIEW) == 1
    assert (await scene.milestone()).status is MilestoneStatus.ACCEPTED
    assert (await events(scene))[-1] == "accept_by_silence"


async def test_reminders_come_7_3_and_1_days_before_the_end(market: Market) -> None:
    scene = await make_deal(market)
    submission = await scene.submitted()
    assert len(await scene.timer_ids(TimerKind.REMIND_OF_REVIEW)) == 3
    for _time in range(3):
        async with market.uow() as work:
            waiting = select(DealTimer.id, DealTimer.due_at - func.now()).where(
                DealTimer.status == TimerStatus.WAITING, DealTimer.kind == TimerKind.REMIND_OF_REVIEW
            )
            timer, ahead = (await work.session.execute(waiting.order_by(DealTimer.due_at))).first() or (None, None)
            assert timer is not None
            assert not await service.fire_timer(work, timer)
            nearer = DealTimer.due_at - ahead
            await work.session.execute(update(DealTimer).values(due_at=nearer, look_at=nearer))
            assert await service.fire_timer(work, timer)
    async with market.uow() as work:
        statement = select(OutboxMessage.payload).where(OutboxMessage.topic == "contracts.review_waits")
        waits = list((await work.session.execute(statement.order_by(OutboxMessage.id))).scalars())
    assert [(wait["days"], wait["submission_id"]) for wait in waits] == [
        (days, str(submission.id)) for days in (0, 7, 3, 1)
    ]


async def test_requested_changes_stop_the_review_and_a_full_one_follows(market: Market) -> None:
    scene = await make_deal(market)
    await scene.notify(await scene.submitted())
    milestone = await scene.milestone()
    async with market.uow() as work:
        command = ChangesRequest(version=milestone.version, lines=[LineFault(line=0, text="Prices are missing")])
        await service.request_changes(work, scene.customer, milestone.id, command)
    assert await scene.sweep(TimerKind.REVIEW, TimerKind.REMIND_OF_REVIEW) == 0
    assert await scene.sweep(TimerKind.RESUBMIT) == 1
    assert (await events(scene))[-1] == "resubmission_late"
    await scene.submit()
    assert (await scene.milestone()).rounds == 1
    assert await scene.sweep(TimerKind.REVIEW) == 1
    assert (await scene.milestone()).status is MilestoneStatus.SUBMITTED  # nobody was told of the second one


async def test_a_refund_request_after_late_resubmission_waits_for_an_answer(market: Market) -> None:
    scene = await make_deal(market)
    await scene.submitted()
    milestone = await scene.milestone()
    async with market.uow() as work:
        command = ChangesRequest(version=milestone.version, lines=[LineFault(line=0, text="Prices are missing")])
        await service.request_changes(work, scene.customer, milestone.id, command)
    await scene.sweep(TimerKind.RESUBMIT)
    await ask(scene)
    assert await scene.timer_ids(TimerKind.REFUND_ANSWER) == []
    assert (await scene.milestone()).status is MilestoneStatus.REFUND_REQUESTED


@pytest.mark.parametrize(
    ("amount", "state", "left"), [(None, MilestoneStatus.REFUNDED, 0), (1_000_000, MilestoneStatus.IN_WORK, 2_000_000)]
)
async def test_silence_grants_a_refund_if_nothing_was_submitted(
    market: Market, amount: int | None, state: MilestoneStatus, left: int
) -> None:
    scene = await make_deal(market)
    await scene.start()
    await ask(scene, amount)
    assert await scene.sweep(TimerKind.REFUND_ANSWER) == 1
    assert ((await scene.milestone()).status, await scene.escrow()) == (state, (left, 0))
    async with market.uow() as work:
        statuses = list((await work.session.execute(select(RefundRequest.status))).scalars())
    assert statuses == [RequestStatus.SILENCE]


async def test_an_unpaid_contract_ends_but_not_while_a_payment_is_under_way(market: Market) -> None:
    scene = await make_deal(market)
    async with market.uow() as work:
        await service.start_funding(work, scene.customer, scene.milestones[0])
    await scene.sweep(TimerKind.FUND_CONTRACT)
    assert (await scene.deal()).status is DealStatus.AWAITING_FUNDING
    async with market.uow() as work:
        await service.funding_failed(work, scene.milestones[0])
    await scene.sweep(TimerKind.FUND_CONTRACT)
    assert (await scene.deal()).status is DealStatus.TERMINATED
    assert [(await scene.milestone(place)).status for place in (0, 1)] == [MilestoneStatus.CANCELLED] * 2


async def test_both_sides_are_warned_before_the_provider_returns_what_it_holds(
    market: Market, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "settings", resources.settings.model_copy(update={"deal_holding_days": 90}))
    scene = await make_deal(market)
    await scene.fund()
    assert await scene.sweep() == 0
    assert await scene.sweep(TimerKind.HOLDING_LIMIT) == 3
    async with market.uow() as work:
        contract = await service.get_contract(work.session, scene.customer, scene.contract_id)
    assert contract.deal is not None
    assert [(line.event, line.amount) for line in contract.deal.timeline[:3]] == [("holding_ending", 3_000_000)] * 3
    await scene.fund(1)
    async with market.uow() as work:
        await service.return_money(work, scene.freelancer, scene.milestones[1])
    assert await scene.sweep(TimerKind.HOLDING_LIMIT) == 3, "nothing is held, so nothing is said"
    async with market.uow() as work:
        again = await service.get_contract(work.session, scene.customer, scene.contract_id)
    assert again.deal is not None
    assert [line.event for line in again.deal.timeline].count("holding_ending") == 3


@pytest.mark.parametrize(("days", "warned"), [(0, []), (1, []), (7, [5]), (90, [69, 83, 88])])
def test_warnings_come_21_7_and_2_days_before_the_limit(days: int, warned: list[int]) -> None:
    found = rules.holding_warnings({"holding_days": days}, NOON)
    assert [(when - NOON).days for when in found] == warned
    assert rules.holding_warnings({}, NOON) == []


async def test_work_that_outlives_the_holding_limit_is_refused_at_once(
    market: Market, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = resources.settings.model_copy(update={"deal_holding_days": 60})
    monkeypatch.setattr(resources, "settings", settings)
    assert settings.max_milestone_days == 60 - settings.deal_acceptance_days - 30
    customer, freelancer = await market.person(), await market.person()
    order = await market.order(customer)
    with pytest.raises(InvalidProposalError):
        await market.proposal(order, freelancer, term_days=17)
    proposal = await market.proposal(order, freelancer, term_days=16)
    with pytest.raises(InvalidProposalError):
        await market.offer(customer, proposal.id, term_days=17)

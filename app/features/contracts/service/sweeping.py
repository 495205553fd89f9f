"""Timers that fire in batches: accepting by silence and the end of security periods, many deals in one transaction.

The outcome is the one of `fire_timer` for each of them. What needs a closer look is left to it.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from app.core.money import Currency
from app.core.unit_of_work import UnitOfWork
from app.features.contracts import rules
from app.features.contracts.repository import DealRepository, DueTimer, SweepRepository
from app.features.contracts.rules import MilestoneEvent, OtherEvent
from app.features.contracts.service import money
from app.features.contracts.service.guards import (
    CAN_FINISH,
    MILESTONE_TIMERS,
    finish,
    lapse_open_change,
    move_milestone,
    record,
)
from app.features.contracts.service.papers import Move, MoveKind, issue_releases
from app.features.ledger import service as ledger
from app.models import Deal, MilestoneStatus, ReleaseKind, TimerKind
from app.models.deal import FINISHED
from app.models.side import Side

MAX_AT_ONCE = 20_000
FIRST_BATCH, LARGEST_BATCH = 25, 200
"""Timers in a transaction."""
SHORT_BATCH, LONG_BATCH = timedelta(milliseconds=80), timedelta(milliseconds=180)
"""Commands on the deals of a batch wait for its end, so a long one is followed by a smaller one."""
MAX_WAIT = timedelta(milliseconds=100)
"""How long a batch waits for a balance which somebody else has locked, while it holds the deals."""


async def due_together(uow: UnitOfWork, kind: TimerKind) -> list[list[UUID]]:
    """Return the timers of a kind that are due, by currency, in the order of their times."""
    found: dict[Currency, list[UUID]] = {}
    for timer_id, currency in await SweepRepository(uow.session).due(kind, MAX_AT_ONCE):
        found.setdefault(currency, []).append(timer_id)
    return list(found.values())


def next_size(size: int, spent: timedelta) -> int:
    """Return how many timers the next batch has, after one of this size took so long."""
    if spent > LONG_BATCH:
        return max(1, size // 2)
    return min(LARGEST_BATCH, size * 2) if spent < SHORT_BATCH else size


async def fire_together(uow: UnitOfWork, kind: TimerKind, timer_ids: Sequence[UUID]) -> int:
    """Fire timers of one kind and currency whose time is over, in one transaction; deals that are locked are skipped.

    Returns:
        How many were dealt with; `fire_timer` deals with the others.

    Raises:
        InsufficientFundsError: An account holds less than would be taken from it. The unit of work must be given up.
    """
    repository = SweepRepository(uow.session)
    await repository.limit_waiting(MAX_WAIT)
    due = await repository.lock(timer_ids)
    fired = await SWEPT_TOGETHER[kind](uow, due) if due else ()
    if fired:
        await repository.end([it.timer for it in fired])
    return len(fired)


async def _mature(uow: UnitOfWork, due: Sequence[DueTimer]) -> Sequence[DueTimer]:
    """End security periods; a release whose money is available already is left as it is."""
    repository = SweepRepository(uow.session)
    timers = {it.timer.subject_id: it for it in due if it.timer.subject_id is not None}
    waiting = {made.id: (timers[made.id], made) for made in await repository.waiting_releases(timers)}
    postings = {key: money.maturing(it, made) for key, (it, made) in waiting.items()}
    await repository.store(made for _it, made in waiting.values())
    txn_ids = await _post(uow, postings)
    for key, (it, made) in waiting.items():
        record(
            uow,
            it,
            OtherEvent.AVAILABLE,
            Side.SYSTEM,
            milestone=it.milestone,
            amount=made.net,
            txn_id=txn_ids.get(key),
        )
    return due


async def _accept(uow: UnitOfWork, due: Sequence[DueTimer]) -> Sequence[DueTimer]:
    """Accept work by silence, where the client was surely told often enough."""
    ready = await _acceptable(uow, due)
    if not ready:
        return ()
    repository = DealRepository(uow.session)
    contract_ids = {it.contract.id for it in ready.values()}
    await repository.cancel_timers(contract_ids, ready, kinds=MILESTONE_TIMERS)
    bonuses = await money.bonuses_before(uow, ready.values())
    amounts, taken, postings = {}, {}, {}
    for key, it in ready.items():
        amounts[key] = money.held(it.milestone)
        move_milestone(it.milestone, MilestoneEvent.ACCEPT_BY_SILENCE, it.now)
        postings[key], taken[key] = money.releasing(it, amounts[key], None, bonuses.get(key, 0))
    await SweepRepository(uow.session).store(it.milestone for it in ready.values())
    txn_ids = await _post(uow, postings)
    made = {
        key: money.begun_security(it, ReleaseKind.SILENCE, amounts[key], taken[key].net) for key, it in ready.items()
    }
    await repository.insert_all(*made.values())
    await repository.add_timers([money.security_timer(it, made[key]) for key, it in ready.items()])
    await _record(uow, ready, amounts, txn_ids)
    moves = [
        (it, Move(MoveKind.RELEASED, it.milestone, amounts[key], ReleaseKind.SILENCE, taken[key]))
        for key, it in ready.items()
    ]
    await issue_releases(uow, moves)
    return list(ready.values())


async def _record(
    uow: UnitOfWork, ready: Mapping[UUID, DueTimer], amounts: Mapping[UUID, int], txn_ids: Mapping[UUID, UUID]
) -> None:
    """Add the lines of the timelines, and close the deals whose last milestone was accepted."""
    last = {it.contract.id: key for key, it in ready.items()}
    repository = DealRepository(uow.session)
    unfinished = await repository.unfinished(last.keys(), FINISHED)
    changing = await repository.with_open_changes(last.keys() - unfinished)
    finished: list[Deal] = []
    for key, it in ready.items():
        record(
            uow,
            it,
            MilestoneEvent.ACCEPT_BY_SILENCE,
            Side.SYSTEM,
            milestone=it.milestone,
            amount=amounts[key],
            txn_id=txn_ids[key],
        )
        contract_id = it.contract.id
        if last[contract_id] == key and contract_id not in unfinished and it.deal.status in CAN_FINISH:
            finish(uow, it)
            finished.append(it.deal)
            if contract_id in changing:
                await lapse_open_change(uow, it)
    await SweepRepository(uow.session).store(finished)


async def _acceptable(uow: UnitOfWork, due: Sequence[DueTimer]) -> dict[UUID, DueTimer]:
    """Return the timers that accept by silence, by milestone."""
    notices = await SweepRepository(uow.session).notices({it.timer.subject_id for it in due if it.timer.subject_id})
    return {
        it.milestone.id: it
        for it in due
        if it.timer.subject_id is not None
        and it.milestone.status is MilestoneStatus.SUBMITTED
        and money.held(it.milestone)
        and rules.may_release_by_silence(notices[it.timer.subject_id])
    }


async def _post(uow: UnitOfWork, postings: Mapping[UUID, ledger.Posting | None]) -> dict[UUID, UUID]:
    """Record postings in one statement; return the transactions of those that move something."""
    given = {key: posting for key, posting in postings.items() if posting is not None}
    posted = await ledger.post_all(uow, list(given.values()))
    return {key: it.txn_id for key, it in zip(given, posted, strict=True)}


SWEPT_TOGETHER: dict[TimerKind, Callable[[UnitOfWork, Sequence[DueTimer]], Awaitable[Sequence[DueTimer]]]] = {
    TimerKind.SECURITY: _mature,
    TimerKind.REVIEW: _accept,
}
"""What is fired in batches: takes locked timers, and returns those that it has dealt with."""

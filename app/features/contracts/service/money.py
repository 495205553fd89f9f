"""Entries of the ledger that milestones make, each in the transaction of the state that it belongs to."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from app.core.actor import Actor
from app.core.ids import new_id
from app.core.money import MAX_AMOUNT, Money
from app.core.unit_of_work import UnitOfWork
from app.features.contracts import rules
from app.features.contracts.repository import DealRepository, LockedDeal, LockedMilestone
from app.features.contracts.service.guards import timer
from app.features.fees import service as fees
from app.features.ledger import service as ledger
from app.models import Deal, Milestone, Release, ReleaseKind, TimerKind


def held(milestone: Milestone) -> int:
    """Return what is held for a milestone, in minor units."""
    return milestone.funded - milestone.released - milestone.refunded


def customer_fee(deal: Deal, amount: int) -> int:
    """Return the customer's fee on an amount that is paid in, in minor units."""
    return fees.total_fee(fees.FeeTerms.from_json(deal.customer_fee), amount)


def fee_change(deal: Deal, milestone: Milestone, change: int) -> int:
    """Return by how much the customer's fee changes with what is paid in for a milestone."""
    before = milestone.funded - milestone.refunded
    return customer_fee(deal, before + change) - customer_fee(deal, before)


async def fund(uow: UnitOfWork, locked: LockedMilestone, actor: Actor | None, amount: int) -> UUID:
    """Pay an amount, and the fee on it, from the customer's wallet into a milestone; return the ledger's entry.

    Raises:
        InsufficientFundsError: The wallet holds less.
    """
    milestone = locked.milestone
    fee = fee_change(locked.deal, milestone, amount)
    milestone.funded += amount
    entry = ledger.templates.fund(
        customer_id=locked.contract.customer_id,
        milestone_id=milestone.id,
        amount=Money(amount, milestone.currency),
        fee=fee,
    )
    return await _post(uow, locked, milestone, entry, "fund", actor)


async def release(
    uow: UnitOfWork, locked: LockedMilestone, amount: int, kind: ReleaseKind, actor: Actor | None
) -> tuple[UUID, fees.ReleaseFees]:
    """Release an amount to the freelancer, whose security period begins; return the ledger's entry and the fees."""
    bonuses = await bonuses_before(uow, [locked])
    posting, parts = releasing(locked, amount, actor, bonuses.get(locked.milestone.id, 0))
    (posted,) = await ledger.post_all(uow, [posting])
    await _begin_security(uow, locked, kind, amount, parts.net)
    return posted.txn_id, parts


def releasing(
    locked: LockedMilestone, amount: int, actor: Actor | None, bonuses: int
) -> tuple[ledger.Posting, fees.ReleaseFees]:
    """Count an amount as released; return what is to be posted, and how it is divided.

    Args:
        locked: The milestone.
        amount: What is released, in minor units.
        actor: Who accepted; None for the system.
        bonuses: What `bonuses_before` says for the milestone.
    """
    milestone = locked.milestone
    own, on_top = _terms(locked.deal)
    before = milestone.released
    milestone.released += amount
    parts = fees.release_fees(own, on_top, before, amount, min(bonuses, MAX_AMOUNT - before - amount))
    entry = ledger.templates.release(
        milestone_id=milestone.id,
        freelancer_id=locked.contract.freelancer_id,
        amount=Money(amount, milestone.currency),
        fee=parts.fee,
        tax=parts.tax,
        customer_fee=parts.customer_fee,
        customer_tax=parts.customer_tax,
    )
    return _posting(locked, milestone, entry, "release", actor), parts


async def bonuses_before(uow: UnitOfWork, milestones: Iterable[LockedMilestone]) -> dict[UUID, int]:
    """Return the sums of the bonuses of milestones, which decide the freelancer's fee; none are read without one."""
    charged = [it.milestone.id for it in milestones if _terms(it.deal)[0] != fees.NO_FEE]
    if not charged:
        return {}
    with uow.session.no_autoflush:  # a milestone that has changed its state is not flushed before its amounts are
        return await DealRepository(uow.session).bonuses(charged)


async def pay_bonus(uow: UnitOfWork, locked: LockedMilestone, amount: int, actor: Actor) -> UUID:
    """Pay more than was agreed from the customer's wallet, with the fees that the deal froze; return the entry.

    Without fees on bonuses the price could be paid as one, and nothing of it to the site.

    Raises:
        InsufficientFundsError: The wallet holds less.
    """
    contract, milestone = locked.contract, locked.milestone
    own, on_top = _terms(locked.deal)
    has_fee = {own, on_top} != {fees.NO_FEE}
    on_top = fees.terms_of_bonuses(on_top, milestone.funded - milestone.refunded)
    bonuses = await DealRepository(uow.session).bonuses([milestone.id]) if has_fee else {}
    before = milestone.released + bonuses.get(milestone.id, 0)
    # More than the greatest amount is in no wallet, so the ledger refuses it below.
    parts = fees.release_fees(own, on_top, min(before, MAX_AMOUNT - amount), amount)
    entry = ledger.templates.bonus(
        customer_id=contract.customer_id,
        freelancer_id=contract.freelancer_id,
        amount=Money(amount, contract.currency),
        fee=parts.fee,
        tax=parts.tax,
        customer_fee=parts.customer_fee,
        customer_tax=parts.customer_tax,
    )
    txn_id = await _post(uow, locked, locked.milestone, entry, "bonus", actor)
    await _begin_security(uow, locked, ReleaseKind.BONUS, amount, parts.net)
    return txn_id


async def refund(uow: UnitOfWork, locked: LockedMilestone, amount: int, actor: Actor | None) -> UUID:
    """Give an amount, and the fee on it that was not earned, back to the customer; return the ledger's entry."""
    milestone = locked.milestone
    fee_rest = -fee_change(locked.deal, milestone, -amount)
    milestone.refunded += amount
    entry = ledger.templates.refund(
        milestone_id=milestone.id,
        customer_id=locked.contract.customer_id,
        amount=Money(amount, milestone.currency),
        fee_rest=fee_rest,
    )
    return await _post(uow, locked, milestone, entry, "refund", actor)


async def mature(uow: UnitOfWork, locked: LockedDeal, release_: Release) -> UUID | None:
    """Make released money available; return the ledger's entry, None where fees took all of it."""
    posting = maturing(locked, release_)
    return (await ledger.post_all(uow, [posting]))[0].txn_id if posting is not None else None


def maturing(locked: LockedDeal, release_: Release) -> ledger.Posting | None:
    """Count released money as available; return what is to be posted, None where fees took all of it."""
    release_.matured_at = locked.now
    if not release_.net:
        return None
    entry = ledger.templates.mature(
        freelancer_id=locked.contract.freelancer_id, amount=Money(release_.net, locked.contract.currency)
    )
    return ledger.Posting(
        entry=entry,
        key=f"mature:{release_.id}",
        contract_id=locked.contract.id,
        milestone_id=release_.milestone_id,
        effective_at=locked.now,
    )


def _terms(deal: Deal) -> tuple[fees.FeeTerms, fees.FeeTerms]:
    """Return the terms of both fees: out of what is released, and on top of what is paid in."""
    return fees.FeeTerms.from_json(deal.freelancer_fee), fees.FeeTerms.from_json(deal.customer_fee)


def begun_security(locked: LockedMilestone, kind: ReleaseKind, amount: int, net: int) -> Release:
    """Return the row of a release that was just posted, whose security period begins."""
    return Release(
        id=new_id(),
        milestone_id=locked.milestone.id,
        number=locked.milestone.postings,
        kind=kind,
        amount=amount,
        net=net,
        released_at=locked.now,
        available_at=locked.now + rules.duration(locked.deal.settings, "security_days"),
    )


def security_timer(locked: LockedMilestone, made: Release) -> dict[str, Any]:
    """Return the row of the timer that ends the security period of a release."""
    return timer(locked, TimerKind.SECURITY, made.available_at, milestone=locked.milestone, subject_id=made.id)


async def _begin_security(uow: UnitOfWork, locked: LockedMilestone, kind: ReleaseKind, amount: int, net: int) -> None:
    """Record a release and begin its security period, which ends with the next sweep where the deal has none."""
    made = begun_security(locked, kind, amount, net)
    repository = DealRepository(uow.session)
    await repository.insert_all(made)
    await repository.add_timers([security_timer(locked, made)])


async def _post(
    uow: UnitOfWork, locked: LockedDeal, milestone: Milestone, entry: ledger.Entry, name: str, actor: Actor | None
) -> UUID:
    """Post an entry under the next number of the milestone."""
    (posted,) = await ledger.post_all(uow, [_posting(locked, milestone, entry, name, actor)])
    return posted.txn_id


def _posting(
    locked: LockedDeal, milestone: Milestone, entry: ledger.Entry, name: str, actor: Actor | None
) -> ledger.Posting:
    """Return what is to be posted under the next number of the milestone."""
    milestone.postings += 1
    return ledger.Posting(
        entry=entry,
        key=f"{name}:{milestone.id}:{milestone.postings}",
        contract_id=locked.contract.id,
        milestone_id=milestone.id,
        actor_id=actor.id if actor is not None else None,
        effective_at=locked.now,
    )

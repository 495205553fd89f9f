"""Use cases that answer terms: accept, decline, propose others, withdraw, and what the clock and bans do."""

from uuid import UUID

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.unit_of_work import UnitOfWork
from app.features.contracts import service as contracts
from app.features.hiring import rules
from app.features.hiring.errors import DirectDealPersonGoneError
from app.features.hiring.events import (
    DirectDealAccepted,
    DirectDealDeclined,
    DirectDealExpired,
    DirectDealOffered,
    DirectDealWithdrawn,
)
from app.features.hiring.repository import DirectDealRepository
from app.features.hiring.rules import DirectDealEvent
from app.features.hiring.schemas import DirectDealAccept, DirectDealCounter, DirectDealDecline
from app.features.hiring.service.guards import lock_for, raise_if_errors, set_status, terms_row, validate
from app.features.identity import service as identity
from app.features.proposals import service as proposals
from app.models import DirectDeal, DirectDealStatus, DirectDealTerms
from app.models.side import Side

BATCH = 100


async def accept(uow: UnitOfWork, actor: Actor, deal_id: UUID, command: DirectDealAccept) -> DirectDeal:
    """Accept the terms: the contract and its safe deal begin in the same transaction. Emits `DirectDealAccepted`.

    Of several people with the link, the first one is bound to the deal, because its row is locked.

    Raises:
        DirectDealNotFoundError: The actor is not one of its people and has no valid link.
        DirectDealStateError: It is decided, or its time is over.
        WrongTurnError: The actor made the terms.
        DirectDealChangedError: `version` is not the current one.
        DirectDealPersonGoneError: The account of the other person is closed or blocked.
    """
    locked = await lock_for(uow, actor, deal_id, command.key)
    deal = locked.deal
    target = locked.target(DirectDealEvent.ACCEPT)
    locked.check_version(command.version)
    maker_id = _maker(deal)
    if maker_id is None or not await identity.is_active(uow.session, maker_id):
        raise DirectDealPersonGoneError
    terms = await DirectDealRepository(uow.session).terms(deal.id, deal.version)
    customer_id, freelancer_id = _parties(deal, actor)
    checklists = [list(part["checklist"]) for part in terms.milestones]
    contract = await contracts.accept_direct(uow, customer_id, freelancer_id, _agreed(terms), checklists)
    # One UPDATE, after all that flushes: an accepted deal has a contract.
    set_status(deal, target, locked.now)
    locked.bind(actor)
    deal.contract_id = contract.id
    uow.emit(
        DirectDealAccepted(
            deal_id=str(deal.id), maker_id=str(maker_id), reader_id=str(actor.id), contract_id=str(contract.id)
        )
    )
    return deal


async def decline(uow: UnitOfWork, actor: Actor, deal_id: UUID, command: DirectDealDecline) -> DirectDeal:
    """Decline the terms. Emits `DirectDealDeclined`. Errors are those of `accept`."""
    locked = await lock_for(uow, actor, deal_id, command.key)
    maker_id = _maker(locked.deal)
    locked.move(DirectDealEvent.DECLINE)
    locked.bind(actor)
    locked.deal.note = command.note or None
    uow.emit(DirectDealDeclined(deal_id=str(deal_id), maker_id=str(maker_id or ""), reader_id=str(actor.id)))
    return locked.deal


async def counter(uow: UnitOfWork, actor: Actor, deal_id: UUID, command: DirectDealCounter) -> DirectDeal:
    """Answer with other terms, which wait for the other person from now on. Emits `DirectDealOffered`.

    Raises:
        InvalidDirectDealError: Some of the fields are invalid.
        TooManyTriesError: The actor has answered too often within an hour.
    """
    settings = uow.resources.settings
    raise_if_errors(validate(settings, command))
    await uow.resources.limiter.hit(rules.ANSWERED_BY_ACCOUNT, str(actor.id))
    locked = await lock_for(uow, actor, deal_id, command.key)
    deal = locked.deal
    locked.require_open()
    locked.check_version(command.version)
    reader_id = _maker(deal)
    locked.move(DirectDealEvent.COUNTER)
    locked.bind(actor)
    deal.version += 1
    deal.expires_at = rules.expiry(locked.now, settings.direct_deal_days)
    await DirectDealRepository(uow.session).add_terms(terms_row(deal, locked.side, command, locked.now))
    uow.emit(DirectDealOffered(deal_id=str(deal_id), maker_id=str(actor.id), reader_id=str(reader_id or "")))
    return deal


async def withdraw(uow: UnitOfWork, actor: Actor, deal_id: UUID) -> DirectDeal:
    """Withdraw one's own terms. Emits `DirectDealWithdrawn`."""
    locked = await lock_for(uow, actor, deal_id)
    locked.move(DirectDealEvent.WITHDRAW)
    _announce_withdrawal(uow, locked.deal, actor.id)
    return locked.deal


async def expire(uow: UnitOfWork) -> int:
    """Close one batch of direct deals that were not answered in time. Emits `DirectDealExpired` for each."""
    now = utc_now()
    over = await DirectDealRepository(uow.session).lock_over(now, BATCH)
    for deal in over:
        uow.emit(DirectDealExpired(deal_id=str(deal.id), maker_id=str(_maker(deal) or "")))
        set_status(deal, DirectDealStatus.EXPIRED, now)
    return len(over)


async def end_deals_of(uow: UnitOfWork, user_id: UUID) -> int:
    """Withdraw one batch of the open direct deals of an account that is not active any more.

    Emits `DirectDealWithdrawn` for each.
    """
    if await identity.is_active(uow.session, user_id):
        return 0
    found = await DirectDealRepository(uow.session).lock_open_of(user_id, BATCH)
    for deal in found:
        set_status(deal, DirectDealStatus.WITHDRAWN, utc_now())
        _announce_withdrawal(uow, deal, user_id)
    return len(found)


def _announce_withdrawal(uow: UnitOfWork, deal: DirectDeal, by: UUID) -> None:
    reader = deal.other_id if by == deal.author_id else deal.author_id
    shown = reader if not deal.muted else None
    uow.emit(DirectDealWithdrawn(deal_id=str(deal.id), maker_id=str(by), reader_id=str(shown or "")))


def _maker(deal: DirectDeal) -> UUID | None:
    """Return who made the terms that wait for an answer."""
    author_waits = deal.status is rules.waits_for(rules.opposite(deal.author_side))
    return deal.author_id if author_waits else deal.other_id


def _parties(deal: DirectDeal, actor: Actor) -> tuple[UUID, UUID]:
    """Return the client and the freelancer of a deal that is bound to the actor if it was not bound before."""
    other = deal.other_id or actor.id
    return (deal.author_id, other) if deal.author_side is Side.CUSTOMER else (other, deal.author_id)


def _agreed(terms: DirectDealTerms) -> proposals.DirectTerms:
    parts = [{name: part[name] for name in ("title", "amount", "days")} for part in terms.milestones]
    return proposals.DirectTerms(
        made_by=terms.made_by,
        made_at=terms.made_at,
        title=terms.title,
        description=terms.description,
        currency=terms.currency,
        message=terms.message,
        milestones=parts,
    )

"""Direct deals as their people read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.config import Settings
from app.core.pagination import Slice, encode_cursor, last_id
from app.features.contracts import service as contracts
from app.features.hiring import policy, rules
from app.features.hiring.errors import DirectDealNotFoundError
from app.features.hiring.repository import DirectDealRepository, DirectDealRow
from app.features.hiring.rules import DIRECT_DEAL_MACHINE
from app.features.hiring.schemas import (
    DealMilestone,
    DirectDealRead,
    DirectDealState,
    DirectDealSummary,
    TermsRead,
)
from app.features.hiring.service.links import link_of, opens
from app.features.moderation.service import detect_contacts
from app.features.orders.schemas import PersonRead
from app.models import DirectDeal, DirectDealTerms
from app.models.side import Side


@dataclass(frozen=True, slots=True)
class TextsOfOther:
    """What one of the two people of a direct deal wrote."""

    person_id: UUID
    title: str
    texts: list[str]


@dataclass(frozen=True, slots=True)
class MailedInvitation:
    """What an invitation by e-mail contains: no text that its author chose."""

    to: str
    link: str
    author: str
    side: Side
    """The side that the reader is invited to take."""


async def get_direct_deal(
    session: AsyncSession, settings: Settings, actor: Actor | None, deal_id: UUID, key: str | None = None
) -> DirectDealRead:
    """Return a direct deal to one of its people, or to whoever has its link, also without an account.

    Raises:
        DirectDealNotFoundError: It does not exist, or is not the reader's to see.
    """
    repository = DirectDealRepository(session)
    row = await repository.get(deal_id)
    side = None if row is None else _side(settings, actor, row.deal, key)
    if row is None or side is None:
        raise DirectDealNotFoundError
    deal, terms = row.deal, row.terms
    before = await repository.terms_before(deal.id, deal.version) if deal.version > 1 else ()
    amounts = [int(part["amount"]) for part in terms.milestones]
    parties = _known_parties(deal, actor)
    fees = await contracts.estimate_fees(session, *parties, terms.currency, amounts)
    return DirectDealRead(
        id=deal.id,
        side=side,
        **_people(settings, actor, row),
        status=deal.status,
        version=deal.version,
        terms=_terms(terms),
        earlier=[_terms(one) for one in before],
        customer_fee=fees.customer_fee,
        freelancer_fee=fees.freelancer_fee,
        contacts=[] if terms.made_by is side else detect_contacts(_words(terms)),
        note=deal.note,
        contract_id=deal.contract_id,
        created_at=deal.created_at,
        expires_at=deal.expires_at,
        decided_at=deal.decided_at,
        actions=_actions(deal, side),
    )


def _people(settings: Settings, actor: Actor | None, row: DirectDealRow) -> dict[str, Any]:
    """Return who takes part, and what only the author sees: the address and the link."""
    deal = row.deal
    is_author = actor is not None and actor.id == deal.author_id
    can_share = is_author and deal.other_id is None and rules.is_open(deal, utc_now())
    return {
        "is_author": is_author,
        "author": PersonRead(id=deal.author_id, name=row.author),
        "other": PersonRead(id=deal.other_id, name=row.other) if deal.other_id and row.other else None,
        "email": deal.email if is_author else None,
        "link": link_of(settings, deal) if can_share else None,
    }


async def texts_of_other(
    session: AsyncSession, settings: Settings, actor: Actor, deal_id: UUID, key: str | None = None
) -> TextsOfOther:
    """Return what the other person wrote in a direct deal, the newest terms first, for a report.

    Raises:
        DirectDealNotFoundError: It does not exist, is not the actor's to see, or the other person wrote nothing.
    """
    repository = DirectDealRepository(session)
    row = await repository.get(deal_id)
    side = None if row is None else _side(settings, actor, row.deal, key)
    if row is None or side is None:
        raise DirectDealNotFoundError
    deal = row.deal
    is_author = actor.id == deal.author_id
    other = deal.other_id if is_author else deal.author_id
    every = [row.terms, *await repository.terms_before(deal.id, deal.version)]
    texts = _texts_of_side(every, rules.opposite(side), deal.note if is_author else None)
    if other is None or not texts:
        raise DirectDealNotFoundError
    return TextsOfOther(other, row.terms.title, texts)


async def list_direct_deals(
    session: AsyncSession, actor: Actor, cursor: str | None, limit: int
) -> Slice[DirectDealSummary]:
    """Return the direct deals that the actor made or received, newest first."""
    rows = await DirectDealRepository(session).of_person(actor.id, limit + 1, last_id(cursor))
    items = [_summary(actor, row) for row in rows[:limit]]
    return Slice(items, encode_cursor(items[-1].id) if len(rows) > limit else None)


async def mailed_invitation(session: AsyncSession, settings: Settings, deal_id: UUID) -> MailedInvitation | None:
    """Return what to send to the address of a direct deal; None once it is answered, withdrawn or over."""
    row = await DirectDealRepository(session).get(deal_id)
    if row is None or row.deal.email is None or row.deal.other_id is not None or not rules.is_open(row.deal, utc_now()):
        return None
    side = rules.opposite(row.deal.author_side)
    return MailedInvitation(row.deal.email, link_of(settings, row.deal), row.author, side)


def read_direct_deal(deal: DirectDeal) -> DirectDealState:
    """Return a direct deal after an action."""
    return DirectDealState(id=deal.id, status=deal.status, version=deal.version, contract_id=deal.contract_id)


def _side(settings: Settings, actor: Actor | None, deal: DirectDeal, key: str | None) -> Side | None:
    return policy.side_of(actor, deal, has_key=opens(settings, deal, key, utc_now()))


def _actions(deal: DirectDeal, side: Side) -> list[str]:
    if not rules.is_open(deal, utc_now()):
        return []
    return [event.value for event in DIRECT_DEAL_MACHINE.events(deal.status, side)]


def _known_parties(deal: DirectDeal, actor: Actor | None) -> tuple[UUID | None, UUID | None]:
    """Return the client and the freelancer as far as they are known; who reads by the link counts as one."""
    reader = actor.id if actor is not None and actor.id != deal.author_id else None
    other = deal.other_id or reader
    return (deal.author_id, other) if deal.author_side is Side.CUSTOMER else (other, deal.author_id)


def _words(terms: DirectDealTerms) -> str:
    lines = [line for part in terms.milestones for line in (part["title"], *part["checklist"])]
    return "\n".join((terms.title, terms.description, terms.message, *lines))


def _texts_of_side(every: Sequence[DirectDealTerms], side: Side, note: str | None) -> list[str]:
    """Return the note of who declined, if any, and the texts of all terms that a side proposed."""
    return [*filter(None, [note]), *(_words(terms) for terms in every if terms.made_by is side)]


def _terms(terms: DirectDealTerms) -> TermsRead:
    return TermsRead(
        version=terms.number,
        made_by=terms.made_by,
        title=terms.title,
        description=terms.description,
        currency=terms.currency,
        price=sum(part["amount"] for part in terms.milestones),
        term_days=sum(part["days"] for part in terms.milestones),
        milestones=[DealMilestone.model_validate(part) for part in terms.milestones],
        message=terms.message,
        made_at=terms.made_at,
    )


def _summary(actor: Actor, row: DirectDealRow) -> DirectDealSummary:
    deal, terms = row.deal, row.terms
    is_author = deal.author_id == actor.id
    side = deal.author_side if is_author else rules.opposite(deal.author_side)
    is_open = rules.is_open(deal, utc_now())
    return DirectDealSummary(
        id=deal.id,
        title=terms.title,
        other=row.other if is_author else row.author,
        is_author=is_author,
        status=deal.status,
        price=sum(part["amount"] for part in terms.milestones),
        currency=terms.currency,
        expires_at=deal.expires_at,
        is_open=is_open,
        waits_for_reader=is_open and deal.status is rules.waits_for(side),
        contract_id=deal.contract_id,
    )

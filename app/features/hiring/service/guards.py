"""Locks, checks and rows shared by the use cases of direct deals."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.config import Settings
from app.core.errors import FieldError
from app.core.unit_of_work import UnitOfWork
from app.features.hiring import policy, rules
from app.features.hiring.errors import (
    DirectDealChangedError,
    DirectDealNotFoundError,
    DirectDealStateError,
    InvalidDirectDealError,
    WrongTurnError,
)
from app.features.hiring.repository import DirectDealRepository
from app.features.hiring.rules import DIRECT_DEAL_MACHINE, DirectDealEvent
from app.features.hiring.schemas import DealTerms
from app.features.hiring.service.links import opens
from app.features.proposals import service as proposals
from app.models import DirectDeal, DirectDealStatus, DirectDealTerms
from app.models.side import Side


@dataclass(frozen=True, slots=True)
class LockedDirectDeal:
    """A direct deal that is locked until the transaction ends, and the side of the actor."""

    deal: DirectDeal
    side: Side
    now: datetime

    def require_open(self) -> None:
        """Refuse what needs an open deal.

        Raises:
            DirectDealStateError: It is decided, or its time is over.
        """
        if not rules.is_open(self.deal, self.now):
            raise DirectDealStateError

    def move(self, event: DirectDealEvent) -> None:
        """Move the deal along an arrow of its machine; errors are those of `target`."""
        set_status(self.deal, self.target(event), self.now)

    def target(self, event: DirectDealEvent) -> DirectDealStatus:
        """Return the state that an event of the actor leads to.

        Raises:
            DirectDealStateError: It is decided, or its time is over.
            WrongTurnError: The event belongs to the other side.
        """
        self.require_open()
        target = DIRECT_DEAL_MACHINE.target(self.deal.status, event)
        if target is None or event not in DIRECT_DEAL_MACHINE.events(self.deal.status, self.side):
            raise WrongTurnError
        return target

    def bind(self, actor: Actor) -> None:
        """Bind the deal to the person who answers by its link; it opens for nobody else from then on."""
        if actor.id != self.deal.author_id and self.deal.other_id is None:
            self.deal.other_id = actor.id

    def check_version(self, version: int) -> None:
        """Refuse an answer to terms that were replaced.

        Raises:
            DirectDealChangedError: `version` is not the current one.
        """
        if version != self.deal.version:
            raise DirectDealChangedError


async def lock_for(uow: UnitOfWork, actor: Actor, deal_id: UUID, key: str | None = None) -> LockedDirectDeal:
    """Lock a direct deal for one of its people, or for who has its link.

    Raises:
        DirectDealNotFoundError: It does not exist, or the actor is not one of its people and has no valid link.
    """
    deal = await DirectDealRepository(uow.session).lock(deal_id)
    now = utc_now()
    if deal is None:
        raise DirectDealNotFoundError
    has_key = opens(uow.resources.settings, deal, key, now)
    side = policy.side_of(actor, deal, has_key=has_key)
    if side is None:
        raise DirectDealNotFoundError
    return LockedDirectDeal(deal, side, now)


def set_status(deal: DirectDeal, target: DirectDealStatus, now: datetime) -> None:
    """Set the state of a locked deal; once it is decided, the address that it was sent to is deleted."""
    deal.status = target
    if DIRECT_DEAL_MACHINE.is_end(target):
        deal.decided_at = now
        deal.email = None


def validate(settings: Settings, terms: DealTerms) -> list[FieldError]:
    """Return the errors of terms, also against what this instance can hold money for."""
    days = sum(part.days for part in terms.milestones)
    longest = settings.max_milestone_days
    return rules.validate_terms(terms) + proposals.validate_holding(terms.milestones, days, longest)


def raise_if_errors(errors: list[FieldError]) -> None:
    """Raise `InvalidDirectDealError` with all errors, if there are any."""
    if errors:
        raise InvalidDirectDealError(errors=errors)


def terms_row(deal: DirectDeal, side: Side, terms: DealTerms, now: datetime) -> DirectDealTerms:
    """Return the row of terms; a milestone without a checklist gets its title as the only line."""
    return DirectDealTerms(
        deal_id=deal.id,
        number=deal.version,
        made_by=side,
        title=terms.title,
        description=terms.description,
        currency=terms.currency,
        milestones=[part.model_dump() | {"checklist": part.checklist or [part.title]} for part in terms.milestones],
        message=terms.message,
        made_at=now,
    )

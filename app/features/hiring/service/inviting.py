"""Use cases of the person who invites: propose terms to somebody, and replace the link."""

from datetime import datetime
from uuid import UUID

from app.core import account_names
from app.core.account_names import InvalidValue
from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.errors import FieldError
from app.core.i18n import N_
from app.core.ids import new_id
from app.core.unit_of_work import UnitOfWork
from app.features.hiring import rules
from app.features.hiring.errors import (
    DirectDealStateError,
    InvalidDirectDealError,
    TooManyDirectDealsError,
    TooManyMailedInvitationsError,
)
from app.features.hiring.events import DirectDealOffered
from app.features.hiring.repository import DirectDealRepository
from app.features.hiring.schemas import DealTerms, DirectDealCreate
from app.features.hiring.service.guards import lock_for, raise_if_errors, terms_row, validate
from app.features.hiring.service.links import address_counter
from app.features.identity import service as identity
from app.features.profiles import service as profiles
from app.models import DirectDeal
from app.models.side import Side

_YOURSELF = N_("This is you. Invite somebody else.")


async def invite(uow: UnitOfWork, actor: Actor, command: DirectDealCreate) -> DirectDeal:
    """Propose terms to one person: by user name, by e-mail, or to whoever gets the link. Emits `DirectDealOffered`.

    A freelancer who has hidden the client does not receive the invitation, and the client does not learn that.

    Raises:
        ContactNotConfirmedError: The account has no confirmed e-mail address or phone number.
        InvalidDirectDealError: Some of the fields are invalid.
        PersonNotFoundError: Nobody has this user name.
        TooManyTriesError: The actor has proposed too many deals within an hour.
        TooManyDirectDealsError: The actor has invited too many people within a day.
        TooManyMailedInvitationsError: Too many e-mails, of the actor or to the address.
    """
    identity.require_confirmed(actor)
    settings = uow.resources.settings
    raise_if_errors(validate(settings, command))
    address = _address(uow, command)
    await uow.resources.limiter.hit(rules.CREATED_BY_ACCOUNT, str(actor.id))
    now = utc_now()
    deal = DirectDeal(
        id=new_id(),
        author_id=actor.id,
        author_side=Side(command.side),
        muted=False,
        link_number=1,
        status=rules.waits_for(rules.opposite(Side(command.side))),
        version=1,
        created_at=now,
        expires_at=rules.expiry(now, command.answer_days or settings.direct_deal_days),
    )
    if command.username:
        await _invite_by_name(uow, deal, command.username)
    await _check_pace(uow, actor, address)
    if address is not None:
        deal.email, deal.mailed_at = address.shown, now
    await _insert(uow, deal, command, now)
    return deal


async def renew_link(uow: UnitOfWork, actor: Actor, deal_id: UUID) -> DirectDeal:
    """Replace the link of a direct deal: the earlier one opens nothing from then on.

    Raises:
        DirectDealNotFoundError: The actor did not make it.
        DirectDealStateError: It is decided, or somebody is bound to it already.
    """
    locked = await lock_for(uow, actor, deal_id)
    if locked.deal.author_id != actor.id or locked.deal.other_id is not None:
        raise DirectDealStateError
    locked.require_open()
    locked.deal.link_number += 1
    return locked.deal


def _address(uow: UnitOfWork, command: DirectDealCreate) -> account_names.Canonical | None:
    """Return the address to send the link to.

    Raises:
        InvalidDirectDealError: It is not one, cannot receive mail, or a user name is given too.
    """
    if not command.email.strip():
        return None
    if command.username.strip():
        raise InvalidDirectDealError(errors=[FieldError(("body", "email"), N_("Name the person in one way only."))])
    try:
        found = account_names.email(command.email, allow_reserved=uow.resources.settings.environment != "production")
    except InvalidValue as wrong:
        raise InvalidDirectDealError(errors=[wrong.error]) from wrong
    if account_names.has_unicode_mailbox(found.shown):
        text = N_("We cannot send to this address. Invite by a link, and send it yourself.")
        raise InvalidDirectDealError(errors=[FieldError(("body", "email"), text)])
    return found


async def _invite_by_name(uow: UnitOfWork, deal: DirectDeal, username: str) -> None:
    person = await profiles.find_person(uow.session, username.strip().removeprefix("@"))
    if person.id == deal.author_id:
        raise InvalidDirectDealError(errors=[FieldError(("body", "username"), _YOURSELF)])
    deal.other_id = person.id
    if deal.author_side is Side.CUSTOMER:
        deal.muted = await DirectDealRepository(uow.session).is_hidden(person.id, deal.author_id)


async def _check_pace(uow: UnitOfWork, actor: Actor, address: account_names.Canonical | None) -> None:
    settings, repository = uow.resources.settings, DirectDealRepository(uow.session)
    if address is not None and not await uow.resources.limiter.allows(
        rules.MAILED_TO_ADDRESS, address_counter(settings, address.key)
    ):
        raise TooManyMailedInvitationsError(retry_after=None)
    await repository.lock_author(actor.id)
    usual, starting = settings.direct_deals_per_day, settings.new_account_direct_deals_per_day
    limit = await identity.daily_limit(uow.session, settings, actor.id, usual=usual, starting=starting)
    limit.check(await repository.nth_latest_at(actor.id, limit.times, limit.since), TooManyDirectDealsError)
    if address is not None:
        times = min(settings.direct_deal_mails_per_day, limit.times)
        if await repository.nth_latest_mailed_at(actor.id, times, limit.since) is not None:
            raise TooManyMailedInvitationsError(retry_after=None)


async def _insert(uow: UnitOfWork, deal: DirectDeal, terms: DealTerms, now: datetime) -> None:
    await DirectDealRepository(uow.session).insert(deal, terms_row(deal, deal.author_side, terms, now))
    reader = deal.other_id if not deal.muted else None
    uow.emit(
        DirectDealOffered(
            deal_id=str(deal.id),
            maker_id=str(deal.author_id),
            reader_id=str(reader or ""),
            mailed=deal.email is not None,
        )
    )

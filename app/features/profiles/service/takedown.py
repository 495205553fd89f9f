"""Taking down and restoring profiles and single works of a portfolio, by the operator."""

from datetime import datetime
from uuid import UUID

from app.core.actor import Actor
from app.core.audit import record_audit
from app.core.clock import utc_now
from app.core.unit_of_work import UnitOfWork
from app.features.files import service as files
from app.features.files.schemas import Subject
from app.features.profiles.errors import PortfolioItemNotFoundError, ProfileTakedownStateError
from app.features.profiles.events import ProfileRestored, ProfileTakenDown
from app.features.profiles.repository import ProfileRepository
from app.features.profiles.service.own_profile import find_person, portfolio_subject
from app.features.profiles.service.photos import photo_subject
from app.models import PortfolioItem, Profile


async def take_down_profile(uow: UnitOfWork, actor: Actor, username: str, *, reason: str) -> str:
    """Take a profile down and return its owner's user name. Emits `ProfileTakenDown`.

    Others find nothing at its address, it is not listed, and cards of the person show no photo and no headline. Its
    owner reads why, and goes on using the account.

    Raises:
        PersonNotFoundError: There is no active account of this name.
        ProfileTakedownStateError: It was taken down already.
    """
    user_id, username, profile = await _locked(uow, username)
    _require_shown(profile)
    moment = utc_now()
    profile.taken_down_at, profile.takedown_reason = moment, reason
    profile.listed = False
    for subject in await _subjects(uow, user_id):
        await files.take_down_attached(uow, actor, subject, moment, reason=reason)
    record_audit(uow.session, actor, "profile.take_down", user_id, new={"taken_down": True}, reason=reason)
    uow.emit(ProfileTakenDown(owner_id=str(user_id), work="", reason=reason))
    return username


async def restore_profile(uow: UnitOfWork, actor: Actor, username: str, *, reason: str = "") -> str:
    """Restore a profile and return its owner's user name; it is listed again if it was. Emits `ProfileRestored`.

    Raises:
        PersonNotFoundError: There is no active account of this name.
        ProfileTakedownStateError: It was not taken down.
    """
    user_id, username, profile = await _locked(uow, username)
    moment = _require_taken_down(profile)
    profile.taken_down_at = profile.takedown_reason = None
    profile.listed = profile.listed_at is not None
    for subject in await _subjects(uow, user_id):
        await files.restore_attached(uow, actor, subject, moment, reason=reason)
    record_audit(uow.session, actor, "profile.restore", user_id, new={"taken_down": False}, reason=reason)
    uow.emit(ProfileRestored(owner_id=str(user_id), work=""))
    return username


async def take_down_work(uow: UnitOfWork, actor: Actor, username: str, number: int, *, reason: str) -> str:
    """Take one work of a portfolio down with its files, and return its title. Emits `ProfileTakenDown`.

    Args:
        uow: The unit of work.
        actor: The operator.
        username: The user name of the owner.
        number: The place of the work in the portfolio as its owner sees it, from 1.
        reason: Why; the owner reads it.

    Raises:
        PersonNotFoundError: There is no active account of this name.
        PortfolioItemNotFoundError: The portfolio has no such work.
        ProfileTakedownStateError: It was taken down already.
    """
    user_id, item = await _work(uow, username, number)
    _require_shown(item)
    moment = utc_now()
    item.taken_down_at, item.takedown_reason = moment, reason
    await files.take_down_attached(uow, actor, portfolio_subject(item.id), moment, reason=reason)
    record_audit(uow.session, actor, "work.take_down", item.id, new={"taken_down": True}, reason=reason)
    uow.emit(ProfileTakenDown(owner_id=str(user_id), work=item.title, reason=reason))
    return item.title


async def restore_work(uow: UnitOfWork, actor: Actor, username: str, number: int, *, reason: str = "") -> str:
    """Restore one work of a portfolio with its files, and return its title. Emits `ProfileRestored`.

    Raises:
        PersonNotFoundError: There is no active account of this name.
        PortfolioItemNotFoundError: The portfolio has no such work.
        ProfileTakedownStateError: It was not taken down.
    """
    user_id, item = await _work(uow, username, number)
    moment = _require_taken_down(item)
    item.taken_down_at = item.takedown_reason = None
    await files.restore_attached(uow, actor, portfolio_subject(item.id), moment, reason=reason)
    record_audit(uow.session, actor, "work.restore", item.id, new={"taken_down": False}, reason=reason)
    uow.emit(ProfileRestored(owner_id=str(user_id), work=item.title))
    return item.title


async def _locked(uow: UnitOfWork, username: str) -> tuple[UUID, str, Profile]:
    person = await find_person(uow.session, username)
    return person.id, person.username, await ProfileRepository(uow.session).get_for_update(person.id)


async def _work(uow: UnitOfWork, username: str, number: int) -> tuple[UUID, PortfolioItem]:
    user_id, _username, _profile = await _locked(uow, username)
    items = await ProfileRepository(uow.session).portfolio(user_id)
    if not 1 <= number <= len(items):
        raise PortfolioItemNotFoundError
    return user_id, items[number - 1]


async def _subjects(uow: UnitOfWork, user_id: UUID) -> list[Subject]:
    works = await ProfileRepository(uow.session).portfolio(user_id)
    return [photo_subject(user_id), *(portfolio_subject(work.id) for work in works)]


def _require_shown(thing: Profile | PortfolioItem) -> None:
    if thing.taken_down_at is not None:
        raise ProfileTakedownStateError


def _require_taken_down(thing: Profile | PortfolioItem) -> datetime:
    """Return when it was taken down: files with the same time were taken down with it."""
    if thing.taken_down_at is None:
        raise ProfileTakedownStateError
    return thing.taken_down_at

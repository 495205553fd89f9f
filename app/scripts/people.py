"""What an operator does to somebody's account from the command line; each returns the sentence that says what is so."""

from collections.abc import Awaitable, Callable

from app.core.config import Settings
from app.core.resources import Resources, open_resources
from app.core.unit_of_work import UnitOfWork, unit_of_work
from app.features.identity import service as identity
from app.features.identity.service import Caller, Person
from app.local.embedded import ServerAddresses
from app.models.user import UserStatus

LONGEST_REASON = 500
type Act = Callable[[UnitOfWork, Person], Awaitable[str]]


class PersonError(Exception):
    """The command cannot do it to this account; the message says why."""


async def do(settings: Settings, servers: ServerAddresses, typed: str, act: Act) -> str:
    """Do one of the acts below to the person of this user name, address or number.

    Raises:
        PersonError: Nobody has this name, or the act is not for this account.
    """
    async with open_resources(settings, database_url=servers.database_url, redis_url=servers.redis_url) as resources:
        return await do_with(resources, typed, act)


async def do_with(resources: Resources, typed: str, act: Act) -> str:
    """Do it with what is open already.

    Raises:
        PersonError: Nobody has this name, or the act is not for this account.
    """
    async with resources.read_sessions() as session:
        person = await identity.find_person(session, typed, resources.settings.phone_region)
    if person is None:
        raise PersonError(f"Nobody has the user name, e-mail address or phone number {typed}.")
    async with unit_of_work(resources) as uow:
        return await act(uow, person)


async def end_sessions(uow: UnitOfWork, person: Person) -> str:
    """Sign the person out everywhere."""
    ended = await identity.end_every_session(uow, person.id, Caller())
    return f"{person.username} is signed out everywhere ({_sessions(ended)} ended)."


async def ban(uow: UnitOfWork, person: Person, *, reason: str) -> str:
    """Close the door to the account until the ban is lifted.

    Raises:
        PersonError: It is banned already, or no reason was given.
    """
    said = " ".join(reason.split())
    if not 1 <= len(said) <= LONGEST_REASON:
        raise PersonError(f"Say why in 1 to {LONGEST_REASON} characters: the person is told it by mail.")
    ended = await identity.ban(uow, person.id, Caller(), reason=said)
    if ended is None:
        raise PersonError(f"{person.username} is banned already.")
    return f"{person.username} is banned: {_sessions(ended)} ended, and nobody signs in to the account any more."


async def unban(uow: UnitOfWork, person: Person) -> str:
    """Lift the ban.

    Raises:
        PersonError: The account is not banned.
    """
    status = await identity.lift_ban(uow, person.id, Caller())
    if status is None:
        raise PersonError(f"{person.username} is not banned.")
    if status is UserStatus.DEACTIVATED:
        return f"The ban of {person.username} is lifted; the account stays closed, as its owner left it."
    return f"The ban of {person.username} is lifted; they may sign in again."


def _sessions(count: int) -> str:
    return "1 session" if count == 1 else f"{count} sessions"

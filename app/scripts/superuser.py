"""Makes an administrator: of an account that exists, or by making one."""

from app.core.config import Settings
from app.core.resources import Resources, open_resources
from app.core.unit_of_work import unit_of_work
from app.features.identity import service as identity
from app.features.identity.schemas import Registration
from app.features.identity.service import Caller
from app.local.embedded import ServerAddresses
from app.models.user import Role, UserStatus
from app.scripts.people import PersonError


async def appoint(settings: Settings, servers: ServerAddresses, username: str) -> bool:
    """Make the account an administrator's; False when nobody has this name.

    Raises:
        PersonError: Nobody can sign in to the account.
    """
    async with open_resources(settings, database_url=servers.database_url, redis_url=servers.redis_url) as resources:
        return await appoint_with(resources, username)


async def appoint_with(resources: Resources, username: str) -> bool:
    """Do it with what is open already.

    Raises:
        PersonError: Nobody can sign in to the account.
    """
    async with resources.read_sessions() as session:
        found = await identity.find_named(session, username)
    if found is None:
        return False
    if found.status is UserStatus.DEACTIVATED:
        raise PersonError(f"{found.username} was closed by its owner, and such a name is never given again.")
    if found.status is UserStatus.BANNED:
        raise PersonError(f"{found.username} is banned: lift it first with `python -m app unban {found.username}`.")
    async with unit_of_work(resources) as uow:
        await identity.set_role(uow, found.id, Role.ADMIN, Caller())
    return True


async def create(settings: Settings, servers: ServerAddresses, username: str, email: str, password: str) -> None:
    """Make a new account with this role; an operator may take a reserved name.

    Raises:
        DomainError: The name, the address or the password cannot be accepted.
    """
    form = Registration(username=username, email=email, password=password)
    async with open_resources(settings, database_url=servers.database_url, redis_url=servers.redis_url) as resources:
        account = await identity.prepare(resources, form, Caller(), allow_reserved=True)
        async with unit_of_work(resources) as uow:
            await identity.create_account(uow, account, role=Role.ADMIN)

"""Makes an administrator: of an account that exists, or by making one."""

from app.core.actor import Role
from app.core.config import Settings
from app.core.embedded import ServerAddresses
from app.core.resources import open_resources
from app.core.uow import unit_of_work
from app.features.identity import service as identity
from app.features.identity.schemas import Registration
from app.features.identity.service import Caller


async def appoint(settings: Settings, servers: ServerAddresses, username: str) -> bool:
    """Make the account an administrator's; False when nobody has this name."""
    async with open_resources(settings, database_url=servers.database_url, redis_url=servers.redis_url) as resources:
        async with resources.read_sessions() as session:
            found = await identity.find_actor(session, username)
        if found is None:
            return False
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

"""Shared by all commands: the console, the error class, the operator, and access to the database."""

import asyncio
import getpass
import os
import socket
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich.console import Console
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor, system_actor
from app.core.audit import MAX_REASON_LENGTH
from app.core.clock_reading import read_clock
from app.core.config import Settings, get_settings
from app.core.database import applied_revision
from app.core.errors import DomainError
from app.core.i18n import use_locale
from app.core.resources import Resources, open_resources
from app.core.unit_of_work import UnitOfWork, unit_of_work
from app.local.servers import ServerAddresses, ensure_servers

HELP = "The commands of ipLance; every failure a person can mend is one sentence."
MAX_NAME_LENGTH = 100
app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=HELP)
console = Console(highlight=False)
errors = Console(stderr=True, highlight=False, soft_wrap=True)

Reason = Annotated[str, typer.Option(help="why; kept in the audit log (python -m app audit)")]


class Refusal(Exception):  # noqa: N818 - a message for a person, not a bug
    """A command cannot do what was asked; the message is the one sentence to print."""


class Runner:
    """Runs the asynchronous part of a command, with its own database connection."""

    def run[T](self, work: Callable[[Resources], Coroutine[Any, Any, T]]) -> T:
        """Return the result of the coroutine function."""
        settings = get_settings()
        servers = start_servers(settings)

        async def opened() -> T:
            async with open_resources(
                settings, database_url=servers.database_url, redis_url=servers.redis_url
            ) as resources:
                await _require_schema(resources)
                await read_clock(resources)
                return await work(resources)

        return asyncio.run(opened())


@dataclass(frozen=True, slots=True)
class Invocation:
    """One invocation of a command: its operator and its runner."""

    actor: Actor
    runner: Runner

    def run[T](
        self, work: Callable[[Resources], Coroutine[Any, Any, T]], told: Callable[[DomainError], str] = DomainError.text
    ) -> T:
        """Return the result of the coroutine function; `told` converts a domain error to the printed sentence.

        Raises:
            Refusal: A use case raised a domain error.
        """
        try:
            return self.runner.run(work)
        except DomainError as refused:
            raise Refusal(told(refused)) from refused

    def read[T](self, query: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """Run queries in a read-only session."""

        async def work(resources: Resources) -> T:
            async with resources.read_sessions() as session:
                return await query(session)

        return self.run(work)

    def change[T](
        self, use_case: Callable[[UnitOfWork], Awaitable[T]], told: Callable[[DomainError], str] = DomainError.text
    ) -> T:
        """Run use cases in one transaction."""

        async def work(resources: Resources) -> T:
            async with unit_of_work(resources) as uow:
                return await use_case(uow)

        return self.run(work, told)


@app.callback()
def begin(
    ctx: typer.Context,
    name: Annotated[
        str, typer.Option("--as", metavar="NAME", help="your name for the audit log, instead of the system's user")
    ] = "",
) -> None:
    """Store the operator of the command, and write in English as all commands do."""
    ctx.with_resource(use_locale("en"))
    given = " ".join(name.split())
    if len(given) > MAX_NAME_LENGTH:
        raise Refusal(f"A name has at most {MAX_NAME_LENGTH} characters.")
    user = _system_user()
    actor = system_actor(given or user, f"cli:{user}@{socket.gethostname()}")
    ctx.obj = Invocation(actor, ctx.obj if isinstance(ctx.obj, Runner) else Runner())


def called(ctx: typer.Context) -> Invocation:
    """Return the invocation that `begin` stored."""
    invocation = ctx.obj
    assert isinstance(invocation, Invocation)  # noqa: S101 - `begin` runs before every command
    return invocation


def reason_given(text: str, reader: str = "", *, longest: int = MAX_REASON_LENGTH) -> str:
    """Return a reason without surrounding white space.

    Args:
        text: What was typed.
        reader: Who reads it; a reason with readers must not be empty.
        longest: Maximum length in characters.

    Raises:
        Refusal: It is too long, or empty although somebody reads it.
    """
    said = text.strip()
    if reader and not 1 <= len(said) <= longest:
        raise Refusal(f"Say why in 1 to {longest} characters: {reader}.")
    if len(said) > longest:
        raise Refusal(f"A reason has at most {longest} characters.")
    return said


def title(refused: DomainError) -> str:
    """Return only the title of the error, without the advice."""
    return refused.title


def say(text: str) -> None:
    """Print lines without wrapping or markup."""
    console.print(text, markup=False, soft_wrap=True)


def start_servers(settings: Settings) -> ServerAddresses:
    """Start the bundled servers where no address is configured, and return both addresses."""
    with console.status("Starting PostgreSQL and Valkey"):
        return ensure_servers(settings)


async def _require_schema(resources: Resources) -> None:
    """Refuse a database without tables, which every statement of a command would report as a bug.

    Raises:
        Refusal: No migration was applied yet.
    """
    async with resources.read_sessions() as session:
        if await applied_revision(session) is None:
            raise Refusal("The database has no tables yet: run `python -m app migrate`, or start the site.")


def _system_user() -> str:
    try:
        import pwd  # not on Windows
    except ImportError:
        return getpass.getuser()
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container may run under a user id without a name
        return str(os.getuid())

"""Commands for accounts: sign out, ban, lift a ban, give a role, make an administrator."""

from typing import Annotated
from uuid import UUID

import typer

from app.cli.shared import Reason, Refusal, app, called, reason_given, say
from app.core.errors import DomainError
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork, unit_of_work
from app.models.user import Role, UserStatus

MAX_BAN_REASON = 500
"""Maximum length in characters; the reason is part of an e-mail."""
PersonName = Annotated[str, typer.Argument(metavar="PERSON", help="a user name, e-mail address or phone number")]


@app.command(name="end-sessions")
def end_sessions(ctx: typer.Context, person: PersonName, reason: Reason = "") -> None:
    """Sign a person out everywhere; they may sign in again."""
    from app.features.identity import service as identity

    invocation, why = called(ctx), reason_given(reason)

    async def act(uow: UnitOfWork) -> str:
        person_id, username = await _find(uow, person)
        ended = await identity.end_all_sessions(uow, invocation.actor, person_id, reason=why)
        return f"{username} is signed out everywhere ({_sessions(ended)} ended)."

    say(invocation.change(act))


@app.command()
def ban(
    ctx: typer.Context,
    person: PersonName,
    reason: Annotated[str, typer.Option(help="the rule that was broken and how; the person reads it in a mail")],
) -> None:
    """Ban an account: its sessions end at once, nobody can sign in to it, and its owner gets the reason by e-mail."""
    from app.features.identity import service as identity

    invocation = called(ctx)
    why = reason_given(" ".join(reason.split()), "the person is told it by mail", longest=MAX_BAN_REASON)

    async def act(uow: UnitOfWork) -> str:
        person_id, username = await _find(uow, person)
        ended = await identity.ban(uow, invocation.actor, person_id, reason=why)
        if ended is None:
            raise Refusal(f"{username} is banned already.")
        return f"{username} is banned: {_sessions(ended)} ended, and nobody signs in to the account any more."

    say(invocation.change(act))


@app.command()
def unban(ctx: typer.Context, person: PersonName, reason: Reason = "") -> None:
    """Lift the ban of an account."""
    from app.features.identity import service as identity

    invocation, why = called(ctx), reason_given(reason)

    async def act(uow: UnitOfWork) -> str:
        person_id, username = await _find(uow, person)
        status = await identity.lift_ban(uow, invocation.actor, person_id, reason=why)
        if status is None:
            raise Refusal(f"{username} is not banned.")
        if status is UserStatus.DEACTIVATED:
            return f"The ban of {username} is lifted; the account stays closed, as its owner left it."
        return f"The ban of {username} is lifted; they may sign in again."

    say(invocation.change(act))


@app.command(name="set-role")
def set_role(
    ctx: typer.Context,
    person: PersonName,
    role: Annotated[Role, typer.Argument(help="what the person may do; `user` takes a role back")],
    reason: Annotated[str, typer.Option(help="why; kept in the audit log (python -m app audit)")],
) -> None:
    """Give an account a role, or take it back; it is signed out everywhere."""
    from app.features.identity import service as identity

    invocation = called(ctx)
    why = reason_given(reason, "the audit log shows it")

    async def act(uow: UnitOfWork) -> str:
        found = await identity.find_person(uow.session, person, uow.resources.settings.phone_region)
        if found is None:
            raise _nobody(person)
        if found.status is not UserStatus.ACTIVE and role is not Role.USER:
            raise Refusal(f"{found.username} cannot sign in: the account is {found.status}.")
        if not await identity.set_role(uow, invocation.actor, found.id, role, reason=why):
            raise Refusal(f"{found.username} has the role {role} already.")
        return f"{found.username} has the role {role} now, and has to sign in again."

    say(invocation.change(act))


@app.command()
def superuser(
    ctx: typer.Context,
    username: Annotated[str, typer.Argument(help="the account's user name")],
    reason: Reason = "",
) -> None:
    """Make an account an administrator; asks for an e-mail address and a password where there is no such account."""
    from app.features.authentication.service import Caller
    from app.features.identity import service as identity
    from app.features.identity.schemas import Registration

    invocation, why = called(ctx), reason_given(reason)

    async def appoint(uow: UnitOfWork) -> bool:
        found = await identity.find_named(uow.session, username)
        if found is None:
            return False
        if found.status is UserStatus.DEACTIVATED:
            raise Refusal(f"{found.username} was closed by its owner, and such a name is never given again.")
        if found.status is UserStatus.BANNED:
            raise Refusal(f"{found.username} is banned: lift it first with `python -m app unban {found.username}`.")
        await identity.set_role(uow, invocation.actor, found.id, Role.ADMIN, reason=why)
        return True

    if invocation.change(appoint):
        say(f"{username} is an administrator now, and has to sign in again.")
        return
    say(f"Nobody is called {username}: making a new account.")
    email = typer.prompt("E-mail address")
    password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    form = Registration(username=username, email=email, password=password)

    async def create(resources: Resources) -> None:
        account = await identity.prepare(resources, form, Caller(), allow_reserved=True)
        async with unit_of_work(resources) as uow:
            await identity.create_administrator(uow, invocation.actor, account, reason=why)

    invocation.run(create, _refused_fields)
    say(f"{username} is an administrator now.")


async def _find(uow: UnitOfWork, typed: str) -> tuple[UUID, str]:
    """Return the id and the user name of the account with this name, e-mail address or phone number."""
    from app.features.identity import service as identity

    person = await identity.find_person(uow.session, typed, uow.resources.settings.phone_region)
    if person is None:
        raise _nobody(typed)
    return person.id, person.username


def _nobody(typed: str) -> Refusal:
    return Refusal(f"Nobody has the user name, e-mail address or phone number {typed}.")


def _sessions(count: int) -> str:
    return "1 session" if count == 1 else f"{count} sessions"


def _refused_fields(refused: DomainError) -> str:
    said = [f"{problem.loc[-1]}: {problem.text()}" for problem in refused.errors]
    return "\n".join(said) or refused.text()

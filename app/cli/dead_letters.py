"""Command for undelivered messages and e-mails: list, replay, close."""

import re
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from app.cli.shared import Reason, Refusal, app, called, reason_given, say
from app.core.actor import Actor
from app.core.dead_letters import close_dead_letter, replay_dead_letter
from app.core.persistence import outbox_store
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork, unit_of_work

MAIL = "mail:"
NAME = re.compile(r"\d{1,18}|mail:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@app.command(name="dead-letters")
def dead_letters(
    ctx: typer.Context,
    action: Annotated[str, typer.Argument(help="list, replay or close")] = "list",
    names: Annotated[
        list[str] | None, typer.Argument(help="names from the list, or `all` to replay everything")
    ] = None,
    reason: Reason = "",
) -> None:
    """List the messages and e-mails that could not be delivered; replay or close them."""
    chosen, every = names or [], action == "replay" and names == ["all"]
    _check(action, chosen, every=every)
    invocation, why = called(ctx), reason_given(reason)
    if action == "list":
        say("\n".join(invocation.read(_list)) or "No dead letters.")
        return

    async def work(resources: Resources) -> list[str]:
        act, lines = _replay if action == "replay" else _close, list[str]()
        async with resources.read_sessions() as session:
            wanted = [line.split("  ", 1)[0] for line in await _list(session)] if every else chosen
        for name in wanted:
            async with unit_of_work(resources) as uow:
                lines.append(f"{name}: {await act(uow, invocation.actor, name, why)}")
        return lines

    for line in invocation.run(work):
        say(line)


def _check(action: str, names: list[str], *, every: bool) -> None:
    """Refuse an unknown action, and names of a wrong form."""
    if action not in ("list", "replay", "close") or (action != "list" and not names):
        raise Refusal("Say `list`, `replay NAME…`, `replay all` or `close NAME…`; the names stand in the list.")
    if not every and not all(NAME.fullmatch(name) for name in names):
        raise Refusal("A name is a number or mail:… as the list shows it.")


async def _list(session: AsyncSession) -> list[str]:
    """Return one line per dead letter, beginning with its name as `replay` expects it."""
    from app.features.notifications import service as notifications

    letters = await outbox_store.open_dead_letters(session)
    mails = await notifications.dead_mails(session)
    lines = [
        f"{letter.id}  {letter.failed_at:%Y-%m-%d %H:%M}  {letter.topic} → {letter.consumer}  "
        f"{letter.attempts} tries  {letter.error}  request {letter.request_id or '-'}"
        for letter in letters
    ]
    lines += [
        f"{MAIL}{mail.id}  {mail.created_at:%Y-%m-%d %H:%M}  {mail.kind}  {mail.attempts} tries  {mail.last_error}  "
        f"request {mail.request_id or '-'}"
        for mail in mails
    ]
    return lines


async def _replay(uow: UnitOfWork, actor: Actor, name: str, reason: str) -> str:
    """Deliver a dead letter again; nothing happens twice where its consumer has processed it meanwhile."""
    from app.features.notifications import service as notifications

    if name.startswith(MAIL):
        done = await notifications.retry_mail(uow, actor, UUID(name.removeprefix(MAIL)), reason=reason)
    else:
        done = await replay_dead_letter(uow, actor, int(name), reason=reason)
    return "will be tried again" if done else "there is no such letter, or its message is gone"


async def _close(uow: UnitOfWork, actor: Actor, name: str, reason: str) -> str:
    """Close a dead letter without delivering it; e-mails are not closed, they are deleted after some time."""
    done = not name.startswith(MAIL) and await close_dead_letter(uow, actor, int(name), reason=reason)
    return "closed" if done else "there is no such letter"

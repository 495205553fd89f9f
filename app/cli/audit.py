"""Command that shows the audit log: changes by operators, newest first."""

import json
from typing import Annotated
from uuid import UUID

import typer

from app.cli.shared import Refusal, app, called, say
from app.core.audit import AuditEntry, read_audit
from app.core.resources import Resources


@app.command()
def audit(
    ctx: typer.Context,
    subject: Annotated[str, typer.Option(help="what was changed: an id, a skill, or a person as in `ban`")] = "",
    actor: Annotated[str, typer.Option(help="who changed it, as the list shows it")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="the most entries to show")] = 50,
    before: Annotated[str, typer.Option(metavar="ID", help="only entries older than this one")] = "",
) -> None:
    """Show what operators changed: who, what, when, from where and why; newest first."""
    from app.features.identity import service as identity

    oldest = _id(before) if before else None

    async def query(resources: Resources) -> tuple[list[str], UUID | None]:
        async with resources.read_sessions() as session:
            subjects = {subject} if subject else set[str]()
            person = await identity.find_person(session, subject, resources.settings.phone_region) if subject else None
            if person is not None:
                subjects.add(str(person.id))
            found = await read_audit(session, subjects=subjects, actor=actor, before=oldest, limit=limit + 1)
            accounts = [UUID(entry.subject) for entry in found if entry.action.startswith("account.")]
            names = await identity.usernames(session, accounts)
        shown = found[:limit]
        lines = [_line(entry, names) for entry in shown]
        return lines, shown[-1].id if len(found) > limit else None

    lines, last = called(ctx).run(query)
    say("\n".join(lines) or "Nothing is written down.")
    if last is not None:
        say(f"There are older entries: add --before {last}")


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as wrong:
        raise Refusal(f"{text} is no id of an entry: the list shows them.") from wrong


def _line(entry: AuditEntry, names: dict[UUID, str]) -> str:
    name = names.get(UUID(entry.subject), "") if entry.action.startswith("account.") else ""
    parts = [
        str(entry.id),
        f"{entry.created_at:%Y-%m-%d %H:%M:%S} UTC",
        f"{entry.action} {entry.subject}{f' ({name})' if name else ''}",
        f"by {entry.actor}, {entry.source}",
    ]
    if entry.old_values or entry.new_values:
        parts.append(f"{_values(entry.old_values)} → {_values(entry.new_values)}")
    if entry.reason:
        parts.append(f"reason: {' '.join(entry.reason.split())}")
    return "  ".join(parts)


def _values(values: dict[str, object]) -> str:
    return json.dumps(values, ensure_ascii=False, sort_keys=True) if values else "-"

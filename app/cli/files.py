"""Commands about single files: take down, restore."""

from typing import Annotated
from uuid import UUID

import typer

from app.cli.shared import Reason, Refusal, app, called, reason_given, say, title

files = typer.Typer(no_args_is_help=True, help="Remove a file from the site with a reason, and put it back.")
app.add_typer(files, name="files")
FileId = Annotated[str, typer.Argument(metavar="ID", help="of the file, the part after /files/ in its link")]


@files.command(name="take-down")
def take_down_file(
    ctx: typer.Context,
    file: FileId,
    reason: Annotated[str, typer.Option(help="the rule that was broken and how; the owner reads it")],
) -> None:
    """Remove a file: nobody can open it, and links given before stop working."""
    from app.features.files import service

    invocation, file_id, why = called(ctx), _id(file), reason_given(reason, "the owner reads it")
    removed = invocation.change(lambda uow: service.take_down_file(uow, invocation.actor, file_id, reason=why), title)
    say(f"“{removed.name}” is removed: its owner is told why.")


@files.command(name="restore")
def restore_file(ctx: typer.Context, file: FileId, reason: Reason = "") -> None:
    """Put a removed file back where it was attached."""
    from app.features.files import service

    invocation, file_id, why = called(ctx), _id(file), reason_given(reason)
    restored = invocation.change(lambda uow: service.restore_file(uow, invocation.actor, file_id, reason=why), title)
    say(f"“{restored.name}” is back.")


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as wrong:
        raise Refusal(f"{text} is no id of a file: it is the part after /files/ in the link of the file.") from wrong

"""Commands about single messages: take down, restore."""

from typing import Annotated
from uuid import UUID

import typer

from app.cli.shared import Reason, Refusal, app, called, reason_given, say, title

messages = typer.Typer(no_args_is_help=True, help="Remove a message from a conversation with a reason; put it back.")
app.add_typer(messages, name="messages")
ConversationId = Annotated[str, typer.Argument(metavar="CONVERSATION", help="the id after /messages/ in its address")]
Number = Annotated[int, typer.Argument(help="of the message in the conversation; the first is 1")]


@messages.command(name="take-down")
def take_down_message(
    ctx: typer.Context,
    conversation: ConversationId,
    number: Number,
    reason: Annotated[str, typer.Option(help="the rule that was broken and how; the author reads it")],
) -> None:
    """Remove the text and the files of a message for both sides."""
    from app.features.chat import service

    invocation, key, why = called(ctx), _id(conversation), reason_given(reason, "the author reads it")
    invocation.change(lambda uow: service.take_down_message(uow, invocation.actor, key, number, reason=why), title)
    say(f"Message {number} is removed: its author is told why.")


@messages.command(name="restore")
def restore_message(ctx: typer.Context, conversation: ConversationId, number: Number, reason: Reason = "") -> None:
    """Put a removed message back, with the files that were removed with it."""
    from app.features.chat import service

    invocation, key, why = called(ctx), _id(conversation), reason_given(reason)
    invocation.change(lambda uow: service.restore_message(uow, invocation.actor, key, number, reason=why), title)
    say(f"Message {number} is back.")


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as wrong:
        raise Refusal(f"{text} is no id of a conversation: it is the part after /messages/ in its address.") from wrong

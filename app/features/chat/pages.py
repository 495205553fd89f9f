"""Pages of conversations: the list, and one conversation with the form for a message."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query, Request
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.responses import Response

from app.core.actor import Actor
from app.core.clock import local_time
from app.core.errors import ConflictError, DomainError, InvalidError
from app.core.http.dependencies import FeatureRouter, PostedForm, ReadSession, Uow
from app.core.http.problem_details import field_errors
from app.core.ids import new_id
from app.core.text.whole_numbers import WholeNumber, read_whole
from app.features.authentication.dependencies import CurrentActor
from app.features.chat import service
from app.features.chat.dependencies import KnownConversation, KnownProposal
from app.features.chat.errors import InvalidMessageError
from app.features.chat.schemas import MAX_NUMBER, MessageRead, MessageWrite
from app.features.chat.service.commands import SentMessage
from app.features.files import service as files
from app.features.files.dependencies import MessageFiles, sent_ids
from app.features.identity.errors import ContactNotConfirmedError
from app.features.moderation.service import describe_contacts
from app.features.profiles import service as profiles
from app.features.proposals import service as proposals
from app.web.flash import redirect
from app.web.forms import FormState
from app.web.templating import render

router = FeatureRouter()
PAGE_SIZE = 20
MAX_MESSAGES = 50
"""Number of messages on one page."""
LIST = "/messages"


@dataclass(frozen=True, slots=True)
class _Line:
    """A message with what the page needs to group messages by day, by author and by whether they are unread."""

    it: MessageRead
    contacts: str
    at: datetime
    """When it was written, in the reader's time zone."""
    new_day: bool
    first_unread: bool
    goes_on: bool


@dataclass(frozen=True, slots=True)
class _Typed:
    """The submitted form: its fields and the ids of its files."""

    f: FormState
    files: Sequence[UUID] = ()

    @property
    def key(self) -> str:
        """Return the idempotency key of the message; it stays the same when the form is shown again."""
        return self.f.value("key") or str(new_id())


@router.get(LIST)
async def list_conversations(
    request: Request,
    actor: CurrentActor,
    session: ReadSession,
    cursor: Annotated[str | None, Query(max_length=300)] = None,
    unread: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """Show the actor's conversations, the most recently active first."""
    page = await service.list_conversations(session, actor, cursor, PAGE_SIZE, unread=bool(unread))
    kept = {"unread": "1"} if unread else {}
    start = f"{LIST}?{urlencode(kept)}" if kept else LIST
    context = {
        "conversations": page.items,
        "people": await profiles.person_cards(session, {item.other.id for item in page.items}),
        "unread": bool(unread),
        "older": f"{LIST}?{urlencode(kept | {'cursor': page.next_cursor})}" if page.next_cursor else None,
        "newer": start if cursor else None,
    }
    return render(request, "chat/list.html", context)


@router.get("/messages/{conversation_id}")
async def show_conversation(
    request: Request,
    conversation_id: UUID,
    actor: CurrentActor,
    session: ReadSession,
    before: Annotated[WholeNumber | None, Query(ge=1, le=MAX_NUMBER)] = None,
) -> Response:
    """Show a conversation: its latest messages, or those before a number.

    Messages are marked as read by a separate request, which the page sends after it was shown.
    """
    return await _page(request, session, actor, conversation_id, _Typed(FormState()), before)


@router.post("/messages/{conversation_id}")
async def write_message(
    request: Request,
    conversation_id: UUID,
    actor: CurrentActor,
    form: PostedForm,
    _known: KnownConversation,
    sent: MessageFiles,
    uow: Uow,
) -> Response:
    """Send a message, or show the conversation again with the errors of the form."""
    ids = sent.ids

    async def write() -> SentMessage:
        return await service.write(uow, actor, conversation_id, _read(form, ids))

    done = await uow.attempt(write(), ConflictError, InvalidError)
    if isinstance(done, ConflictError):
        return redirect(f"{LIST}/{conversation_id}#end", done.text(), "warn")
    if isinstance(done, DomainError):
        return await _page(request, uow.session, actor, conversation_id, _Typed(FormState.posted(form, done), ids))
    return redirect(f"{LIST}/{conversation_id}#end", done=f"message-{conversation_id}")


@router.get("/messages/{conversation_id}/after/{number}")
async def show_new_messages(
    request: Request, conversation_id: UUID, number: WholeNumber, actor: CurrentActor, session: ReadSession
) -> Response:
    """Return the messages after a number as an HTML fragment for the polling script."""
    number = max(0, min(number, MAX_NUMBER))
    conversation, found = await service.open_conversation(session, actor, conversation_id, MAX_MESSAGES, after=number)
    # At most MAX_MESSAGES messages; the rest is fetched by the next poll.
    last = found.items[-1].number if found.items else number
    context = {"conversation": conversation, "lines": _lines(found.items), "last": last}
    return render(request, "chat/_news.html", context)


@router.post("/messages/{conversation_id}/read")
async def mark_read(conversation_id: UUID, actor: CurrentActor, form: PostedForm, uow: Uow) -> Response:
    """Mark the messages up to a number as read."""
    number = read_whole(form.get("number")) or 0
    await service.mark_read(uow, actor, conversation_id, number)
    return redirect(f"{LIST}/{conversation_id}#end")


@router.get("/proposals/{proposal_id}/messages")
async def show_conversation_of_proposal(
    request: Request, proposal_id: UUID, actor: CurrentActor, session: ReadSession
) -> Response:
    """Redirect to the conversation about a proposal, or show the page for the first message."""
    conversation = await service.find_conversation(session, actor, proposal_id)
    if conversation is None:
        return await _empty(request, session, actor, proposal_id, _Typed(FormState()))
    return redirect(f"{LIST}/{conversation.id}#end")


@router.post("/proposals/{proposal_id}/messages")
async def write_about(
    request: Request,
    proposal_id: UUID,
    actor: CurrentActor,
    form: PostedForm,
    _known: KnownProposal,
    sent: MessageFiles,
    uow: Uow,
) -> Response:
    """Send the first message about a proposal, or show the form again with its errors."""
    ids = sent.ids

    async def write() -> SentMessage:
        return await service.write_about(uow, actor, proposal_id, _read(form, ids))

    done = await uow.attempt(write(), ConflictError, InvalidError, ContactNotConfirmedError)
    if isinstance(done, ConflictError):
        return redirect(f"/proposals/{proposal_id}/messages", done.text(), "warn")
    if isinstance(done, DomainError):
        return await _empty(request, uow.session, actor, proposal_id, _Typed(FormState.posted(form, done), ids))
    return redirect(f"{LIST}/{done.conversation.id}#end", done=f"first-message-{proposal_id}")


def _read(form: FormData, ids: Sequence[UUID]) -> MessageWrite:
    keys = sent_ids(form, "key")
    try:
        return MessageWrite.model_validate(
            {"text": str(form.get("text") or ""), "files": list(ids), "key": keys[0] if keys else None}
        )
    except ValidationError as wrong:
        raise InvalidMessageError(errors=field_errors([dict(error) for error in wrong.errors()])) from wrong


async def _page(
    request: Request,
    session: ReadSession,
    actor: Actor,
    conversation_id: UUID,
    typed: _Typed,
    before: int | None = None,
) -> Response:
    conversation, found = await service.open_conversation(session, actor, conversation_id, MAX_MESSAGES, before=before)
    people = await profiles.person_cards(session, {conversation.other.id})
    first = found.items[0].number if found.items else 1
    context = {
        "conversation": conversation,
        "card": people.get(conversation.other.id),
        "lines": _lines(found.items, conversation.last.number - conversation.unread),
        "older": f"{LIST}/{conversation.id}?before={first}" if found.more else None,
        "newest": before is None,
        "f": typed.f,
        "files": await files.own_files(session, actor, typed.files),
        "key": typed.key,
    }
    return render(request, "chat/show.html", context, status_code=422 if typed.f.has_errors else 200)


async def _empty(request: Request, session: ReadSession, actor: Actor, proposal_id: UUID, typed: _Typed) -> Response:
    proposal = await proposals.get_proposal(session, actor, proposal_id)
    context: dict[str, Any] = {
        "proposal": proposal,
        "is_live": proposals.is_live(proposal.status),
        "mine": proposal.freelancer.id == actor.id,
        "chosen": proposals.is_chosen(proposal.status),
        "f": typed.f,
        "files": await files.own_files(session, actor, typed.files),
        "key": typed.key,
    }
    return render(request, "chat/begin.html", context, status_code=422 if typed.f.has_errors else 200)


def _lines(messages: Sequence[MessageRead], read: int | None = None) -> list[_Line]:
    """Return the messages as the page lists them; `read` is the number up to which the reader had read."""
    lines: list[_Line] = []
    for message in messages:
        lines.append(_line(message, lines[-1] if lines else None, read))
    return lines


def _line(message: MessageRead, before: _Line | None, read: int | None) -> _Line:
    at = local_time(message.created_at)
    same_day = before is not None and before.at.date() == at.date()
    first_unread = read is not None and message.number > read and (before is None or before.it.number <= read)
    return _Line(
        it=message,
        contacts=describe_contacts(message.contacts),
        at=at,
        new_day=not same_day,
        first_unread=first_unread and not message.mine,
        goes_on=same_day and before is not None and before.it.mine == message.mine and not first_unread,
    )

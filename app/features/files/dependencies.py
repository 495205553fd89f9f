"""What the edges of this room and of those above share: taking the bytes of a form in, and reading its files."""

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from starlette.datastructures import FormData, UploadFile
from starlette.requests import ClientDisconnect

from app.core.actor import Actor
from app.core.errors import DomainError
from app.core.http.body_limits import LongBodyRoute
from app.core.http.dependencies import PostedForm, connection_resources
from app.core.resources import ContextState, Resources
from app.features.authentication.dependencies import CurrentActor
from app.features.files import rules, workflows
from app.features.files.errors import UploadInterruptedError
from app.models.file import SubjectKind

FORM_OVERHEAD = 65_536
"""What a form may add to the bytes of its file."""
FORMS_AT_ONCE = 4
"""Forms of one process whose files are stored at once: each file takes several transactions, and others need some."""
FIELD = "files"
"""The name of the form field with the ids of its files."""
NEW = "_new"
"""What the file input of a field is called beside the ids that it yields: `files` and `files_new`."""


async def pieces_of(request: Request) -> AsyncGenerator[bytes]:
    """Yield the body of a request as it arrives.

    Raises:
        UploadInterruptedError: The sender went away in the middle of it.
    """
    try:
        async for piece in request.stream():
            yield piece
    except ClientDisconnect as error:
        raise UploadInterruptedError from error


def form_with_files(path: str) -> LongBodyRoute:
    """Let a page's form at this address (a pattern) bring files; the room of the page lists it in `app/main.py`."""
    return LongBodyRoute("POST", re.compile(path), "multipart/form-data", rules.MAX_FILE_BYTES + FORM_OVERHEAD)


def sent_ids(form: FormData, name: str) -> list[UUID]:
    """Return the ids that a field of files yields; what is no id is left aside."""
    return ids_in(form.getlist(name))


def ids_in(values: Iterable[object]) -> list[UUID]:
    """Return the ids among the values of a field."""
    found: list[UUID] = []
    for value in values:
        if isinstance(value, str):
            with suppress(ValueError):
                found.append(UUID(value))
    return found


@dataclass(frozen=True, slots=True)
class SentFiles:
    """The files of a posted form, stored before any transaction of the request."""

    known: Sequence[UUID]
    """The ids that the form named."""
    stored: Sequence[UUID]
    """All files of the form in its order; only the known ones where a new one was refused."""
    refusal: DomainError | None = None

    @property
    def ids(self) -> Sequence[UUID]:
        """Return the ids of all files of the form in its order.

        Raises:
            DomainError: One of those that came with the form was refused.
        """
        if self.refusal is not None:
            raise self.refusal
        return self.stored


def files_of_form(kind: SubjectKind) -> Callable[..., Awaitable[SentFiles]]:
    """Return the dependency that stores the files of a posted form, once it is known who sends them.

    A refusal is kept for the endpoint, which shows the form again with it.
    """

    async def take_in(request: Request, actor: CurrentActor, form: PostedForm) -> SentFiles:
        known = sent_ids(form, FIELD)
        try:
            return SentFiles(known, await _ids_of(connection_resources(request), actor, form, kind))
        except DomainError as refusal:
            return SentFiles(known, known, refusal)

    return take_in


async def _ids_of(resources: Resources, actor: Actor, form: FormData, kind: SubjectKind) -> Sequence[UUID]:
    """Return the ids of a form's files: those uploaded before, then those that came with the form itself.

    Without JavaScript a browser sends the bytes within the form. Checkboxes named `remove` remove an id again. Where
    a choice says what is replaced, the first of the new files becomes its next version.
    """
    removed = set(sent_ids(form, f"{FIELD}_remove"))
    ids = [file_id for file_id in sent_ids(form, FIELD) if file_id not in removed]
    sent = [item for item in form.getlist(f"{FIELD}{NEW}") if isinstance(item, UploadFile) and item.filename]
    old = next((file_id for file_id in sent_ids(form, f"{FIELD}_replaces") if file_id in ids), None)
    if not sent:
        return ids
    async with _TAKING_IN.of(resources):
        taken = [
            (await workflows.take_file(resources, actor, kind, new, None if place else old)).id
            for place, new in enumerate(sent)
        ]
    if old:
        ids[ids.index(old)] = taken.pop(0)
    return [*ids, *taken]


_TAKING_IN = ContextState(lambda _resources: asyncio.Semaphore(FORMS_AT_ONCE))
"""Lets a few forms of a process at a time store their files; the others hold no connection."""

OrderFiles = Annotated[SentFiles, Depends(files_of_form(SubjectKind.ORDER), scope="function")]
ProposalFiles = Annotated[SentFiles, Depends(files_of_form(SubjectKind.PROPOSAL), scope="function")]
MessageFiles = Annotated[SentFiles, Depends(files_of_form(SubjectKind.MESSAGE), scope="function")]
AvatarFiles = Annotated[SentFiles, Depends(files_of_form(SubjectKind.AVATAR), scope="function")]
PortfolioFiles = Annotated[SentFiles, Depends(files_of_form(SubjectKind.PORTFOLIO), scope="function")]

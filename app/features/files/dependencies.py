"""Dependencies for forms with files: storing the uploaded files and reading the ids of stored ones."""

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
from app.core.http.dependencies import PostedForm, ReadSession, connection_resources
from app.core.resources import ContextState, Resources
from app.features.authentication.dependencies import CurrentActor
from app.features.files import rules, workflows
from app.features.files.errors import UploadInterruptedError
from app.models.file import SubjectKind

FORM_OVERHEAD = 65_536
"""Bytes that a form may have besides its file."""
FORMS_AT_ONCE = 4
"""Forms of one process whose files are stored at once: each file takes several transactions, and others need some too.
"""
FIELD = "files"
"""Name of the form field with the ids of files."""
NEW = "_new"
"""Suffix of the file input that belongs to a field of ids: `files` and `files_new`."""


async def pieces_of(request: Request) -> AsyncGenerator[bytes]:
    """Yield the body of a request as it arrives.

    Raises:
        UploadInterruptedError: The client disconnected before the end of the body.
    """
    try:
        async for piece in request.stream():
            yield piece
    except ClientDisconnect as error:
        raise UploadInterruptedError from error


def form_with_files(path: str) -> LongBodyRoute:
    """Allow forms with files at this address (a pattern); `app/main.py` collects the addresses of all features."""
    return LongBodyRoute("POST", re.compile(path), "multipart/form-data", rules.MAX_FILE_BYTES + FORM_OVERHEAD)


async def look_up_before_storing(
    request: Request, form: FormData, look_up: Callable[[ReadSession], Awaitable[object]]
) -> None:
    """Look up what a form with files is for, in a read transaction that ends before its files are stored.

    A form that is refused leaves no file behind. A form without files needs no such transaction.

    Args:
        request: The request with the form.
        form: The form, completely received.
        look_up: Raises an error if the form must be refused.
    """
    if _new_files(form):
        async with connection_resources(request).read_sessions() as session:
            await look_up(session)


def _new_files(form: FormData) -> list[UploadFile]:
    return [item for item in form.getlist(f"{FIELD}{NEW}") if isinstance(item, UploadFile) and item.filename]


def sent_ids(form: FormData, name: str) -> list[UUID]:
    """Return the ids in a field of files; values that are no ids are ignored."""
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
    """The files of a posted form, stored before the request opens a transaction."""

    known: Sequence[UUID]
    """The ids that the form contained."""
    stored: Sequence[UUID]
    """All files of the form in its order; without the new ones when one of them was refused."""
    refusal: DomainError | None = None

    @property
    def ids(self) -> Sequence[UUID]:
        """Return the ids of all files of the form in its order.

        Raises:
            DomainError: One of the files uploaded with the form was refused.
        """
        if self.refusal is not None:
            raise self.refusal
        return self.stored


def files_of_form(kind: SubjectKind) -> Callable[..., Awaitable[SentFiles]]:
    """Return the dependency that stores the files of a posted form after the sender is authenticated.

    An error is kept for the endpoint, which renders the form again with it.
    """

    async def store_files(request: Request, actor: CurrentActor, form: PostedForm) -> SentFiles:
        known = sent_ids(form, FIELD)
        try:
            return SentFiles(known, await _ids_of(connection_resources(request), actor, form, kind))
        except DomainError as refusal:
            return SentFiles(known, known, refusal)

    return store_files


async def _ids_of(resources: Resources, actor: Actor, form: FormData, kind: SubjectKind) -> Sequence[UUID]:
    """Return the ids of a form's files: those uploaded before, then those uploaded with the form itself.

    Without JavaScript a browser sends the bytes within the form. Checkboxes named `remove` remove an id again. When the
    form selects a file to replace, the first of the new files becomes its next version.
    """
    removed = set(sent_ids(form, f"{FIELD}_remove"))
    ids = [file_id for file_id in sent_ids(form, FIELD) if file_id not in removed]
    sent = _new_files(form)
    old = next((file_id for file_id in sent_ids(form, f"{FIELD}_replaces") if file_id in ids), None)
    if not sent:
        return ids
    async with _UPLOAD_SLOTS.of(resources):
        replaced = [old, *[None] * (len(sent) - 1)]
        files = await workflows.store_uploads(resources, actor, kind, list(zip(sent, replaced, strict=True)))
    uploaded = [file.id for file in files]
    if old:
        ids[ids.index(old)] = uploaded.pop(0)
    return [*ids, *uploaded]


_UPLOAD_SLOTS = ContextState(lambda _resources: asyncio.Semaphore(FORMS_AT_ONCE))
"""Limits how many forms of a process store their files at once; those that wait hold no connection."""

OrderFiles = Annotated[SentFiles, Depends(files_of_form(SubjectKind.ORDER), scope="function")]
ProposalFiles = Annotated[SentFiles, Depends(files_of_form(SubjectKind.PROPOSAL), scope="function")]
SubmissionFiles = Annotated[SentFiles, Depends(files_of_form(SubjectKind.SUBMISSION), scope="function")]
MessageFiles = Annotated[SentFiles, Depends(files_of_form(SubjectKind.MESSAGE), scope="function")]
AvatarFiles = Annotated[SentFiles, Depends(files_of_form(SubjectKind.AVATAR), scope="function")]
PortfolioFiles = Annotated[SentFiles, Depends(files_of_form(SubjectKind.PORTFOLIO), scope="function")]

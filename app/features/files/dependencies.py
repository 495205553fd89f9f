"""What the edges of this room and of those above share: taking the bytes of a form in, and reading its files."""

import re
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import suppress
from uuid import UUID

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.requests import ClientDisconnect

from app.core.actor import Actor
from app.core.http.body_limits import LongBody
from app.core.http.dependencies import connection_resources
from app.features.files import rules, workflows
from app.features.files.errors import UploadInterruptedError
from app.models.file import SubjectKind

FORM_OVERHEAD = 65_536
"""What a form may add to the bytes of its file."""
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


def form_with_files(path: str) -> LongBody:
    """Let a page's form at this address (a pattern) bring files; the room of the page lists it in `app/main.py`."""
    return LongBody("POST", re.compile(path), "multipart/form-data", rules.LONGEST_FILE + FORM_OVERHEAD)


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


async def form_files(
    request: Request, actor: Actor, form: FormData, kind: SubjectKind, name: str = "files"
) -> Sequence[UUID]:
    """Return the ids of a form's files: those uploaded before, then those that came with the form itself.

    Without JavaScript a browser sends the bytes within the form; they are taken in here. Boxes that say `remove` take
    an id away again. Where a choice says what is replaced, the first of the new files becomes its next version.
    """
    resources = connection_resources(request)
    removed = set(sent_ids(form, f"{name}_remove"))
    ids = [file_id for file_id in sent_ids(form, name) if file_id not in removed]
    sent = [item for item in form.getlist(f"{name}{NEW}") if isinstance(item, UploadFile) and item.filename]
    old = next((file_id for file_id in sent_ids(form, f"{name}_replaces") if file_id in ids), None)
    taken = [
        (await workflows.take_file(resources, actor, kind, new, None if place else old)).id
        for place, new in enumerate(sent)
    ]
    if old and taken:
        ids[ids.index(old)] = taken.pop(0)
    return [*ids, *taken]

"""What the edges of this room and of those above share: taking the bytes of a form in, and reading its files."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from fastapi import Request
from starlette.datastructures import FormData, UploadFile

from app.core.actor import Actor
from app.core.http import connection_resources
from app.core.resources import Resources
from app.core.uow import unit_of_work
from app.features.files import service
from app.features.files.errors import StorageDownError
from app.gateways.spool import SpoolFullError, spool_of
from app.models.file import File, SubjectKind

FORM_OVERHEAD = 65_536
"""What a form may add to the bytes of its file."""
NEW = "_new"
"""What the file input of a field is called beside the ids that it yields: `files` and `files_new`."""


async def take(resources: Resources, actor: Actor, kind: SubjectKind, upload: UploadFile) -> File:
    """Take one file of a form in: announced, kept, and handed to whoever looks at it.

    It opens two short transactions around the slow part. What fails leaves nothing behind and nothing charged.
    """
    async with unit_of_work(resources) as uow:
        file = await service.announce(uow, actor, kind, upload.filename or "", upload.size or 0)
        key = await service.source_key(uow.session, file.id)
    try:
        try:
            await asyncio.to_thread(spool_of(resources.settings).keep, file.id, upload.file)
        except SpoolFullError as error:
            raise StorageDownError from error
        digest = await service.keep_bytes(resources, file.id, key)
        async with unit_of_work(resources) as uow:
            return await service.arrived(uow, file.id, digest)
    finally:
        # Nothing to give up once it arrived; then only the copy of this machine goes.
        async with unit_of_work(resources) as uow:
            await service.give_up(uow, file.id)


def sent_ids(form: FormData, name: str) -> list[UUID]:
    """Return the ids that a field of files yields; what is no id is left aside."""
    found: list[UUID] = []
    for value in form.getlist(name):
        if isinstance(value, str):
            with suppress(ValueError):
                found.append(UUID(value))
    return found


async def form_files(
    request: Request, actor: Actor, form: FormData, kind: SubjectKind, name: str = "files"
) -> Sequence[UUID]:
    """Return the ids of a form's files: those uploaded before, then those that came with the form itself.

    Without JavaScript a browser sends the bytes within the form; they are taken in here. Boxes that say `remove` take
    an id away again.
    """
    resources = connection_resources(request)
    removed = set(sent_ids(form, f"{name}_remove"))
    ids = [file_id for file_id in sent_ids(form, name) if file_id not in removed]
    sent = [item for item in form.getlist(f"{name}{NEW}") if isinstance(item, UploadFile) and item.filename]
    return [*ids, *[(await take(resources, actor, kind, upload)).id for upload in sent]]

"""The JSON face of files."""

import re
from http import HTTPStatus
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.datastructures import UploadFile

from app.core.errors import DomainError, FieldError, InvalidError
from app.core.http import ProcessResources, ReadSession, Uow
from app.core.i18n import N_
from app.core.intake import LongBody, media_type
from app.core.problems import UnsupportedMediaTypeError, refusals
from app.core.security.csrf import CsrfError
from app.core.security.tokens import BadTokenError
from app.features.files import rules, service
from app.features.files.access import FORM_OVERHEAD, take
from app.features.files.errors import (
    EmptyFileError,
    FileInUseError,
    FileTooLargeError,
    FileTypeError,
    NoSuchFileError,
    QuotaExceededError,
    StorageDownError,
)
from app.features.files.schemas import FileLimits, FileRead
from app.features.identity.access import CurrentActor
from app.features.identity.errors import NotSignedInError, SessionEndedError
from app.models.file import SubjectKind

router = APIRouter(prefix="/files", tags=["files"])

SIGNED_IN: tuple[type[DomainError], ...] = (NotSignedInError, BadTokenError, SessionEndedError)
TAKING: tuple[type[DomainError], ...] = (
    *SIGNED_IN,
    CsrfError,
    FileTypeError,
    EmptyFileError,
    FileTooLargeError,
    QuotaExceededError,
    StorageDownError,
)
FORM = "multipart/form-data"
LONG_BODIES = (LongBody("POST", re.compile("/api/v1/files"), FORM, rules.LONGEST_FILE + FORM_OVERHEAD),)
WHICH = N_("Choose one of: {expected}.")
NO_FILE = N_("Choose a file.")
_FORM_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            FORM: {
                "schema": {
                    "type": "object",
                    "required": ["kind", "file"],
                    "properties": {
                        "kind": {"type": "string", "enum": [kind.value for kind in SubjectKind]},
                        "file": {"type": "string", "format": "binary"},
                    },
                }
            }
        },
    }
}


@router.get("/limits", responses=refusals(*SIGNED_IN))
async def get_limits(actor: CurrentActor, session: ReadSession, resources: ProcessResources) -> FileLimits:
    """Tell what may be uploaded, and how much room you have used."""
    return await service.file_limits(session, resources.settings, actor)


@router.post("", status_code=HTTPStatus.CREATED, responses=refusals(*TAKING), openapi_extra=_FORM_BODY)
async def upload_file(request: Request, actor: CurrentActor, resources: ProcessResources) -> FileRead:
    """Upload one file in one request. It is looked at afterwards; ask for it again until it is `ready`."""
    if media_type(request.headers.get("content-type")) != FORM:
        raise UnsupportedMediaTypeError(N_("Send the body as multipart/form-data"))
    async with request.form(max_files=1, max_fields=10) as form:
        file, kind = form.get("file"), str(form.get("kind") or "")
        faults: list[FieldError] = []
        if kind not in set(SubjectKind):
            faults.append(FieldError(("body", "kind"), WHICH, {"expected": ", ".join(SubjectKind)}))
        if not isinstance(file, UploadFile):
            faults.append(FieldError(("body", "file"), NO_FILE))
        if faults or not isinstance(file, UploadFile):
            raise InvalidError(errors=faults)
        taken = await take(resources, actor, SubjectKind(kind), file)
    async with resources.read_sessions() as session:
        return await service.get_own_file(session, actor, taken.id)


@router.get("/{file_id:uuid}", responses=refusals(*SIGNED_IN, NoSuchFileError))
async def get_file(file_id: UUID, actor: CurrentActor, session: ReadSession) -> FileRead:
    """Read about one of your files; its links are fresh."""
    return await service.get_own_file(session, actor, file_id)


@router.delete(
    "/{file_id:uuid}",
    status_code=HTTPStatus.NO_CONTENT,
    responses=refusals(*SIGNED_IN, CsrfError, NoSuchFileError, FileInUseError),
)
async def remove_file(file_id: UUID, actor: CurrentActor, uow: Uow) -> None:
    """Remove one of your files that belongs to nothing."""
    await service.remove_file(uow, actor, file_id)

"""JSON endpoints of files, and resumable uploads."""

import re
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import Header, Query, Request, Response
from starlette.datastructures import UploadFile

from app.core.errors import DomainError, FieldError, InvalidError
from app.core.http.body_limits import LongBodyRoute, media_type
from app.core.http.dependencies import API_PREFIX, FeatureRouter, ProcessResources, ReadSession, Uow
from app.core.http.problem_details import InsufficientStorageError, UnsupportedMediaTypeError, refusals
from app.core.i18n import N_
from app.core.pagination import DEFAULT_LIMIT, MAX_LIMIT, BadCursorError, Page
from app.core.text.whole_numbers import WholeNumber
from app.features.authentication.dependencies import CurrentActor
from app.features.files import rules, service, workflows
from app.features.files.dependencies import FORM_OVERHEAD, ids_in, pieces_of
from app.features.files.errors import (
    EmptyFileError,
    FileInUseError,
    FileTakenDownError,
    FileTooLargeError,
    FileTypeError,
    InvalidFilesError,
    NoSuchFileError,
    QuotaExceededError,
    StorageDownError,
    TooManyUploadsError,
    UploadBusyError,
    UploadOffsetError,
)
from app.features.files.schemas import FileLimits, FileRead, OwnFile, UploadCreate, UploadRead
from app.models.file import SubjectKind

router = FeatureRouter(prefix="/files", tags=["files"])

TAKING: tuple[type[DomainError], ...] = (
    FileTypeError,
    EmptyFileError,
    FileTooLargeError,
    QuotaExceededError,
    StorageDownError,
    InsufficientStorageError,
    TooManyUploadsError,
    InvalidFilesError,
)
FORM = "multipart/form-data"
PIECE = "application/octet-stream"
PIECES = (PIECE, "application/offset+octet-stream")
"""Media types accepted for raw bytes: the generic one, and the one of the tus protocol."""
LONG_BODY_ROUTES = (
    LongBodyRoute("POST", re.compile(f"{API_PREFIX}/files"), FORM, rules.MAX_FILE_BYTES + FORM_OVERHEAD),
    *(
        LongBodyRoute("PATCH", re.compile(f"{API_PREFIX}/files/uploads/[^/]+"), kind, rules.MAX_FILE_BYTES)
        for kind in PIECES
    ),
)
OFFSET = "Upload-Offset"
WHICH = N_("Choose one of: {expected}.")
NO_FILE = N_("Choose a file.")
NO_ID = N_("This is no id of a file.")
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
                        "replaces": {"type": "string", "format": "uuid"},
                    },
                }
            }
        },
    }
}


@router.get("/limits")
async def get_limits(actor: CurrentActor, session: ReadSession, resources: ProcessResources) -> FileLimits:
    """Return what may be uploaded for each kind of file, and how much of your quota is used."""
    return await service.file_limits(session, resources.settings, actor)


@router.get("", responses=refusals(BadCursorError))
async def list_files(
    actor: CurrentActor,
    session: ReadSession,
    cursor: Annotated[str | None, Query(max_length=300, description="`next_cursor` of the previous page.")] = None,
    limit: Annotated[WholeNumber, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    unused: Annotated[bool, Query(description="Return only files that are not attached to anything.")] = False,
) -> Page[OwnFile]:
    """List your files, newest first, each with the objects it is attached to."""
    page = await service.list_own_files(session, actor, cursor, limit, unused=unused)
    return Page(items=page.items, next_cursor=page.next_cursor)


@router.post("", status_code=HTTPStatus.CREATED, responses=refusals(*TAKING), openapi_extra=_FORM_BODY)
async def upload_file(request: Request, actor: CurrentActor, resources: ProcessResources) -> FileRead:
    """Upload one file in one request. It is checked afterwards; request it again until its state is `ready`."""
    if media_type(request.headers.get("content-type")) != FORM:
        raise UnsupportedMediaTypeError(N_("Send the body as multipart/form-data"))
    async with request.form(max_files=1, max_fields=10) as form:
        file, kind = form.get("file"), str(form.get("kind") or "")
        faults: list[FieldError] = []
        if kind not in set(SubjectKind):
            faults.append(FieldError(("body", "kind"), WHICH, {"expected": ", ".join(SubjectKind)}))
        replaces = ids_in([form.get("replaces")])
        if "replaces" in form and not replaces:
            faults.append(FieldError(("body", "replaces"), NO_ID))
        if not isinstance(file, UploadFile):
            faults.append(FieldError(("body", "file"), NO_FILE))
        if faults or not isinstance(file, UploadFile):
            raise InvalidError(errors=faults)
        replaced = replaces[0] if replaces else None
        taken = await workflows.store_uploads(resources, actor, SubjectKind(kind), [(file, replaced)])
    return service.show_new_file(taken[0])


@router.post("/uploads", status_code=HTTPStatus.CREATED, responses=refusals(*TAKING))
async def create_upload(command: UploadCreate, actor: CurrentActor, uow: Uow) -> UploadRead:
    """Start an upload in pieces; send the pieces to its address with PATCH."""
    made = await service.reserve_upload(uow, actor, command.kind, command.name, command.size, command.replaces)
    return service.progress_of(uow.resources.settings, made.file)


@router.get("/uploads/{file_id:uuid}", responses=refusals(NoSuchFileError))
async def get_upload(
    file_id: UUID, actor: CurrentActor, session: ReadSession, resources: ProcessResources, response: Response
) -> UploadRead:
    """Return the progress of one of your uploads. HEAD returns only the header `Upload-Offset`."""
    upload = await service.find_upload(session, resources.settings, actor, file_id)
    response.headers.update({OFFSET: str(upload.offset), "Cache-Control": "no-store"})
    return upload


@router.patch(
    "/uploads/{file_id:uuid}",
    responses=refusals(*TAKING, NoSuchFileError, UploadOffsetError, UploadBusyError),
    openapi_extra={"requestBody": {"content": {PIECE: {"schema": {"type": "string", "format": "binary"}}}}},
)
async def send_piece(
    request: Request,
    file_id: UUID,
    actor: CurrentActor,
    resources: ProcessResources,
    response: Response,
    offset: Annotated[WholeNumber, Header(alias=OFFSET, ge=0, le=2**53)],
) -> UploadRead:
    """Append the next piece at `Upload-Offset`. If the connection breaks, the bytes received so far are kept."""
    if media_type(request.headers.get("content-type")) not in PIECES:
        raise UnsupportedMediaTypeError(N_("Send the body as application/octet-stream"))
    upload = await workflows.receive_piece(resources, actor, file_id, offset, pieces_of(request))
    response.headers[OFFSET] = str(upload.offset)
    return upload


@router.delete(
    "/uploads/{file_id:uuid}",
    status_code=HTTPStatus.NO_CONTENT,
    responses=refusals(NoSuchFileError),
)
async def cancel_upload(file_id: UUID, actor: CurrentActor, uow: Uow) -> None:
    """Delete one of your unfinished uploads and release its quota."""
    await service.cancel_upload(uow, actor, file_id)


@router.get("/{file_id:uuid}", responses=refusals(NoSuchFileError))
async def get_file(file_id: UUID, actor: CurrentActor, session: ReadSession) -> FileRead:
    """Return one of your files with new links."""
    return await service.get_own_file(session, actor, file_id)


@router.delete(
    "/{file_id:uuid}",
    status_code=HTTPStatus.NO_CONTENT,
    responses=refusals(NoSuchFileError, FileTakenDownError, FileInUseError),
)
async def remove_file(file_id: UUID, actor: CurrentActor, uow: Uow) -> None:
    """Delete one of your files. It must not be attached to anything."""
    await service.remove_file(uow, actor, file_id)

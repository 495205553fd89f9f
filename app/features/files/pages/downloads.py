"""Downloads by signed link, with ranges and with headers that keep a browser from running the content."""

from collections.abc import AsyncGenerator
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request
from starlette.responses import Response, StreamingResponse

from app.core.clock import real_now
from app.core.http.dependencies import FeatureRouter, ProcessResources
from app.core.resources import Resources
from app.core.text.whole_numbers import WholeNumber
from app.features.files import rules, service, workflows
from app.features.files.service import Content, Pass, Wanted
from app.models.file import SubjectKind
from app.web.templating import environment

links = FeatureRouter()


def upload_limits(kind: str) -> dict[str, object]:
    """Return the upload limits that the upload widget needs."""
    limits = rules.LIMITS[SubjectKind(kind)]
    return {
        "accept": ",".join(f".{name}" for name in limits.extensions),
        "types": ", ".join(limits.extensions),
        "unopened": ", ".join(name for name in limits.extensions if name in rules.UNOPENED),
        "most_bytes": limits.most_bytes,
        "most_files": limits.most_files,
    }


environment().globals["upload_limits"] = upload_limits

# An uploaded file must never act as a part of this site, whatever it contains and however it is opened.
CLOSED = {
    "Content-Security-Policy": (
        "default-src 'none'; base-uri 'none'; object-src 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}
Until = Annotated[WholeNumber, Query(ge=0, le=2**40)]
Key = Annotated[str, Query(max_length=64)]


def pass_of_link(
    session_id: Annotated[UUID | None, Query(alias="session")] = None,
    subject_id: Annotated[UUID | None, Query(alias="of")] = None,
    grant: Key = "",
) -> Pass:
    """Return what a link says about its reader."""
    return Pass(session_id, subject_id, grant)


Held = Annotated[Pass, Depends(pass_of_link)]


@links.get("/files/{file_id:uuid}")
async def download(
    request: Request, file_id: UUID, resources: ProcessResources, held: Held, until: Until = 0, key: Key = ""
) -> Response:
    """Return a file, or a range of it, for a valid signed link."""
    return await _hand_out(request, resources, Wanted(file_id, preview=False, until=until, key=key, held=held))


@links.get("/files/{file_id:uuid}/preview")
async def preview(
    request: Request, file_id: UUID, resources: ProcessResources, held: Held, until: Until = 0, key: Key = ""
) -> Response:
    """Return the preview of a file for a valid signed link."""
    return await _hand_out(request, resources, Wanted(file_id, preview=True, until=until, key=key, held=held))


async def _hand_out(request: Request, resources: Resources, wanted: Wanted) -> Response:
    async with resources.read_sessions() as session:
        content = await service.find_content(session, resources, wanted)
    tag = f'"{content.sha256}"'
    embedded_by = "cross-origin" if resources.settings.files_origin else "same-origin"
    closed = CLOSED | {"Cross-Origin-Resource-Policy": embedded_by}
    headers = closed | {
        "Accept-Ranges": "bytes",
        "Cache-Control": _caching(content),
        "Content-Disposition": rules.disposition(content.name),
        "ETag": tag,
    }
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    wants_part = request.headers.get("range") if request.headers.get("if-range", tag) == tag else None
    part = rules.parse_range(wants_part, content.size)
    if part is None:
        unknown = {"Content-Range": f"bytes */{content.size}"}
        return Response(status_code=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers=closed | unknown)
    start, end, status = part.start, part.end, HTTPStatus.OK
    if part.partial:
        status = HTTPStatus.PARTIAL_CONTENT
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{content.size}"
    headers["Content-Length"] = str(end - start)
    body = workflows.read_pieces(resources, content, start, end)
    # The first block is verified before the status line is sent, so damage at its start gives an error response and not
    # a truncated download.
    first = await anext(body, b"")
    return StreamingResponse(_with(first, body), status, headers, media_type=content.media_type)


def _caching(content: Content) -> str:
    """Return how long a browser may keep a copy; one that is not public is asked for again every time it is shown."""
    left = content.fresh_until - int(real_now().timestamp())
    return f"private, max-age={left}, immutable" if left > 0 else "private, no-cache"


async def _with(first: bytes, rest: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    try:
        yield first
        async for piece in rest:
            yield piece
    finally:
        await rest.aclose()

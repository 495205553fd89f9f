"""The page of a person's own files: what each is attached to, and the used quota."""

from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import RedirectResponse, Response

from app.core.http.dependencies import FeatureRouter, ProcessResources, ReadSession, Uow
from app.core.i18n import N_, _
from app.core.pagination import BadCursorError
from app.features.authentication.dependencies import CurrentActor
from app.features.files import service
from app.features.files.errors import FileInUseError, FileTakenDownError
from app.features.files.schemas import FileUse, OwnFile
from app.models.file import SubjectKind
from app.web.flash import redirect
from app.web.templating import render

router = FeatureRouter()
ADDRESS = "/settings/files"
PAGE_SIZE = 20
PLACES: dict[SubjectKind, tuple[str, str]] = {
    SubjectKind.ORDER: (N_("an order"), "/orders/{id}"),
    SubjectKind.PROPOSAL: (N_("a proposal"), "/proposals/{id}"),
    SubjectKind.MESSAGE: (N_("a message"), "/messages"),
    SubjectKind.SUBMISSION: (N_("submitted work"), "/contracts"),
    SubjectKind.PORTFOLIO: (N_("the portfolio"), "/settings/portfolio/{id}"),
    SubjectKind.AVATAR: (N_("your photo"), "/settings/photo"),
}
"""The label of each kind of object, and the address where it is shown."""


@router.get(ADDRESS)
async def list_own_files(
    request: Request,
    actor: CurrentActor,
    session: ReadSession,
    resources: ProcessResources,
    cursor: Annotated[str | None, Query(max_length=300)] = None,
    unused: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """Show the actor's files, newest first, and the used quota."""
    limits = await service.file_limits(session, resources.settings, actor)
    try:
        page = await service.list_own_files(session, actor, cursor, PAGE_SIZE, unused=bool(unused))
    except BadCursorError:
        return RedirectResponse(ADDRESS, status_code=HTTPStatus.SEE_OTHER)
    kept = {"unused": "1"} if unused else {}
    older = {**kept, "cursor": page.next_cursor}
    context = {
        "files": [(file, file_use_labels(file)) for file in page.items],
        "limits": limits,
        "unused": bool(unused),
        "older": f"{ADDRESS}?{urlencode(older)}" if page.next_cursor else None,
        "newer": (f"{ADDRESS}?{urlencode(kept)}" if kept else ADDRESS) if cursor else None,
    }
    return render(request, "files/own.html", context)


@router.post(f"{ADDRESS}/{{file_id}}/remove")
async def remove_own_file(file_id: UUID, actor: CurrentActor, uow: Uow) -> Response:
    """Delete a file that is not attached to anything."""
    try:
        await service.remove_file(uow, actor, file_id)
    except (FileInUseError, FileTakenDownError) as error:
        return redirect(ADDRESS, error.text(), "bad")
    return redirect(ADDRESS, _("The file is removed."))


def file_use_labels(file: OwnFile) -> list[tuple[str, str]]:
    """Return the label and the address of what a file is attached to."""
    return [(_labelled(use), PLACES[use.kind][1].format(id=use.id)) for use in file.used_by]


def _labelled(use: FileUse) -> str:
    words = _(PLACES[use.kind][0])
    return _("{place}, as an earlier version").format(place=words) if use.earlier else words

"""Pages of notifications, and of the caught e-mail of a demonstration instance."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from app.core.http.dependencies import FeatureRouter, ProcessResources, ReadSession, Uow
from app.core.i18n import _
from app.core.resources import Resources
from app.features.authentication.dependencies import CurrentActor
from app.features.notifications import service
from app.features.notifications.errors import CaughtMailNotFoundError
from app.gateways.mail_catcher_inbox import find_caught_mail, is_open, list_caught_mail
from app.web.flash import redirect
from app.web.templating import render

router = FeatureRouter()

PAGE = 30


@router.get("/notifications")
async def show_notifications(
    request: Request,
    actor: CurrentActor,
    session: ReadSession,
    cursor: Annotated[str | None, Query(max_length=300)] = None,
) -> Response:
    """List the actor's notifications."""
    found = await service.list_notices(session, actor, cursor, PAGE)
    unread: int = request.state.unread_notices
    context = {"notices": found.items, "older": found.next_cursor, "later": cursor, "unread": unread}
    return render(request, "notifications/list.html", context)


@router.post("/notifications/read-all")
async def read_all(actor: CurrentActor, uow: Uow) -> Response:
    """Mark all notifications as read."""
    await service.mark_all_read(uow, actor)
    return redirect("/notifications", _("Everything is marked as read."))


@router.post("/notifications/{notice_id}/open")
async def open_notification(notice_id: UUID, actor: CurrentActor, uow: Uow) -> Response:
    """Mark one notification as read and redirect to its target."""
    notice = await service.mark_read(uow, actor, notice_id)
    return redirect(service.address_of(notice) or "/notifications")


def _is_open(request: Request, resources: Resources) -> bool:
    return is_open(resources.settings, (request.scope.get("server") or (None,))[0])


@router.get("/demo/mail")
async def show_caught_mails(request: Request, resources: ProcessResources) -> Response:
    """List the e-mails that a demonstration instance caught instead of sending them."""
    if not _is_open(request, resources):
        raise CaughtMailNotFoundError
    mails = await asyncio.to_thread(list_caught_mail, resources.settings)
    return render(request, "notifications/caught_mail_list.html", {"mails": mails})


@router.get("/demo/mail/{name}")
async def show_caught_mail(request: Request, name: str, resources: ProcessResources) -> Response:
    """Show one caught e-mail with working links."""
    mail = await asyncio.to_thread(find_caught_mail, resources.settings, name) if _is_open(request, resources) else None
    if mail is None:
        raise CaughtMailNotFoundError
    return render(request, "notifications/caught_mail_show.html", {"mail": mail})

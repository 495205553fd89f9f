"""The unsubscribe page, which works without signing in, also for one-click unsubscribe (RFC 8058)."""

from fastapi import Request, Response

from app.core.http.dependencies import FeatureRouter, ProcessResources, ReadSession, Uow
from app.core.security.csrf import authenticated_by_link
from app.features.matching import service
from app.web.templating import render

router = FeatureRouter()


@router.get("/unsubscribe/{token}")
async def ask_to_unsubscribe(
    request: Request, token: str, session: ReadSession, resources: ProcessResources
) -> Response:
    """Show the confirmation page. GET changes nothing, because some mail programs open every link."""
    found = await service.find_subscription(session, resources, token)
    return render(request, "matching/unsubscribe.html", {"name": found.name, "token": token, "done": False})


@router.post("/unsubscribe/{token}")
@authenticated_by_link
async def unsubscribe(request: Request, token: str, uow: Uow) -> Response:
    """Unsubscribe; sent by the button of the page, or by a mail program (one-click unsubscribe)."""
    ended = await service.unsubscribe(uow, token)
    return render(request, "matching/unsubscribe.html", {"name": ended.name, "token": token, "done": True})

"""The page that ends letters by a link alone, for people and for their mail programs (RFC 8058)."""

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
    """Say what the link ends and ask; programs that open every link of a mail end nothing by it."""
    found = await service.find_subscription(session, resources, token)
    return render(request, "matching/unsubscribe.html", {"name": found.name, "token": token, "done": False})


@router.post("/unsubscribe/{token}")
@authenticated_by_link
async def unsubscribe(request: Request, token: str, uow: Uow) -> Response:
    """End the letters, for the button of the page and for a mail program's own."""
    ended = await service.unsubscribe(uow, token)
    return render(request, "matching/unsubscribe.html", {"name": ended.name, "token": token, "done": True})

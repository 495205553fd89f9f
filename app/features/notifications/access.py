"""What the layout of every page shows of notices and messages: how many were not read."""

from fastapi import Request

from app.core.http.dependencies import connection_resources
from app.features.chat import service as chat
from app.features.identity.access import OptionalActor
from app.features.notifications import service


async def note_unread(request: Request, actor: OptionalActor) -> None:
    """Count the unread notices and conversations of whoever is signed in, for the head; guests cost nothing."""
    if actor is None or request.method != "GET":
        return
    async with connection_resources(request).read_sessions() as session:
        request.state.unread_notices = await service.count_unread(session, actor.id)
        request.state.unread_conversations = await chat.count_unread(session, actor.id)

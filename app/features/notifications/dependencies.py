"""What the layout of every page shows: who reads it, and how many notices and messages they have not read."""

from fastapi import Request

from app.core.http.dependencies import connection_resources
from app.core.http.openapi import AuthRequirement, requires_auth
from app.core.resources import ContextState
from app.core.security.csrf import SAFE_METHODS
from app.features.authentication.dependencies import find_view, find_view_by
from app.features.authentication.service import SessionGate
from app.features.chat import service as chat
from app.features.notifications import service

_PAGE_GATE = ContextState(
    lambda resources: SessionGate(resources, service.unread_notices(), chat.unread_conversations())
)
"""The check of sessions that counts in the same statement what its owner has not read."""


@requires_auth(AuthRequirement.OPTIONAL_SESSION)
async def find_page_reader(request: Request) -> None:
    """Find out who reads a page, with the unread notices and conversations for its head; guests cost nothing."""
    if request.method not in SAFE_METHODS:
        await find_view(request)
        return
    view = await find_view_by(request, _PAGE_GATE.of(connection_resources(request)))
    if view is not None and view.counts:
        request.state.unread_notices, request.state.unread_conversations = view.counts

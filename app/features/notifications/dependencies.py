"""Dependencies of every page's layout: the signed-in reader, and the counts of unread notifications and messages."""

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
"""Session check that also counts the owner's unread notifications and conversations in the same statement."""


@requires_auth(AuthRequirement.OPTIONAL_SESSION)
async def find_page_reader(request: Request) -> None:
    """Find the signed-in reader of a page, with the unread counts for its header; guests cost no statement."""
    if request.method not in SAFE_METHODS:
        await find_view(request)
        return
    view = await find_view_by(request, _PAGE_GATE.of(connection_resources(request)))
    if view is not None and view.counts:
        request.state.unread_notices, request.state.unread_conversations = view.counts

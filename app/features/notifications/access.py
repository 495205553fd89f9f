"""What the layout of every page shows: who reads it, and how many notices and messages they have not read."""

from fastapi import Request

from app.core.http import connection_resources
from app.core.openapi import Proof, asks_for
from app.core.resources import Resources
from app.core.security.csrf import SAFE_METHODS
from app.features.chat import service as chat
from app.features.identity.access import find_view, find_view_by
from app.features.identity.service import SessionGate
from app.features.notifications import service


def _page_gate(resources: Resources) -> SessionGate:
    """Return the check of sessions that counts in the same statement what its owner has not read."""
    made = resources.extras.get("page_gate")
    if not isinstance(made, SessionGate):
        made = SessionGate(resources, service.unread_notices(), chat.unread_conversations())
        resources.extras["page_gate"] = made
    return made


@asks_for(Proof.MAYBE_SESSION)
async def find_page_reader(request: Request) -> None:
    """Find out who reads a page, with the unread notices and conversations for its head; guests cost nothing."""
    if request.method not in SAFE_METHODS:
        await find_view(request)
        return
    view = await find_view_by(request, _page_gate(connection_resources(request)))
    if view is not None and view.counts:
        request.state.unread_notices, request.state.unread_conversations = view.counts

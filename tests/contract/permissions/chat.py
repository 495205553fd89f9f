"""Conversations: visible only to the two sides of a proposal."""

from collections.abc import Mapping
from typing import Any

from app.features.chat import service
from app.features.chat.schemas import MessageWrite
from tests.contract.permissions.fixtures import Scene
from tests.contract.permissions.table import SIGNED_IN, Row, page

MESSAGE = {"text": "Когда сможете начать?"}


def about_conversation(ids: Mapping[str, Any]) -> dict[str, Any]:
    """Report the conversation to the operator."""
    return {"subject": {"kind": "conversation", "id": str(ids["conversation_id"])}, "reason": "fraud"}


async def _conversation(scene: Scene, row: Row, role: str) -> dict[str, Any]:
    """Create an order whose customer has written to the freelancer."""
    made = await scene.market_of(row, role)
    customer = scene.people["banned" if role == "banned" else "customer"]
    async with scene.market.uow() as work:
        sent = await service.write_about(work, customer, made["proposal_id"], MessageWrite.model_validate(MESSAGE))
    return made | {"conversation_id": sent.conversation.id}


MAKERS: dict[str, Any] = {"conversation_id": _conversation}

ROWS = [
    Row("GET /conversations", SIGNED_IN),
    Row("GET /conversations/{conversation_id}", (401, 404, 404, 200, 200)),
    Row("GET /conversations/{conversation_id}/messages", (401, 404, 404, 200, 200)),
    Row("POST /conversations/{conversation_id}/messages", (401, 404, 404, 201, 201), body=MESSAGE),
    Row("POST /conversations/{conversation_id}/read", (401, 404, 404, 200, 200), body={"number": 1}),
    Row("GET /proposals/{proposal_id}/conversation", (401, 404, 404, 404, 404)),
    Row("POST /proposals/{proposal_id}/messages", (401, 404, 404, 409, 201), body=MESSAGE),
    Row("POST /reports", (401, 404, 404, 201, 201), body=about_conversation, about=("conversation_id",)),
]

PAGES = [
    page("GET /messages", 401, 200),
    page("GET /messages/{conversation_id}", 401, 404, 404, 200, 200),
    page("POST /messages/{conversation_id}", 401, 404, 404, 303, 303, body=MESSAGE),
    page("GET /messages/{conversation_id}/after/{number}", 401, 404, 404, 200, 200, fixed={"number": 0}),
    page("POST /messages/{conversation_id}/read", 401, 404, 404, 303, 303, body={"number": "1"}),
    page("GET /proposals/{proposal_id}/messages", 401, 404, 404, 200, 200),
    page("POST /proposals/{proposal_id}/messages", 401, 404, 404, 303, 303, body=MESSAGE),
]

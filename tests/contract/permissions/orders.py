"""Orders: a draft responds 404 to everybody but its customer."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from app.features.orders import service
from tests.contract.permissions.fixtures import Scene
from tests.contract.permissions.table import EVERYBODY, ORDER, SIGNED_IN, Row, page

ORDER_FORM = {
    "title": "Новый заказ",
    "description": "Что сделать и к какому сроку.",
    "budget_kind": "fixed",
    "budget": "50 000",
    "currency": "RUB",
}

NAME = {"name": "Хлебные сайты"}


async def _template(scene: Scene, _row: Row, role: str) -> UUID:
    """Create a template of the customer."""
    customer = scene.people["banned" if role == "banned" else "customer"]
    order = await scene.market.draft(customer)
    async with scene.market.uow() as work:
        return (await service.save_template(work, customer, order.id, NAME["name"])).id


ROWS = [
    Row("GET /state-machines", EVERYBODY),
    Row("GET /state-machines/{name}", EVERYBODY),
    Row("GET /orders", EVERYBODY),
    Row("POST /orders", (401, 201, 201, 201, 201), body=ORDER),
    Row("GET /orders/facets", EVERYBODY),
    Row("GET /orders/did-you-mean", EVERYBODY),
    Row("GET /orders/mine", SIGNED_IN),
    Row("GET /orders/{order_id}", EVERYBODY),
    Row("GET /orders/{order_id}", (404, 404, 404, 404, 200), "draft"),
    Row("PATCH /orders/{order_id}", (401, 403, 403, 403, 200), body={"title": "Другое имя"}),
    Row("PATCH /orders/{order_id}", (401, 404, 404, 404, 200), "draft", {"title": "Другое имя"}),
    Row("POST /orders/{order_id}/publish", (401, 403, 403, 403, 409)),
    Row("POST /orders/{order_id}/publish", (401, 404, 404, 404, 200), "draft"),
    Row("POST /orders/{order_id}/renew", (401, 403, 403, 403, 200)),
    Row("POST /orders/{order_id}/renew", (401, 404, 404, 404, 409), "draft"),
    Row("POST /orders/{order_id}/pause", (401, 403, 403, 403, 200)),
    Row("POST /orders/{order_id}/share-key", (401, 403, 403, 403, 409)),
    Row("POST /orders/{order_id}/pause", (401, 404, 404, 404, 409), "draft"),
    Row("POST /orders/{order_id}/resume", (401, 403, 403, 403, 409)),
    Row("POST /orders/{order_id}/close", (401, 403, 403, 403, 200)),
    Row("POST /orders/{order_id}/close", (401, 404, 404, 404, 200), "draft"),
    Row("POST /orders/{order_id}/invitations", (401, 403, 403, 403, 404), body={"username": "nobody_at_all"}),
    Row("POST /orders/{order_id}/invitations", (401, 404, 404, 404, 409), "draft", {"username": "nobody_at_all"}),
    Row("GET /orders/{order_id}/invitations", (401, 403, 403, 403, 200)),
    Row("GET /orders/{order_id}/invitations", (401, 404, 404, 404, 200), "draft"),
    Row("GET /invitations/mine", SIGNED_IN),
    Row("POST /invitations/{invitation_id}/decline", (401, 404, 404, 404, 404)),
    Row("POST /orders/{order_id}/copy", (401, 403, 403, 403, 201)),
    Row("POST /orders/{order_id}/copy", (401, 404, 404, 404, 201), "draft"),
    Row("POST /orders/{order_id}/template", (401, 403, 403, 403, 201), body=NAME),
    Row("POST /orders/{order_id}/template", (401, 404, 404, 404, 201), "draft", NAME),
    Row("GET /order-templates", SIGNED_IN),
    Row("PATCH /order-templates/{template_id}", (401, 404, 404, 404, 200), body=NAME),
    Row("DELETE /order-templates/{template_id}", (401, 404, 404, 404, 204)),
    Row("POST /order-templates/{template_id}/use", (401, 404, 404, 404, 201)),
    Row("GET /orders/{order_id}/revisions", EVERYBODY),
    Row("GET /orders/{order_id}/revisions", (404, 404, 404, 404, 200), "draft"),
]

PAGES = [
    page("GET /orders", 200, 200),
    page("GET /ranking", 200, 200),
    page("GET /orders/mine", 401, 308),
    page("GET /my/orders", 401, 200),
    page("POST /orders/{order_id}/copy", 401, 403, 403, 403, 303),
    page("POST /orders/{order_id}/copy", 401, 404, 404, 404, 303, state="draft"),
    page("GET /orders/{order_id}/template", 401, 403, 403, 403, 200),
    page("POST /orders/{order_id}/template", 401, 403, 403, 403, 303, body=NAME),
    page("GET /my/order-templates", 401, 200),
    page("POST /my/order-templates/{template_id}/use", 401, 404, 404, 404, 303),
    page("POST /my/order-templates/{template_id}/rename", 401, 404, 404, 404, 303, body=NAME),
    page("POST /my/order-templates/{template_id}/delete", 401, 404, 404, 404, 303),
    page("GET /orders/new", 401, 200),
    page("POST /orders/new", 401, 303, body=ORDER_FORM),
    page("GET /orders/{order_id}/card.png", 200, 200),
    page("GET /orders/{order_id}/card.png", 404, 404, 404, 404, 404, state="draft"),
    page("GET /orders/{order_id}/edit", 401, 403, 403, 403, 200),
    page("GET /orders/{order_id}/edit", 401, 404, 404, 404, 200, state="draft"),
    page("POST /orders/{order_id}/edit", 401, 403, 403, 403, 303, body=ORDER_FORM),
    page("POST /orders/{order_id}/edit", 401, 404, 404, 404, 303, state="draft", body=ORDER_FORM),
    page("POST /orders/{order_id}/publish", 401, 403, 403, 403, 409),
    page("POST /orders/{order_id}/publish", 401, 404, 404, 404, 303, state="draft"),
    page("POST /orders/{order_id}/renew", 401, 403, 403, 403, 303),
    page("POST /orders/{order_id}/renew", 401, 404, 404, 404, 409, state="draft"),
    page("GET /states", 200, 200),
    page("GET /orders/{order_id}/invitations", 401, 403, 403, 403, 200),
    page("GET /orders/{order_id}/invitations", 401, 404, 404, 404, 200, state="draft"),
    page("POST /orders/{order_id}/invitations", 401, 403, 403, 403, 422, body={"username": "nobody_at_all"}),
    page("GET /my/invitations", 401, 200),
    page("POST /invitations/{invitation_id}/decline", 401, 404, body={"reason": "busy"}),
    page("POST /orders/{order_id}/pause", 401, 403, 403, 403, 303),
    page("POST /orders/{order_id}/share-key", 401, 403, 403, 403, 409),
    page("POST /orders/{order_id}/pause", 401, 404, 404, 404, 409, state="draft"),
    page("POST /orders/{order_id}/resume", 401, 403, 403, 403, 409),
    page("GET /orders/{order_id}/close", 401, 403, 403, 403, 200),
    page("GET /orders/{order_id}/close", 401, 404, 404, 404, 200, state="draft"),
    page("POST /orders/{order_id}/close", 401, 403, 403, 403, 303, body={"reason": "other"}),
    page("POST /orders/{order_id}/close", 401, 404, 404, 404, 303, state="draft", body={"reason": "other"}),
]


async def _order_machine(*_of: object) -> str:
    return "order"


async def _no_invitation(*_of: object) -> UUID:
    return uuid4()


MAKERS: dict[str, Callable[..., Any]] = {
    "template_id": _template,
    "name": _order_machine,
    "invitation_id": _no_invitation,
}

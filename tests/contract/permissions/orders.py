"""Orders: a draft is not there for anybody but its customer."""

from tests.contract.permissions.table import EVERYBODY, ORDER, SIGNED_IN, Row

ROWS = [
    Row("GET /orders", EVERYBODY),
    Row("POST /orders", (401, 201, 201, 201, 201), body=ORDER),
    Row("GET /orders/mine", SIGNED_IN),
    Row("GET /orders/{order_id}", EVERYBODY),
    Row("GET /orders/{order_id}", (404, 404, 404, 404, 200), "draft"),
    Row("PATCH /orders/{order_id}", (401, 403, 403, 403, 200), body={"title": "Другое имя"}),
    Row("PATCH /orders/{order_id}", (401, 404, 404, 404, 200), "draft", {"title": "Другое имя"}),
    Row("POST /orders/{order_id}/publish", (401, 403, 403, 403, 409)),
    Row("POST /orders/{order_id}/publish", (401, 404, 404, 404, 200), "draft"),
    Row("POST /orders/{order_id}/renew", (401, 403, 403, 403, 200)),
    Row("POST /orders/{order_id}/renew", (401, 404, 404, 404, 409), "draft"),
    Row("POST /orders/{order_id}/close", (401, 403, 403, 403, 200)),
    Row("POST /orders/{order_id}/close", (401, 404, 404, 404, 200), "draft"),
    Row("GET /orders/{order_id}/revisions", EVERYBODY),
    Row("GET /orders/{order_id}/revisions", (404, 404, 404, 404, 200), "draft"),
]

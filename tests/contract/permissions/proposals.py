"""Proposals: seen by who made them and by the customer."""

from tests.contract.permissions.table import OFFER, SIGNED_IN, Row

ROWS = [
    Row("POST /orders/{order_id}/proposals", (401, 201, 409, 409, 403), body=OFFER),
    Row("POST /orders/{order_id}/proposals", (401, 404, 404, 404, 409), "draft", OFFER),
    Row("GET /orders/{order_id}/proposals", (401, 404, 200, 200, 200)),
    Row("GET /orders/{order_id}/proposals", (401, 404, 404, 404, 200), "draft"),
    Row("GET /proposals/mine", SIGNED_IN),
    Row("GET /proposals/{proposal_id}", (401, 404, 404, 200, 200)),
    Row("PATCH /proposals/{proposal_id}", (401, 404, 404, 200, 403), body={"term_days": 9}),
    Row("POST /proposals/{proposal_id}/accept", (401, 404, 404, 403, 200)),
    Row("POST /proposals/{proposal_id}/decline", (401, 404, 404, 403, 200)),
    Row("POST /proposals/{proposal_id}/withdraw", (401, 404, 404, 200, 403)),
]

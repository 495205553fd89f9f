"""Agreements: a proposal is accepted by the order's customer, an offer by the side that received it."""

from tests.contract.permissions.table import Row, page

ROWS = [
    Row("POST /proposals/{proposal_id}/accept", (401, 404, 404, 403, 200), body={"version": 1}),
    Row("POST /offers/{offer_id}/accept", (401, 404, 404, 200, 403), body={"order_version": 1}),
]

PAGES = [
    page("GET /proposals/{proposal_id}/accept", 401, 404, 404, 303, 200),
    page("POST /proposals/{proposal_id}/accept", 401, 404, 404, 403, 303),
    page("POST /offers/{offer_id}/accept", 401, 404, 404, 303, 403),
]

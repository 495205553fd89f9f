"""Notices: everybody their own."""

from tests.contract.permissions.table import SIGNED_IN, Row

ROWS = [
    Row("GET /notifications", SIGNED_IN),
    Row("GET /notifications/unread-count", SIGNED_IN),
    Row("POST /notifications/read-all", SIGNED_IN),
    Row("POST /notifications/{notice_id}/read", (401, 404, 404, 404, 404)),
]

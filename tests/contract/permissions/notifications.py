"""Notifications: everybody sees their own."""

from tests.contract.permissions.table import SIGNED_IN, Row, page

ROWS = [
    Row("GET /notifications", SIGNED_IN),
    Row("GET /notifications/unread-count", SIGNED_IN),
    Row("POST /notifications/read-all", SIGNED_IN),
    Row("POST /notifications/{notice_id}/read", (401, 404, 404, 404, 404)),
]

PAGES = [
    page("GET /notifications", 401, 200),
    page("POST /notifications/read-all", 401, 303),
    page("POST /notifications/{notice_id}/open", 401, 404),
    page("GET /demo/mail", 200, 200),
    page("GET /demo/mail/{name}", 404, 404, fixed={"name": "nothing.eml"}),
]

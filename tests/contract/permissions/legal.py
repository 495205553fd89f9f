"""Legal statuses: everybody has their own; what forms ask for is public."""

from tests.contract.permissions.table import EVERYBODY, SIGNED_IN, Row, page

DETAILS = {"legal_name": "Анна", "address": "Алматы"}
BODY = {"kind": "person", "country": "KZ", "fields": DETAILS, "version": 0}
ROWS = [
    Row("GET /legal-forms/{country}", EVERYBODY, fixed={"country": "RU"}),
    Row("GET /profiles/me/legal-status", SIGNED_IN),
    Row("PUT /profiles/me/legal-status", SIGNED_IN, body=BODY),
    Row("GET /profiles/me/legal-status/history", SIGNED_IN),
]
PAGES = [
    page("GET /settings/legal", 401, 200),
    page(
        "POST /settings/legal",
        401,
        303,
        body=DETAILS | {"kind": "person", "country": "KZ", "version": "0"},
    ),
]

"""Finance pages: only people with a role of finance, and administrators."""

from uuid import uuid4

from tests.contract.permissions.table import Row, page

CLOSED = (401, 403, 403, 403, 403)
MISSING = {"txn_id": str(uuid4())}
ROWS = [
    Row("GET /finance/overview", CLOSED, operator=200),
    Row("GET /finance/search", CLOSED, operator=422),
    Row("GET /finance/transactions/{txn_id}", CLOSED, operator=404, fixed=MISSING),
    Row("GET /finance/transactions/{txn_id}/receipt", CLOSED, operator=404, fixed=MISSING),
]
PAGES = [
    page("GET /finance", 401, 403, operator=200),
    page("GET /finance/search", 401, 403, operator=200),
    page("GET /finance/transactions/{txn_id}", 401, 403, operator=404, fixed=MISSING),
    page("GET /finance/transactions/{txn_id}/receipt", 401, 403, operator=404, fixed=MISSING),
]

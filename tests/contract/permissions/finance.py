"""Finance pages: only people with a role of finance, and administrators."""

from uuid import uuid4

from tests.contract.permissions.table import Row, page

CLOSED = (401, 403, 403, 403, 403)
MISSING = {"txn_id": str(uuid4())}
NO_WITHDRAWAL = {"withdrawal_id": str(uuid4())}
NO_CORRECTION = {"correction_id": str(uuid4())}
CORRECTION = {
    "kind": "correction",
    "debit": "loss",
    "credit": "other_income",
    "money": {"amount": 100, "currency": "RUB"},
    "reason": "other",
    "explanation": "To see who may.",
    "evidence": "This table.",
}
ROWS = [
    Row("GET /finance/overview", CLOSED, operator=200),
    Row("GET /finance/search", CLOSED, operator=422),
    Row("GET /finance/transactions/{txn_id}", CLOSED, operator=404, fixed=MISSING),
    Row("GET /finance/transactions/{txn_id}/receipt", CLOSED, operator=404, fixed=MISSING),
    Row("GET /finance/audit", CLOSED, operator=200),
    Row("GET /finance/withdrawals", CLOSED, operator=200),
    Row("GET /finance/withdrawals/{withdrawal_id}", CLOSED, operator=404, fixed=NO_WITHDRAWAL),
    Row("POST /finance/withdrawals/{withdrawal_id}/approve", CLOSED, operator=404, fixed=NO_WITHDRAWAL),
    Row(
        "POST /finance/withdrawals/{withdrawal_id}/refuse",
        CLOSED,
        operator=404,
        body={"reason": "No."},
        fixed=NO_WITHDRAWAL,
    ),
    Row("GET /finance/corrections", CLOSED, operator=200),
    Row("POST /finance/corrections", CLOSED, operator=201, body=CORRECTION),
    Row("GET /finance/corrections/{correction_id}", CLOSED, operator=404, fixed=NO_CORRECTION),
    Row("POST /finance/corrections/{correction_id}/approve", CLOSED, operator=404, body={}, fixed=NO_CORRECTION),
    Row("POST /finance/corrections/{correction_id}/refuse", CLOSED, operator=404, body={}, fixed=NO_CORRECTION),
]
PAGES = [
    page("GET /finance", 401, 403, operator=200),
    page("GET /finance/search", 401, 403, operator=200),
    page("GET /finance/transactions/{txn_id}", 401, 403, operator=404, fixed=MISSING),
    page("GET /finance/transactions/{txn_id}/receipt", 401, 403, operator=404, fixed=MISSING),
    page("GET /finance/audit", 401, 403, operator=200),
    page("GET /finance/withdrawals", 401, 403, operator=200),
    page("GET /finance/withdrawals/{withdrawal_id}", 401, 403, operator=404, fixed=NO_WITHDRAWAL),
    page("POST /finance/withdrawals/{withdrawal_id}/approve", 401, 403, operator=400, body={}, fixed=NO_WITHDRAWAL),
    page("POST /finance/withdrawals/{withdrawal_id}/refuse", 401, 403, operator=400, body={}, fixed=NO_WITHDRAWAL),
    page("GET /finance/corrections", 401, 403, operator=200),
    page("GET /finance/corrections/new", 401, 403, operator=200),
    page("POST /finance/corrections/new", 401, 403, operator=400, body={"kind": "correction"}),
    page("GET /finance/corrections/{correction_id}", 401, 403, operator=404, fixed=NO_CORRECTION),
    page("POST /finance/corrections/{correction_id}/approve", 401, 403, operator=400, body={}, fixed=NO_CORRECTION),
    page("POST /finance/corrections/{correction_id}/refuse", 401, 403, operator=400, body={}, fixed=NO_CORRECTION),
]

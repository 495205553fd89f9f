"""The transparency log: checkpoints are open to everybody, proofs of transactions to their parties."""

from uuid import uuid4

from tests.contract.permissions.table import EVERYBODY, Row, page

MISSING = {"size": 7}
NIGHT = {"night": "2020-01-01"}
HIDDEN = (401, 404, 404, 404, 404)
ROWS = [
    Row("GET /transparency/checkpoints", EVERYBODY),
    Row("GET /transparency/checkpoints/{size}", (404, 404, 404, 404, 404), fixed=MISSING),
    Row("GET /transparency/consistency", (422, 422, 422, 422, 422)),
    Row("GET /transparency/receipts/{txn_id}", HIDDEN, fixed={"txn_id": str(uuid4())}),
    Row("GET /transparency/solvency", EVERYBODY),
    Row("GET /transparency/solvency/own", HIDDEN),
    Row("GET /transparency/solvency/{night}", (404, 404, 404, 404, 404), fixed=NIGHT),
]
PAGES = [
    page("GET /transparency", 200, 200),
    page("GET /transparency/checkpoints/{size}", 404, 404, fixed=MISSING),
    page("GET /transparency/verify", 200, 200),
    page("GET /transparency/bundle.zip", 401, 409),
    page("GET /transparency/solvency/{night}", 404, 404, fixed=NIGHT),
    page("GET /wallet/proof", 401, 200),
    page("GET /wallet/proof/file", 401, 404),
]

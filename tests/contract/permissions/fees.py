"""Fees: open to everybody."""

from tests.contract.permissions.table import EVERYBODY, Row, page

ROWS = [Row("GET /fees", EVERYBODY)]

PAGES = [page("GET /fees", 200, 200)]

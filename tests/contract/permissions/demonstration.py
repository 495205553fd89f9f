"""The clock of a demonstration: everybody sees it, whoever is signed in turns it."""

from tests.contract.permissions.table import EVERYBODY, SIGNED_IN, Row, page

ROWS = [
    Row("GET /clock", EVERYBODY),
    Row("POST /clock", SIGNED_IN, body={"seconds": 60}),
]

PAGES = [
    page("GET /demo/clock", 200, 200),
    page("POST /demo/clock", 401, 303, body={"by": "1m"}),
]

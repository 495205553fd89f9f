"""Categories and skills: open to everybody."""

from tests.contract.permissions.table import EVERYBODY, Row

ROWS = [
    Row("GET /categories", EVERYBODY),
    Row("GET /catalogue/suggestions", EVERYBODY),
    Row("GET /skills", EVERYBODY),
]

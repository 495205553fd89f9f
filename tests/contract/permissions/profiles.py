"""Profiles: what is known of people is open to everybody; what they write about themselves is theirs."""

from tests.contract.permissions.table import EVERYBODY, Row

ROWS = [
    Row("GET /customers/facts", EVERYBODY),
]

"""Money is counted in integers: neither code nor columns of the features that move it know floats."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import BigInteger, Column, Float, LargeBinary, MetaData, Numeric, String, Table, Text
from sqlalchemy.dialects.postgresql import MONEY
from sqlalchemy.types import TypeEngine

from app.core.database import Base
from app.models.ledger import LEDGER
from tests.architecture.test_structure import APP, by_name, name, tree

MONEY_FEATURES = ("ledger", "contracts", "payments", "fees")
SOURCES = [
    path for feature in MONEY_FEATURES for path in sorted((APP / "features" / feature).rglob("*.py")) if path.is_file()
]
AMOUNTS = ("amount", "debits", "credits", "minimum", "cap", "fee", "tax", "price", "refunded")
"""Names of columns that hold an amount, or the ends of their names."""


def floats(source: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield each place where a number may stop being an integer."""
    for node in ast.walk(source):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield node.lineno, "a float"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"float", "round"}:
            yield node.lineno, f"{node.func.id}()"
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            yield node.lineno, "a true division"


@pytest.mark.parametrize("path", SOURCES, ids=by_name)
def test_features_that_move_money_compute_with_integers(path: Path) -> None:
    assert [f"{name(path)}:{line}: {what}" for line, what in floats(tree(path))] == []


@pytest.mark.parametrize("code", ["x = 1.5", "x = float(y)", "x = y / 100", "x /= 100", "x = round(y)"])
def test_each_way_to_a_float_is_noticed(code: str) -> None:
    assert len(list(floats(ast.parse(code)))) == 1


def wrong_columns(metadata: MetaData) -> list[str]:
    """Return the columns of amounts that are no integers, and every column of money or float in the ledger."""
    return [
        f"{table.fullname}.{column.name}: {column.type}"
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, MONEY)
        or (table.schema == LEDGER and isinstance(column.type, Float))
        or (
            column.name.rpartition("_")[2] in AMOUNTS
            and (isinstance(column.type, Float | String | LargeBinary) or _has_digits(column.type))
        )
    ]


def _has_digits(kind: object) -> bool:
    return isinstance(kind, Numeric) and bool(kind.scale)


def test_no_column_of_money_is_a_float_a_text_or_money() -> None:
    assert wrong_columns(Base.metadata) == []


def test_each_wrong_column_is_noticed() -> None:
    kinds: list[TypeEngine[Any]] = [Float(), Text(), MONEY(), Numeric(10, 2), LargeBinary(), BigInteger(), Numeric()]
    metadata = MetaData()
    for number, kind in enumerate(kinds):
        Table(f"t{number}", metadata, Column("price_amount", kind))
    assert [place.partition(".")[0] for place in wrong_columns(metadata)] == [f"t{number}" for number in range(5)]

"""The register of requirements names existing tests, and covers all of the 21 vulnerabilities."""

import ast
from functools import lru_cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
REGISTER: dict[str, dict[str, list[str]]] = yaml.safe_load(
    (Path(__file__).parent / "requirements.yaml").read_text(encoding="utf-8")
)
NAMED = sorted({test for part in ("holes", "items") for tests in REGISTER[part].values() for test in tests})
IN_SCOPE = {
    "5.1": "1", "5.2": "1 2 3 4 5 6", "5.3": "1 2 3", "5.4": "1 2 3",
    "3.2": "1 2", "3.3": "1 2 3 4 5", "3.4": "1 2 3 4 5 6 7 8", "3.5": "1 2 3 4 5 6 8", "3.6": "1", "3.7": "1 2 3",
    "6.1": "1 2 3", "6.2": "1 2 3 4 5 6 7 8 9 10 11 12", "6.3": "1 2 3 4 5 7 8", "6.4": "1 2 3 4 6",
    "6.5": "1 2 3 4 5 6 8", "6.6": "1 2 3", "6.7": "2", "6.8": "1 2 4",
    "7.1": "1 2 3", "7.2": "1 2 3 4", "7.3": "1 2", "7.4": "1 2 3 4 5", "7.5": "1 2 3", "7.6": "1 2",
    "8.1": "1", "8.2": "1 3", "8.3": "1 2",
    "9.1": "1 2 3", "9.2": "1 2 3 4",
}  # fmt: skip


@lru_cache
def names_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds) and node.name.startswith("test_"))


@pytest.mark.parametrize("named", NAMED)
def test_a_named_test_exists(named: str) -> None:
    path, name = named.split("::")
    assert name in names_in(path)


def test_every_hole_and_every_item_has_a_test() -> None:
    assert list(REGISTER["holes"]) == [f"P{number}" for number in range(1, 22)]
    assert all(tests for part in REGISTER.values() for tests in part.values())
    for hole, tests in REGISTER["holes"].items():
        assert any(f"::test_{hole.lower()}_" in test and "/test_requirements_p" in test for test in tests), hole


def test_every_item_in_scope_has_a_test_or_a_reason() -> None:
    wanted = {f"{section}.{item}" for section, items in IN_SCOPE.items() for item in items.split()}
    tested, waiting = set(REGISTER["items"]), set(REGISTER["not_yet"])
    assert wanted - tested - waiting == set()
    assert tested & waiting == set()
    assert waiting <= wanted
    assert all(str(reason).startswith(("not yet: ", "static: ")) for reason in REGISTER["not_yet"].values())

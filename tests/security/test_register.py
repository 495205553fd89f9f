"""The register of promises names tests that exist, and leaves out none of the 21 holes."""

import ast
from functools import lru_cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
REGISTER: dict[str, dict[str, list[str]]] = yaml.safe_load(
    (Path(__file__).parent / "register.yaml").read_text(encoding="utf-8")
)
NAMED = sorted({test for part in REGISTER.values() for tests in part.values() for test in tests})


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

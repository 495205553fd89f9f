"""The tests that `docs/proofs.md` names exist, and every invariant and goal has some or a reason."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROWS = re.split(r"^\*\*(?=[IM]\d+\*\*)", (ROOT / "docs" / "proofs.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
LATER = {"I14"}
"""Statements about what does not exist yet."""


def test_every_invariant_and_goal_is_held_by_tests() -> None:
    named = {row.partition("**")[0]: re.findall(r"^- `(.+)`$", row, re.MULTILINE) for row in ROWS[1:]}
    assert set(named) == {f"I{number}" for number in range(1, 30)} | {f"M{number}" for number in range(1, 20)}
    assert {name for name, tests in named.items() if not tests} == LATER


def test_the_tests_that_are_named_exist() -> None:
    for test in re.findall(r"^- `(.+)`$", "".join(ROWS), re.MULTILINE):
        path, _, name = test.partition("::")
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        found = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
        assert not name or name in found, test

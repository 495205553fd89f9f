"""What moves money and who may do it: changed code is noticed by the tests. The tool that changes it is tested too."""

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from tools.mutate import install, mutants

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS, FINANCE = "tests/features/contracts", "tests/features/finance/test_corrections.py"
MODULES = {
    "app.features.fees.rules": ["tests/features/fees/test_rules.py"],
    "app.features.ledger.rules.templates": ["tests/features/ledger/test_templates.py"],
    "app.features.contracts.policy": [f"{CONTRACTS}/test_guards.py"],
    "app.features.contracts.service.guards": [
        f"{CONTRACTS}/{name}.py" for name in ("test_guards", "test_refunds", "test_change_orders", "test_timers")
    ],
    "app.features.finance.policy": [FINANCE],
    "app.features.finance.rules": [FINANCE],
    "app.features.hiring.policy": ["tests/features/hiring"],
}
SOURCE = """
LIMIT = 3

def enough(amount: int) -> bool:
    if amount < 0:
        raise ValueError
    return amount >= LIMIT and True
"""


def test_each_operator_constant_and_statement_is_changed_once() -> None:
    found = {ast.unparse(mutant.tree) for mutant in mutants(SOURCE)}
    assert len(found) == 9
    for changed in (
        "LIMIT = 4",
        "amount <= 0",
        "amount < 1",
        "not amount < 0",
        "    pass",
        "amount > LIMIT",
        "or True",
    ):
        assert any(changed in source for source in found), changed


def test_a_mutant_takes_the_place_of_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "subject_of_mutants.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))
    subject = import_module("subject_of_mutants")
    kept = subject.enough
    assert kept(3)
    install(subject, next(mutant.tree for mutant in mutants(SOURCE) if "LIMIT = 4" in ast.unparse(mutant.tree)))
    assert not kept(3)
    assert kept(4)


@pytest.mark.campaign
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("module", MODULES)
def test_nine_of_ten_changes_are_noticed(module: str) -> None:
    command = [sys.executable, "-m", "tools.mutate", module, "--tests", *MODULES[module]]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert made.returncode == 0, made.stdout + made.stderr

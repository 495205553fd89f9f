"""Every change made by a command goes through a use case that takes an actor and writes an audit entry."""

import ast
import inspect
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

from app.core.actor import Actor
from tests.architecture.test_structure import APP, ROOT, name, tree

COMMANDS = sorted((APP / "cli").rglob("*.py"))
DEMONSTRATION = [APP / "cli" / "seeding" / name for name in ("demo.py", "deals.py", "deal_steps.py")]
"""Acts as the people it creates, through their use cases; one entry covers all of it, which is checked below."""

# Called by a command with a unit of work or the resources, and without an audit entry; each with its reason.
NO_ENTRY: dict[str, str] = {
    "app.features.matching.service.customer_stats.mark_all_customers": "continues recount_all_customers",
    "app.features.matching.service.customer_stats.count_stale_customers": "the schedule does it as well",
    "app.features.catalog.service.search_suggestions.learn_terms": "the schedule does it as well",
    "app.core.clock_reading.read_clock": "only reads",
    "app.core.clock_reading.refuse_turned_clock": "only reads",
    "app.features.demonstration.service.read_clock": "only reads",
    "app.features.transparency.workflows.export_papers": "it reads papers and changes nothing",
    "app.features.payments.workflows.reconcile": "the schedule does it as well, and every case has its own time",
    "app.features.identity.service.registration.prepare": "checks a form and hashes a password, changes nothing",
}
# Called with the session of a unit of work: queries, and the audit entry itself.
QUERIES = {
    "app.features.identity.service.operator_commands.find_named",
    "app.features.identity.service.operator_commands.find_person",
}
NEVER_RECORDED = {"password", "password_hash", "secret", "token", "code", "email", "phone", "text", "body", "letter"}


def imported(source: ast.Module) -> dict[str, Any]:
    """Return what a module and its functions import, by the local name."""
    found: dict[str, Any] = {}
    for node in ast.walk(source):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("app."):
            home = import_module(str(node.module))
            for alias in node.names:
                value = getattr(home, alias.name, None)
                found[alias.asname or alias.name] = value or import_module(f"{node.module}.{alias.name}")
    return found


def callee(call: ast.Call, names: dict[str, Any]) -> Callable[..., Any] | None:
    """Return the imported function that is called, or None for a function of the module itself."""
    if isinstance(call.func, ast.Name):
        return names.get(call.func.id)
    if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
        return getattr(names.get(call.func.value.id), call.func.attr, None)
    return None


def called_with(first: str) -> Iterator[tuple[Path, FunctionType]]:
    """Yield the functions outside the command line that get this as their first argument."""
    for path in COMMANDS:
        source = tree(path)
        names = imported(source)
        for node in ast.walk(source):
            if isinstance(node, ast.Call) and node.args and ast.unparse(node.args[0]) == first:
                function = callee(node, names)
                if isinstance(function, FunctionType) and not function.__module__.startswith("app.cli"):
                    yield path, function


def full_name(function: FunctionType) -> str:
    """Return the module and the name of a function."""
    return f"{function.__module__}.{function.__qualname__}"


def reached(function: FunctionType) -> list[ast.AST]:
    """Return the source of a function and of the functions of its module that it calls."""
    module = inspect.getsourcefile(function)
    assert module
    functions = {
        node.name: node for node in tree(Path(module)).body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    found, waiting = dict[str, ast.AST](), [function.__name__]
    while waiting:
        each = waiting.pop()
        if each in functions and each not in found:
            found[each] = functions[each]
            waiting += [node.id for node in ast.walk(functions[each]) if isinstance(node, ast.Name)]
    return list(found.values())


def records(parts: list[ast.AST]) -> bool:
    """Tell whether the source writes to the audit log."""
    return any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "record_audit"
        for part in parts
        for node in ast.walk(part)
    )


CALLED = {
    full_name(function): function
    for first in ("uow", "resources")
    for path, function in called_with(first)
    if path not in DEMONSTRATION and function.__module__ != "app.core.unit_of_work"
}
USE_CASES = {known: function for known, function in CALLED.items() if known not in NO_ENTRY}


def test_there_are_use_cases_to_check() -> None:
    assert len(USE_CASES) >= 15
    assert set(NO_ENTRY) <= set(CALLED), "the list of exceptions is stale"


@pytest.mark.parametrize("known", sorted(USE_CASES))
def test_a_use_case_of_an_operator_takes_an_actor_and_records(known: str) -> None:
    parameters = list(inspect.signature(USE_CASES[known]).parameters.values())
    assert [parameter.annotation for parameter in parameters if parameter.name == "actor"] == [Actor]
    assert parameters[1].name == "actor"
    assert records(reached(USE_CASES[known]))


@pytest.mark.parametrize("known", sorted(USE_CASES))
def test_nothing_secret_is_recorded(known: str) -> None:
    keys = {
        key.value
        for part in reached(USE_CASES[known])
        for node in ast.walk(part)
        if isinstance(node, ast.Dict)
        for key in node.keys
        if isinstance(key, ast.Constant)
    }
    assert keys & NEVER_RECORDED == set()


def test_a_session_is_given_to_queries_alone() -> None:
    found = {full_name(function) for path, function in called_with("uow.session") if path not in DEMONSTRATION}
    assert found == QUERIES


def test_the_demonstration_is_recorded_as_a_whole() -> None:
    nodes = [node for path in DEMONSTRATION for node in tree(path).body]
    loading = [node for node in nodes if getattr(node, "name", "") in {"load_demo", "load_deals"}]
    assert [records([load]) for load in loading] == [True, True]


@pytest.mark.parametrize("path", [path for path in COMMANDS if path not in DEMONSTRATION], ids=name)
def test_a_command_changes_nothing_itself(path: Path) -> None:
    words = {"add", "add_all", "delete", "emit", "execute", "flush", "merge", "scalar", "scalars"}
    wrong = [
        ast.unparse(node)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and node.attr in words and "uow" in ast.unparse(node.value).split(".")
    ]
    assert wrong == []


def test_no_command_looks_for_its_work_by_name() -> None:
    wrong = [
        f"{name(path)}: {ast.unparse(node)}"
        for path in COMMANDS
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "getattr"
    ]
    assert [line for line in wrong if not line.startswith(tuple(map(name, DEMONSTRATION)))] == []


def test_scripts_are_the_one_file_whose_path_is_promised() -> None:
    assert sorted(path.name for path in (ROOT / "app" / "scripts").glob("*.py")) == ["__init__.py", "safe_migrate.py"]

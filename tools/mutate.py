"""Changes single operators, constants and statements of modules, and tells which changes their tests do not notice.

`python -m tools.mutate MODULE … --tests PATH …` collects the tests once, and runs them for each mutant in a forked
process, in which nothing is imported again: the functions of the module are given the code of the mutant. A constant
in the body of a module is changed wherever the same object was imported. PostgreSQL and Valkey of the tests run on
between the mutants; each forked process has a database of its own, as every process of tests.
"""

import argparse
import ast
import copy
import importlib
import inspect
import os
import signal
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest
from hypothesis import Phase, settings

SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.BitOr: ast.BitAnd,
}  # fmt: skip
CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}
SECONDS = 300
EQUIVALENT = Path(__file__).with_name("mutants.toml")
"""For each module the lines of which a change changes nothing, each with what changes and why."""
OPTIONS = ["-qqx", "-n0", "-s", "-pno:randomly", "-pno:cacheprovider", "--hypothesis-profile=mutants"]
QUIET = "-Wignore::pytest.PytestAssertRewriteWarning"
"""Hypothesis is imported before pytest, for its profile."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A changed module."""

    line: int
    said: str
    tree: ast.Module


def _variants(node: ast.AST) -> Iterator[tuple[str, Any]]:
    """Yield what a node may become: what changes, and the new node."""
    match node:
        case ast.Compare(ops=[op]) if type(op) in SWAPS:
            yield "comparison", _with(node, ops=[SWAPS[type(op)]()])
        case ast.BoolOp(op=op) | ast.BinOp(op=op) if type(op) in SWAPS:
            yield "operator", _with(node, op=SWAPS[type(op)]())
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            yield "operator", node.operand
        case ast.Constant(value=bool() | int() as value):
            yield "constant", ast.Constant(not value if isinstance(value, bool) else value + 1)
        case ast.IfExp(test=test) | ast.If(test=test):
            yield "condition", _with(node, test=ast.UnaryOp(ast.Not(), test))
        case _:
            yield from _removals(node)


def _removals(node: ast.AST) -> Iterator[tuple[str, Any]]:
    match node:
        case ast.Call(func=ast.Name(id=name)) if name in CALLS:
            yield "call", _with(node, func=ast.Name(CALLS[name], ast.Load()))
        case ast.Raise() | ast.Expr(value=ast.Call() | ast.Await()) | ast.AugAssign():
            yield "statement", ast.Pass()
        case ast.Return(value=ast.expr()):
            yield "result", ast.Return(ast.Constant(None))
        case ast.Tuple(elts=[first, second, *rest], ctx=ast.Load()):
            yield "order", ast.Tuple([second, first, *rest], ast.Load())
        case _:
            pass


def _with(node: ast.AST, **parts: ast.AST | list[ast.AST]) -> ast.AST:
    changed = copy.copy(node)
    for name, part in parts.items():
        setattr(changed, name, part)
    return changed


def mutants(source: str) -> Iterator[Mutant]:
    """Yield every mutant of a module; annotations, decorators, and defaults of arguments and fields stay."""
    tree = ast.parse(source)
    kept = {id(inner) for node in ast.walk(tree) for outer in _fixed(node) for inner in ast.walk(outer)}
    for parent, name, place, node in list(_places(tree)):
        if id(node) in kept:
            continue
        for said, changed in _variants(node):
            _put(parent, name, place, ast.copy_location(changed, node))
            yield Mutant(getattr(node, "lineno", 0), said, ast.fix_missing_locations(copy.deepcopy(tree)))
            _put(parent, name, place, node)


def _places(tree: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    """Yield every node with where it is: its parent, the name of the field, and its place in it."""
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            items = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
            yield from ((parent, name, place, node) for place, node in items if isinstance(node, ast.AST))


def _put(parent: ast.AST, name: str, place: int | None, node: ast.AST) -> None:
    if place is None:
        setattr(parent, name, node)
    else:
        getattr(parent, name)[place] = node


def _fixed(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield from (*node.decorator_list, node.args, *([node.returns] if node.returns else []))
    elif isinstance(node, ast.ClassDef):
        fields = [field.value for field in node.body if isinstance(field, ast.AnnAssign) and field.value]
        yield from (*node.decorator_list, *fields)
    elif isinstance(node, ast.AnnAssign):
        yield node.annotation


def _functions(owner: ModuleType | type, name: str) -> dict[str, FunctionType]:
    """Return the functions and methods that a module defines, by their names with their classes."""
    found: dict[str, FunctionType] = {}
    for key, value in vars(owner).items():
        inner = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
        inner = inspect.unwrap(inner) if callable(inner) else inner
        if isinstance(inner, FunctionType) and inner.__module__ == name:
            found[inner.__qualname__] = inner
        elif isinstance(value, type) and value.__module__ == name and key == value.__name__:
            found |= _functions(value, name)
    return found


def install(module: ModuleType, tree: ast.Module) -> None:
    """Give a module, and whatever has imported from it, the code of a mutant."""
    changed = ModuleType(module.__name__)
    changed.__dict__.update(__file__=module.__file__, __package__=module.__package__)
    exec(compile(tree, str(module.__file__), "exec"), changed.__dict__)  # noqa: S102 - the code of this repository
    new = _functions(changed, module.__name__)
    for name, function in _functions(module, module.__name__).items():
        if name in new and not name.endswith(("__init__", "__eq__", "__hash__", "__repr__")):
            function.__code__ = new[name].__code__
    for name, value in list(vars(module).items()):
        if isinstance(value, FunctionType | type | ModuleType) or name.startswith("__"):
            continue
        for other in list(sys.modules.values()):
            if getattr(other, "__dict__", {}).get(name) is value:
                setattr(other, name, vars(changed)[name])


def _hold_servers() -> None:
    """Let this process use the servers of the tests, so that they run on between the mutants."""
    from app.core.config import get_settings  # noqa: PLC0415 - after the tests have set the environment
    from app.local.servers import ensure_servers  # noqa: PLC0415 - the same

    ensure_servers(get_settings())


@dataclass
class Trials:
    """A plugin of pytest that, instead of running the collected tests, tries every mutant in a forked process."""

    modules: Sequence[str]
    least: int
    low: bool = False
    in_child: bool = field(default=False, init=False)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Try all mutants; a forked process goes on with the tests."""
        if session.testsfailed:
            return None
        _hold_servers()
        if self._fails(None, None):
            self.low = not self.in_child
            return None if self.in_child else self._say("the tests fail without any change")
        for name in self.modules:
            self._try_all(name)
            if self.in_child:
                return None
        return True

    def _try_all(self, name: str) -> None:
        """Try all mutants of a module, and print those that survive and the score; a forked process returns at once."""
        module = importlib.import_module(name)
        source = Path(inspect.getfile(module)).read_text(encoding="utf-8")
        lines, alive = source.splitlines(), 0
        without_effect = {
            (known["said"], known["line"]) for known in tomllib.loads(EQUIVALENT.read_text("utf-8")).get(name, [])
        }
        every = [
            mutant for mutant in mutants(source) if (mutant.said, lines[mutant.line - 1].strip()) not in without_effect
        ]
        for mutant in every:
            failed = self._fails(module, mutant.tree)
            if self.in_child:
                return
            if not failed:
                alive += 1
                self._say(f"{name}:{mutant.line}: {mutant.said}: {lines[mutant.line - 1].strip()}")
        score = 100 * (len(every) - alive) / max(1, len(every))
        self._say(f"{name}: {len(every) - alive} of {len(every)} mutants found, {score:.1f} %")
        self.low |= score < self.least

    @staticmethod
    def _say(line: str) -> bool:
        print(line, flush=True)
        return True

    def _fails(self, module: ModuleType | None, tree: ast.Module | None) -> bool:
        """Return whether the tests fail with a mutant, as those do that never end; true in the forked process."""
        child = os.fork()
        if child:
            return os.waitpid(child, 0)[1] != 0
        self.in_child = True
        signal.alarm(SECONDS)
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, sys.stdout.fileno())
        os.dup2(quiet, sys.stderr.fileno())
        if tree is not None and module is not None:
            try:
                install(module, tree)
            except Exception:  # noqa: BLE001 - a module that cannot be imported is noticed by every test
                os._exit(1)
        return True

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """End a forked process once its databases are gone."""
        if self.in_child:
            os._exit(session.testsfailed != 0 or session.testscollected == 0)


def main() -> int:
    """Print the mutants that survive and the scores; the result is 1 where a score is too low."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="+")
    parser.add_argument("--least", type=int, default=90, help="per cent")
    parser.add_argument("--tests", nargs=argparse.REMAINDER, required=True, help="for pytest")
    given = parser.parse_args()
    settings.register_profile("mutants", derandomize=True, database=None, deadline=None, phases=[Phase.generate])
    trials = Trials(given.modules, given.least)
    code = pytest.main([*OPTIONS, QUIET, *given.tests], plugins=[trials])
    return int(code != pytest.ExitCode.OK or trials.low)


if __name__ == "__main__":
    raise SystemExit(main())

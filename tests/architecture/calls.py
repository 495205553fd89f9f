"""Call graph of the application, as far as the source shows it.

Names are followed through imports and re-exports, `self.x()` within its class, and any other method if only one class
of the application has one of that name. Nested functions count as part of the function that defines them.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
type Function = ast.FunctionDef | ast.AsyncFunctionDef
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass
class Module:
    """One file: its definitions, and the dotted names of what it imports."""

    name: str
    tree: ast.Module
    imports: dict[str, str] = field(default_factory=dict[str, str])


@dataclass
class Source:
    """The functions of the application by their dotted names."""

    modules: dict[str, Module]
    functions: dict[str, Function]
    methods: dict[str, list[str]]

    def resolve(self, dotted: str) -> str | None:
        """Return the function with a dotted name; re-exports are followed."""
        for _step in range(6):
            if dotted in self.functions:
                return dotted
            owner, _dot, name = dotted.rpartition(".")
            module = self.modules.get(owner)
            if module is None or name not in module.imports:
                return None
            dotted = module.imports[name]
        return None

    def target(self, caller: str, call: ast.Call) -> str | None:
        """Return the function that is the target of a call in this function."""
        module = self.modules[module_of(caller, self.modules)]
        names = ast.unparse(call.func).split(".")
        if not all(name.isidentifier() for name in names):
            names = names[-1:] if len(names) > 1 else []
            return self._only_method(names[0]) if names else None
        if len(names) == 1:
            return self.resolve(f"{module.name}.{names[0]}") or self.resolve(module.imports.get(names[0], ""))
        if names[0] == "self":
            return (
                self.resolve(f"{caller.rpartition('.')[0]}.{names[1]}")
                if len(names) == 2
                else self._only_method(names[-1])
            )
        if names[0] in module.imports:
            return self.resolve(".".join([module.imports[names[0]], *names[1:]]))
        return self._only_method(names[-1])

    def _only_method(self, name: str) -> str | None:
        found = self.methods.get(name, [])
        return found[0] if len(found) == 1 else None

    @cached_property
    def _callers(self) -> dict[str, set[str]]:
        """Return the callers of each function."""
        callers: dict[str, set[str]] = defaultdict(set)
        for name, function in self.functions.items():
            for call in calls_in(function):
                target = self.target(name, call)
                if target is not None:
                    callers[target].add(name)
        return callers

    def reaching(self, direct: set[str]) -> dict[str, str]:
        """Return every function from which one of these can be reached, with the next function on the path."""
        found = dict.fromkeys(direct, "")
        waiting = list(direct)
        while waiting:
            reached = waiting.pop()
            for caller in self._callers.get(reached, ()):
                if caller not in found:
                    found[caller] = reached
                    waiting.append(caller)
        return found


def module_of(function: str, modules: dict[str, Module]) -> str:
    """Return the module that contains a function."""
    while function not in modules:
        function = function.rpartition(".")[0]
    return function


def calls_in(node: ast.AST) -> Iterator[ast.Call]:
    """Yield the calls below a node, without those in decorators: the function does not make them."""
    inside = node.body if isinstance(node, FUNCTIONS) else [node]
    return (found for part in inside for found in ast.walk(part) if isinstance(found, ast.Call))


def _read(root: Path, path: Path) -> Module:
    parts = path.relative_to(root).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    module = Module(name, ast.parse(path.read_text(encoding="utf-8")))
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            module.imports |= {item.asname or item.name: f"{node.module}.{item.name}" for item in node.names}
    return module


def _defined(module: Module) -> Iterator[tuple[str, Function]]:
    """Yield the functions of a module and the methods of its classes by their names within it."""
    for node in module.tree.body:
        if isinstance(node, FUNCTIONS):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.{inner.name}", inner) for inner in node.body if isinstance(inner, FUNCTIONS))


@lru_cache
def source_of(root: Path = ROOT) -> Source:
    """Parse the whole application."""
    modules = {module.name: module for module in (_read(root, path) for path in sorted((root / "app").rglob("*.py")))}
    functions: dict[str, Function] = {}
    methods: dict[str, list[str]] = defaultdict(list)
    for module in modules.values():
        for name, function in _defined(module):
            functions[f"{module.name}.{name}"] = function
            if "." in name:
                methods[function.name].append(f"{module.name}.{name}")
    return Source(modules, functions, methods)

"""Writes the documents that the code already knows: `python -m tools.docs`; a test fails when one is stale."""

import importlib
import json
import pkgutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

import app as house
from app.core.config import Settings
from app.core.errors import DomainError
from app.core.events import DomainEvent
from app.features.orders.rules import ORDER_MACHINE
from app.features.proposals.rules import PROPOSAL_MACHINE
from app.tasks.subscriptions import SUBSCRIPTIONS
from tests import statements
from tests.contract.permissions import table

ROOT = Path(__file__).resolve().parents[1]
NOT_IMPORTED = ("app.__main__", "app.core.embedded.__main__", "app.core.supervision.daemon")


def _import_everything() -> None:
    """Classes are known once their module is."""
    for module in pkgutil.walk_packages(house.__path__, "app."):
        if module.name not in NOT_IMPORTED:
            importlib.import_module(module.name)


def _below[T](base: type[T]) -> Iterator[type[T]]:
    for kind in base.__subclasses__():
        # Ours only: a test may define its own, and a dataclass with slots leaves its first version behind.
        if kind.__module__.startswith("app.") and vars(sys.modules[kind.__module__]).get(kind.__name__) is kind:
            yield kind
        yield from _below(kind)


def _first_line(kind: type) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0]


def _shown(field: FieldInfo) -> str:
    """The default as it is written in `.env`; empty where there is none."""
    default = field.default
    if default is None or isinstance(default, SecretStr):
        return ""
    if isinstance(default, bool):
        return "1" if default else "0"
    return str(default)


def settings_example() -> str:
    """Every setting with its default, as comments: an untouched copy changes nothing."""
    parts = [
        "# Every setting of ipLance with its default; copy to .env and take the # away from what you change.\n",
        "# Written by `make docs` from app/core/config.py.\n",
    ]
    groups = [
        kind
        for kind in Settings.__mro__
        if issubclass(kind, BaseSettings) and "_Group" in [base.__name__ for base in kind.__bases__]
    ]
    for group in groups:
        parts.append(f"\n# {_first_line(group)}\n")
        for name, field in group.model_fields.items():
            if name in group.__annotations__:
                default = _shown(field)
                value = f'"{default}"' if " " in default else default
                parts.append(f"# {field.description}\n#{name.upper()}={value}\n")
    return "".join(parts)


def errors_table() -> str:
    """Every error code with its kind and its words."""
    rows = sorted({(kind.code, kind.kind.value, kind.title, _first_line(kind)) for kind in _below(DomainError)})
    lines = [
        "# Error codes",
        "",
        "Written by `make docs`. A code never changes; the kind decides the status (`docs/architecture.md`).",
        "",
        "| code | kind | title | when |",
        "|---|---|---|---|",
        *(f"| `{code}` | {kind} | {title} | {when} |" for code, kind, title, when in rows),
    ]
    return "\n".join(lines) + "\n"


def events_table() -> str:
    """Every event topic with its fields and who reacts."""
    lines = [
        "# Events",
        "",
        "Written by `make docs`. Facts that one room announces and others react to, through the outbox.",
        "",
        "| topic | fact | fields | who reacts |",
        "|---|---|---|---|",
    ]
    for kind in sorted(_below(DomainEvent), key=lambda kind: kind.topic):
        names = ", ".join(f"`{field.name}`" for field in fields(kind))
        tasks = ", ".join(f"`{task}`" for task in SUBSCRIPTIONS.get(kind.topic, ())) or "nobody yet"
        lines.append(f"| `{kind.topic}` | {_first_line(kind)} | {names} | {tasks} |")
    return "\n".join(lines) + "\n"


def states() -> str:
    """The life of an order and of a proposal, drawn from the tables that run them."""
    parts = [
        "# How orders and proposals live",
        "",
        "Written by `make docs` from the `rules.py` of both rooms: these tables run the code and stand at `/states`,",
        "so what is not an arrow here is refused with 409. `docs/orders.md` says the rest.",
    ]
    usual = Settings.model_construct()
    for machine in (ORDER_MACHINE, PROPOSAL_MACHINE):
        parts += ["", f"## {machine.name.capitalize()}", "", "```mermaid", machine.mermaid(usual), "```"]
    return "\n".join(parts) + "\n"


def permissions() -> str:
    """Who is answered what: the table that the tests walk, cell by cell."""
    roles = " | ".join(table.ROLES)
    parts = [
        "# Who may do what",
        "",
        "Written by `make docs` from `tests/contract/permissions/`, which the tests walk whole: each route, in",
        "each state that matters, is asked as seven people. A *rival* has proposed too; the *freelancer* made the",
        "proposal that is named, the *customer* posted the order; the *banned* person signed in before the ban;",
        "the *operator* holds every role an account can have. What somebody may not see is not there: 404. Being",
        "led to the sign-in is 401.",
    ]
    for module in table.modules():
        name = module.__name__.rsplit(".", 1)[1]
        parts += ["", f"## {name.capitalize()}", "", (module.__doc__ or "").strip()]
        parts += ["", f"| route | state | {roles} |", f"|---|---|{'---|' * len(table.ROLES)}"]
        for row in (*getattr(module, "ROWS", ()), *getattr(module, "PAGES", ())):
            cells = " | ".join(str(row.cells[role]) for role in table.ROLES)
            state = row.state if "{" in row.address else ""
            parts.append(f"| `{row.address}` | {state} | {cells} |")
    return "\n".join(parts) + "\n"


DOCUMENTS: dict[str, Callable[[], str]] = {
    ".env.example": settings_example,
    "docs/errors.md": errors_table,
    "docs/events.md": events_table,
    "docs/permissions.md": permissions,
    "docs/states.md": states,
}


def stale() -> list[str]:
    """The documents that no longer say what the code says."""
    _import_everything()
    found: list[str] = []
    for name, write in DOCUMENTS.items():
        path = ROOT / name
        if not path.exists() or path.read_text(encoding="utf-8") != write():
            found.append(name)
    return found


def main() -> int:
    """Write what is stale."""
    for name in stale():
        (ROOT / name).write_text(DOCUMENTS[name](), encoding="utf-8")
        print(f"wrote {name}")
    if statements.FOUND.exists():
        known = json.loads(statements.FOUND.read_text(encoding="utf-8"))
        statements.TABLE.write_text(statements.table(known), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Rows of the permission table, and values that rows share."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, override

from tests.contract import permissions
from tests.factories.users import PASSWORD

ROLES = ("nobody", "stranger", "rival", "freelancer", "customer", "banned", "operator")
"""The kinds of people.

The customer owns the order, the freelancer sent the proposal of the address, a rival has sent another one. The banned
person was the customer a moment before, and the operator has every role that an account can have.
"""
PRICE = {"amount": 5_000_000, "currency": "RUB"}
ORDER = {"title": "Новый заказ", "description": "Что сделать.", "budget": PRICE}
OFFER = {"price": PRICE, "term_days": 5, "letter": "Сделаю."}
type Statuses = tuple[int, int, int, int, int]

EVERYBODY: Statuses = (200, 200, 200, 200, 200)
SIGNED_IN: Statuses = (401, 200, 200, 200, 200)


@dataclass(frozen=True)
class Row:
    """The status for each kind of person, in the order of ROLES; the last two only if they differ.

    By default a banned person gets the status of a guest, and an operator that of an unrelated person.
    """

    route: str
    statuses: Statuses
    state: str = "open"
    body: Any = None
    """The body: a value, or a function of the objects in the address."""
    banned: int | None = None
    operator: int | None = None
    about: tuple[str, ...] = ()
    """Objects for the body that are created besides those in the address."""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    """Path parameters that are plain values and need no object."""

    @property
    def address(self) -> str:
        """Return the method and the whole path, as the application registers it."""
        method, path = self.route.split(" ")
        return f"{method} /api/v1{path}"

    @property
    def cells(self) -> dict[str, int]:
        """Return the status for each role."""
        nobody, stranger, *_others = self.statuses
        banned = nobody if self.banned is None else self.banned
        operator = stranger if self.operator is None else self.operator
        return dict(zip(ROLES, (*self.statuses, banned, operator), strict=True))

    def sent(self, ids: Mapping[str, Any]) -> Any:
        """Return the body for these objects."""
        return self.body(ids) if callable(self.body) else self.body


class PageRow(Row):
    """The same for a page. A redirect to the sign-in counts as 401, any other redirect as itself."""

    @property
    @override
    def address(self) -> str:
        """Return the method and the path."""
        return self.route


def page(route: str, *statuses: int, state: str = "open", body: Any = None, **more: Any) -> PageRow:
    """Return the row of a page: five statuses, or two for guests and signed-in people."""
    five = statuses if len(statuses) == len(ROLES) - 2 else (statuses[0], *[statuses[1]] * 4)
    nobody, stranger, rival, freelancer, customer = five
    return PageRow(route, (nobody, stranger, rival, freelancer, customer), state, body, **more)


def own(route: str, status: int, body: Any = None, *, nobody: int = 401) -> Row:
    """Return a row where every signed-in person acts on their own objects."""
    return Row(route, (nobody, status, status, status, status), body=body)


def modules() -> list[ModuleType]:
    """Return the modules of the features."""
    names = [item.name for item in pkgutil.iter_modules(permissions.__path__) if item.name not in ("table", "fixtures")]
    return [importlib.import_module(f"{permissions.__name__}.{name}") for name in sorted(names)]


def rows() -> dict[str, list[Row]]:
    """Return the table of the JSON routes, by feature."""
    return _by_feature("ROWS")


def page_rows() -> dict[str, list[Row]]:
    """Return the table of the pages, by feature."""
    return _by_feature("PAGES")


def _by_feature(table: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {
        module.__name__.rsplit(".", 1)[1]: [*getattr(module, table, ())] for module in modules()
    }
    return {feature: rows_of for feature, rows_of in found.items() if rows_of}


def makers() -> dict[str, Callable[..., Any]]:
    """Return the functions that create the object of a path parameter, by its name."""
    return {name: maker for module in modules() for name, maker in getattr(module, "MAKERS", {}).items()}


__all__ = [
    "EVERYBODY",
    "OFFER",
    "ORDER",
    "PASSWORD",
    "PRICE",
    "ROLES",
    "SIGNED_IN",
    "PageRow",
    "Row",
    "Statuses",
    "own",
    "page",
    "page_rows",
    "rows",
]

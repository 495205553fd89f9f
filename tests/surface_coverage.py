"""Fails a whole run when a route, a template, an error code or an event topic was never exercised.

A test suite that never renders a template does not test it (Zulip checks its templates in the same way). Each pytest
process writes what it saw to a file; the last one compares the sum with what exists.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.types import ASGIApp, Receive, Scope, Send

from app import main
from app.core.errors import DomainError
from app.core.events import DomainEvent
from app.core.unit_of_work import UnitOfWork

TEMPLATES = Path(main.__file__).parent / "web" / "templates"
KINDS = ("routes", "templates", "errors", "topics")
seen: dict[str, set[str]] = {kind: set() for kind in KINDS}


class RecordRoutes:
    """Wraps the application under test and records which route answered."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        finally:
            note_route(scope)


def note_route(scope: Scope) -> None:
    """Record the route of a finished request."""
    route = scope.get("route")
    if route is not None and scope["type"] == "http":
        seen["routes"].add(f"{scope['method']} {route_path(scope, route)}")


def route_path(scope: Scope, route: Any) -> str:
    """Return the full path template of the route, with the prefix it is mounted under."""
    path = str(route.path)
    return path if not scope["path"].startswith("/api/v1") or path.startswith("/api/v1") else f"/api/v1{path}"


def record() -> None:
    """Listen where every error, event and template passes."""
    make_error, emit, load = DomainError.__init__, UnitOfWork.emit, jinja2.Environment._load_template

    def noting_error(self: DomainError, *arguments: Any, **named: Any) -> None:
        seen["errors"].add(type(self).code)
        make_error(self, *arguments, **named)

    def noting_event(self: UnitOfWork, event: DomainEvent) -> None:
        seen["topics"].add(event.topic)
        emit(self, event)

    def noting_template(self: jinja2.Environment, name: str, given: Any) -> jinja2.Template:
        seen["templates"].add(name)
        return load(self, name, given)

    DomainError.__init__ = noting_error  # type: ignore[method-assign]
    UnitOfWork.emit = noting_event  # type: ignore[method-assign]
    jinja2.Environment._load_template = noting_template  # type: ignore[method-assign,assignment]


def save(folder: Path, worker: str) -> None:
    """Write what this process saw to a file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{worker}.json").write_text(json.dumps({kind: sorted(items) for kind, items in seen.items()}))


def missing(folder: Path, expected: dict[str, set[str]]) -> dict[str, list[str]]:
    """Return what exists and was seen by no process."""
    found: dict[str, set[str]] = {kind: set() for kind in KINDS}
    for path in folder.glob("*.json"):
        for kind, items in json.loads(path.read_text()).items():
            found[kind] |= set(items)
    gaps = {kind: sorted(expected[kind] - found[kind]) for kind in KINDS}
    return {kind: items for kind, items in gaps.items() if items}


def subclasses(kind: type[Any]) -> set[type[Any]]:
    """Return all subclasses that the application defines, at any depth."""
    found: set[type[Any]] = set()
    for child in kind.__subclasses__():
        found |= {child} | subclasses(child)
    # A dataclass with slots is created twice and the first class stays alive: only the one in its module counts.
    return {
        item
        for item in found
        if item.__module__.startswith("app.") and getattr(sys.modules[item.__module__], item.__name__, None) is item
    }


def events() -> set[type[DomainEvent]]:
    """Return the events that can be emitted: those that no other event is derived from."""
    return {kind for kind in subclasses(DomainEvent) if not kind.__subclasses__()}


def iter_routes(router: APIRouter) -> Iterator[APIRoute]:
    """Yield the routes of a router and of the routers it includes."""
    for context in iter_route_contexts(router.routes):
        route = context.original_route
        assert isinstance(route, APIRoute), f"{type(route)} is not a plain route"
        assert context.path == route.path, "give the inner router the prefix itself"
        yield route


def all_routes() -> dict[str, APIRoute]:
    """Return every route of the application under the name `METHOD /path`."""
    return {
        f"{method} {prefix}{route.path}": route
        for prefix, routers in (("/api/v1", main.API_ROUTERS), ("", (*main.LINK_ROUTERS, *main.PAGE_ROUTERS)))
        for router in routers
        for route in iter_routes(router)
        for method in sorted(route.methods or ())
    }


def expected() -> dict[str, set[str]]:
    """Return what exists: every route, template, error code and topic."""
    routes = set(all_routes())
    templates = {str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*") if path.is_file()}
    return {
        "routes": routes,
        "templates": templates,
        "errors": {error.code for error in subclasses(DomainError)},
        "topics": {event.topic for event in events()},
    }


def is_whole_run(config: pytest.Config) -> bool:
    """Tell whether no test was deselected by a path, a keyword or a marker."""
    option = config.option
    narrowed = (
        option.keyword or option.markexpr or getattr(option, "lf", False) or option.deselect or option.collectonly
    )
    return not narrowed and config.args == ["tests"]

"""Finds every route, every source file, and tests by name, for the tests of known vulnerabilities."""

import ast
from functools import lru_cache
from pathlib import Path

from fastapi import FastAPI
from fastapi.routing import APIRoute, APIWebSocketRoute

from app.core.http.dependencies import iter_routes
from app.main import API_ROUTERS, LINK_ROUTERS, OPERATION_ROUTERS, PAGE_ROUTERS

ROOT = Path(__file__).resolve().parents[2]


def named(prefix: str) -> list[str]:
    """Return the tests of the whole suite whose names begin with the prefix."""
    return [
        node.name
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith(prefix)
    ]


@lru_cache
def sources() -> tuple[tuple[Path, ast.Module], ...]:
    """Return every module of the application, parsed once."""
    return tuple((path, ast.parse(path.read_text(encoding="utf-8"))) for path in sorted((ROOT / "app").rglob("*.py")))


def calls_of(*names: str) -> list[str]:
    """Return where one of these names is called or used as a decorator."""
    return [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in names
    ]


def all_routes() -> list[APIRoute]:
    """Return every route of the application."""
    found = [
        route
        for router in (*API_ROUTERS, *OPERATION_ROUTERS, *LINK_ROUTERS, *PAGE_ROUTERS)
        for route in iter_routes(router)
    ]
    assert len(found) > 40, "the walk finds nothing"
    return found


def sockets(app: FastAPI) -> list[str]:
    """Return where a WebSocket is declared."""
    declared = calls_of("websocket", "websocket_route", "add_api_websocket_route", "WebSocketRoute")
    return declared + [route.path for route in app.routes if isinstance(route, APIWebSocketRoute)]

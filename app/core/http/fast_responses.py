"""Answers the few most asked addresses ahead of routing, dependencies and validation; the rest goes the plain way."""

from collections.abc import Awaitable, Callable, Mapping

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.errors import DomainError

log = structlog.get_logger()

type Shortcut = Callable[[Request], Awaitable[Response | None]]
"""Returns exactly what the route of the same address returns, or None to leave the request to that route."""


class ShortcutMiddleware:
    """Tries the shortcut of an address; it wraps the router alone, inside every other middleware.

    A shortcut only ever speaks of success. When it refuses, or fails, the request takes the plain way as if nothing
    had happened, so there is one place that tells people what went wrong. What it does must bear being done twice.
    """

    def __init__(self, app: ASGIApp, shortcuts: Mapping[str, Shortcut]) -> None:
        self.app = app
        self.shortcuts = shortcuts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and scope["method"] == "GET":
            shortcut = self.shortcuts.get(scope["path"])
            if shortcut is not None:
                response = await _try(shortcut, Request(scope, receive))
                if response is not None:
                    scope["shortcut"] = scope["path"]
                    await response(scope, receive, send)
                    return
        await self.app(scope, receive, send)


async def _try(shortcut: Shortcut, request: Request) -> Response | None:
    try:
        return await shortcut(request)
    except DomainError:
        return None
    except Exception:  # noqa: BLE001 - the plain way answers, and the log says that the fast one did not
        await log.awarning("shortcut_failed", path=request.scope["path"], exc_info=True)
        return None

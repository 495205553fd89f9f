"""Answer the most requested addresses ahead of routing, dependencies and validation."""

from collections.abc import Awaitable, Callable, Mapping

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.errors import DomainError

log = structlog.get_logger()

type Shortcut = Callable[[Request], Awaitable[Response | None]]
"""Returns exactly the response of the route at the same address, or None to leave the request to that route."""


class FastResponseMiddleware:
    """Tries the fast response of an address; wraps the router alone, inside every other middleware.

    A fast response only ever reports success. When it declines or fails, the request is handled by its route as if
    nothing had happened, so error handling exists once. Its work must therefore be safe to repeat.
    """

    def __init__(self, app: ASGIApp, fast_responses: Mapping[str, Shortcut]) -> None:
        self.app = app
        self.fast_responses = fast_responses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "http" and scope["method"] == "GET":
            fast_response = self.fast_responses.get(scope["path"])
            if fast_response is not None:
                response = await _try(fast_response, Request(scope, receive))
                if response is not None:
                    scope["shortcut"] = scope["path"]
                    await response(scope, receive, send)
                    return
        await self.app(scope, receive, send)


async def _try(fast_response: Shortcut, request: Request) -> Response | None:
    try:
        return await fast_response(request)
    except DomainError:
        return None
    except Exception:  # noqa: BLE001 - the route answers instead, and the failure is logged
        await log.awarning("shortcut_failed", path=request.scope["path"], exc_info=True)
        return None

"""Middleware for every request: request id, language, HEAD as GET, uncaught exceptions. Pure ASGI for speed."""

import re
from collections.abc import Awaitable, Callable

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request, cookie_parser
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.clock import set_time_zone
from app.core.i18n import negotiate, set_locale
from app.core.ids import new_id
from app.core.request_limit import limit_database
from app.core.security.cookies import (
    CLEAR_CACHE,
    COOKIE_QUEUE,
    TIME_ZONE_COOKIE,
    chosen_locale,
    drop_malformed_cookies,
)

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestContextMiddleware:
    """Assigns each request an id, which is also in its logs, events and response, and chooses the language.

    It also limits the time that the request may wait for the database.
    """

    def __init__(self, app: ASGIApp, *, database_seconds: float) -> None:
        self.app = app
        self.database_seconds = database_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        drop_malformed_cookies(scope)
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else new_id().hex
        scope["request_id"] = request_id
        waiting: list[str] = []
        scope[COOKIE_QUEUE] = waiting
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        cookies = cookie_parser(headers.get("cookie", ""))
        set_time_zone(cookies.get(TIME_ZONE_COOKIE, ""))
        set_locale(chosen_locale(cookies) or negotiate(headers.get("accept-language")))

        async def stamped(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                answer["X-Request-ID"] = request_id
                for cookie in waiting:
                    answer.append("Set-Cookie", cookie)
                if scope.get(CLEAR_CACHE):
                    answer["Clear-Site-Data"] = '"cache"'
            await send(message)

        with limit_database(self.database_seconds):
            await self.app(scope, receive, stamped)


class HeadMiddleware:
    """Answers HEAD like GET but without the body (RFC 9110, 9.3.2), so that no route has to handle it.

    The scope is copied because the server decides by its own scope that this response has no body.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return
        asked, ended = {**scope, "method": "GET"}, False

        async def bodiless(message: Message) -> None:
            nonlocal ended
            if message["type"] != "http.response.body":
                await send(message)
            elif not ended:
                ended = True
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        try:
            await self.app(asked, receive, bodiless)
        finally:
            # The middleware that counts and logs requests is outside of this one and reads the original scope.
            for name in ("route", "shortcut"):
                if name in asked:
                    scope[name] = asked[name]


class UnhandledErrorMiddleware:
    """Handles uncaught exceptions as the innermost middleware, so that the other middleware applies to the response."""

    def __init__(self, app: ASGIApp, answer: Callable[[Request, Exception], Awaitable[Response]]) -> None:
        self.app = app
        self.answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:
            if started:
                raise
            response = await self.answer(Request(scope, receive), error)
            await response(scope, receive, send)

"""A separate host for uploaded files: it serves nothing else and receives no cookie of the site."""

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

FILES = "/files/"


class FilesHostMiddleware:
    """Separates files and the rest of the site by the Host header (OWASP ASVS 3.5.4).

    A forged header can only hide something, and each file still requires its signed link.
    """

    def __init__(self, app: ASGIApp, *, origin: str, host: str) -> None:
        self.app = app
        self.origin = origin
        self.host = host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, redirect it to the files host, or respond with 404."""
        wants_file = scope["type"] == "http" and scope["path"].startswith(FILES)
        asked_files = scope["type"] == "http" and Headers(scope=scope).get("host", "").lower() == self.host
        if wants_file == asked_files:
            await self.app(scope, receive, send)
            return
        answer: Response = PlainTextResponse("There are only files here.\n", 404)
        if wants_file:
            query = scope["query_string"].decode("latin-1")
            answer = RedirectResponse(f"{self.origin}{scope['path']}{'?' if query else ''}{query}", 307)
        await answer(scope, receive, send)

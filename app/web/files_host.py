"""A host of their own for what people uploaded: nothing else is there, and no cookie of the site is sent to it."""

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

FILES = "/files/"


class FilesHostMiddleware:
    """Keeps files and the rest of the site apart by the host that was asked (OWASP ASVS 3.5.4).

    The header only ever takes something away: whoever forges it is shown less, and each file still wants its link.
    """

    def __init__(self, app: ASGIApp, *, origin: str, host: str) -> None:
        self.app = app
        self.origin = origin
        self.host = host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, lead it to the other host, or say that nothing is here."""
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

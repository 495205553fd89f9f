"""Middlewares in isolation: HEAD without a body, and a separate host for files."""

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.http.middleware import HeadMiddleware
from app.core.security.cookies import chosen_locale
from app.web.files_host import FilesHostMiddleware

FILES_ORIGIN = "https://files.example"


async def page(scope: Scope, _receive: Receive, send: Send) -> None:
    """Answer in two chunks, with the name of the route."""
    scope["route"] = "the route"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"8")]})
    await send({"type": "http.response.body", "body": scope["method"].encode(), "more_body": True})
    await send({"type": "http.response.body", "body": b"more", "more_body": False})


async def answer(app: ASGIApp, scope: Scope) -> list[Message]:
    """Return everything that an application sends."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


def request(path: str = "/", host: str = "site.example", method: str = "GET", query: str = "") -> Scope:
    return {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(b"host", host.encode())],
    }


async def test_head_is_answered_as_get_with_its_headers_and_no_body() -> None:
    scope = request(method="HEAD")
    start, *bodies = await answer(HeadMiddleware(page), scope)
    assert start["headers"] == [(b"content-length", b"8")]
    assert bodies == [{"type": "http.response.body", "body": b"", "more_body": False}]
    assert (scope["method"], scope["route"]) == ("HEAD", "the route")


async def test_other_methods_pass_untouched() -> None:
    assert [message.get("body") for message in await answer(HeadMiddleware(page), request(method="GET"))] == [
        None,
        b"GET",
        b"more",
    ]


@pytest.mark.parametrize(
    ("path", "host", "status", "location"),
    [
        ("/files/1", "files.example", 200, None),
        ("/files/1", "FILES.example", 200, None),
        ("/orders", "site.example", 200, None),
        ("/orders", "files.example", 404, None),
        ("/files/1", "site.example", 307, b"https://files.example/files/1?token=x"),
    ],
)
async def test_files_and_pages_are_kept_apart_by_host(
    path: str, host: str, status: int, location: bytes | None
) -> None:
    app = FilesHostMiddleware(page, origin=FILES_ORIGIN, host="files.example")
    start, *_rest = await answer(app, request(path, host, query="token=x" if path.startswith("/files/") else ""))
    assert start["status"] == status
    assert dict(start["headers"]).get(b"location") == location


@pytest.mark.parametrize(
    ("cookies", "locale"),
    [
        ({}, None),
        ({"locale": "ru"}, "ru"),
        ({"locale": "xx"}, None),
        ({"__Host-locale": "en", "locale": "ru"}, "en"),
    ],
)
def test_the_language_is_what_was_chosen_in_this_browser(cookies: dict[str, str], locale: str | None) -> None:
    assert chosen_locale(cookies) == locale

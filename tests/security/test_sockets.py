"""A WebSocket handshake sends cookies from any page, so its origin is checked before it is accepted."""

from typing import Any

import pytest
from fastapi import FastAPI, WebSocket
from starlette.requests import HTTPConnection

from app.core.security.csrf import CsrfError, guard_request

OWN = "https://localhost"
FOREIGN: dict[str, dict[str, str]] = {
    "nothing said": {},
    "another site": {"origin": "https://evil.example"},
    "an opaque page": {"origin": "null"},
    "a look-alike behind": {"origin": "https://localhost.evil.example"},
    "a look-alike before": {"origin": "https://evil-localhost"},
    "without TLS": {"origin": "http://localhost"},
    "another port": {"origin": "https://localhost:8443"},
    "an empty origin": {"origin": ""},
    "a cross-site page": {"sec-fetch-site": "cross-site"},
    "a sibling host": {"sec-fetch-site": "same-site", "origin": OWN},
    "our origin from elsewhere": {"sec-fetch-site": "cross-site", "origin": OWN},
    "another site with a token": {"origin": "https://evil.example", "authorization": "Bearer token"},
    "cookies alone": {"cookie": "__Host-access_token=token"},
    "a token of another kind": {"authorization": "Basic dmVyYTp3b3Jk"},
}
WELCOME: dict[str, dict[str, str]] = {
    "our page": {"origin": OWN},
    "our page, said twice": {"origin": OWN, "sec-fetch-site": "same-origin"},
    "a program": {"authorization": "Bearer token"},
}


@pytest.fixture
def app(new_app: FastAPI) -> FastAPI:
    """The application with a WebSocket that accepts every handshake."""

    @new_app.websocket("/socket")
    async def socket(connection: WebSocket) -> None:
        await connection.accept()
        await connection.close()

    return new_app


def handshake(app: FastAPI, path: str, given: dict[str, str]) -> dict[str, Any]:
    """Return the ASGI scope of a handshake."""
    return {
        "type": "websocket", "app": app, "path": path, "raw_path": path.encode(), "query_string": b"token=eyJ",
        "headers": [(b"host", b"localhost"), *((name.encode(), value.encode()) for name, value in given.items())],
        "scheme": "wss", "server": ("localhost", 443), "client": ("127.0.0.1", 1), "subprotocols": [],
        "root_path": "", "asgi": {"version": "3.0"}, "extensions": {}, "state": {},
    }  # fmt: skip


async def shake(app: FastAPI, path: str, given: dict[str, str]) -> list[str]:
    """Attempt a handshake, and return what the application answered."""
    sent: list[str] = []

    async def receive() -> dict[str, object]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await app(handshake(app, path, given), receive, send)
    return sent


@pytest.mark.parametrize("who", FOREIGN)
async def test_v4_4_2_a_foreign_handshake_is_closed_before_it_is_accepted(app: FastAPI, who: str) -> None:
    assert await shake(app, "/socket", FOREIGN[who]) == ["websocket.close"]


@pytest.mark.parametrize("who", WELCOME)
async def test_v4_4_2_our_own_handshake_is_accepted(app: FastAPI, who: str) -> None:
    assert await shake(app, "/socket", WELCOME[who]) == ["websocket.accept", "websocket.close"]


@pytest.mark.parametrize("who", [*FOREIGN, *WELCOME])
async def test_v4_4_2_the_guard_of_all_routes_says_the_same(app: FastAPI, who: str) -> None:
    connection = HTTPConnection(handshake(app, "/socket", FOREIGN.get(who, WELCOME.get(who, {}))))
    if who in WELCOME:
        await guard_request(connection)
        return
    with pytest.raises(CsrfError):
        await guard_request(connection)


@pytest.mark.parametrize("path", ["/ws", "/api/v1/ws", "/api/v1/chats/1/ws"])
@pytest.mark.parametrize("who", ["nothing said", "our page"])
async def test_p10_a_handshake_without_a_route_is_refused(app: FastAPI, path: str, who: str) -> None:
    assert await shake(app, path, FOREIGN.get(who, WELCOME.get(who, {}))) == ["websocket.close"]

"""Refuse requests for names that are not the site's.

Without it a page of another site reaches an instance on this machine through a name that its owner points at loopback
(DNS rebinding), and reads what the instance shows without sign-in, such as caught mail.
"""

from functools import lru_cache
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.config import Settings
from app.core.i18n import N_, _

TEXT = N_("This site has another name. Its operator can add this one to ALLOWED_HOSTS.")
PROBES = "/health/"
POLICY_VIOLATION = 1008
"""The code with which a refused WebSocket is closed (RFC 6455, 7.4.1)."""


def known_names(settings: Settings) -> frozenset[str]:
    """Return the names of the site, in lower case."""
    addresses = (urlsplit(address).hostname for address in (settings.origin, settings.files_origin) if address)
    listed = (name.strip().lower() for name in settings.allowed_hosts.split(","))
    return frozenset(name for name in (*addresses, *listed, settings.host.lower()) if name)


@lru_cache(maxsize=256)
def is_known(host: str, names: frozenset[str]) -> bool:
    """Tell whether the Host header names the site; an IP address does, because no other site can own it as a name."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    if name in names or name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


class KnownHostMiddleware:
    """Answers 421 to requests for other names; probes of the operator may use any name."""

    def __init__(self, app: ASGIApp, *, names: frozenset[str]) -> None:
        self.app = app
        self.names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if (
            scope["type"] not in ("http", "websocket")
            or scope["path"].startswith(PROBES)
            or is_known(Headers(scope=scope).get("host", ""), self.names)
        ):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
        else:
            answer = PlainTextResponse(_(TEXT) + "\n", int(HTTPStatus.MISDIRECTED_REQUEST))
            await answer(scope, receive, send)

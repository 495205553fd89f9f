"""Keeps the web server from believing `X-Forwarded-For`: whom we believe is our own setting, TRUSTED_PROXIES.

Uvicorn believes every peer on loopback unless it was told otherwise, and writes what that peer claims over the
peer's real address before we see the request; `app.core.security.address` then could not tell who asked.
"""

import sys


def _as_it_came[A](app: A, trusted_hosts: object = None) -> A:
    """Stand where uvicorn would wrap the application, and do nothing."""
    del trusted_hosts
    return app


def keep_peer_addresses() -> None:
    """Take uvicorn's own reading of forwarding headers away, where uvicorn is what loads us.

    It imports the application before it wraps it, with `uvicorn app.main:app`, `--reload` and several workers alike.
    """
    server = sys.modules.get("uvicorn.config")
    if server is not None:
        server.__dict__["ProxyHeadersMiddleware"] = _as_it_came

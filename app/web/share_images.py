"""Share images over HTTP: their addresses and conditional responses."""

import hashlib
import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from urllib.parse import urlencode

from fastapi import Request
from starlette.responses import Response

LOOK = 1
"""Version of the design; increase it when the same content is drawn differently."""
KEPT_SECONDS = 3600
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    # Other sites embed the image beside a link to this site.
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": f"public, max-age={KEPT_SECONDS}",
}


def content_hash(*content: object) -> str:
    """Return a hash of the content of an image; equal content has an equal hash."""
    return hashlib.sha256(json.dumps([LOOK, *content], default=str).encode()).hexdigest()[:32]


def share_image_url(page: str, locale: str) -> str:
    """Return the address of a page's share image in the language of the page."""
    return f"{page}/card.png?{urlencode({'lang': locale})}"


async def share_image_response(request: Request, mark: str, drawing: Callable[[], Awaitable[bytes]]) -> Response:
    """Return the image, or 304 where the reader's copy is current."""
    headers = HEADERS | {"ETag": f'"{mark}"'}
    if f'"{mark}"' in request.headers.get("if-none-match", ""):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(await drawing(), headers=headers, media_type="image/png")

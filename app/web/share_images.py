"""Share pictures over HTTP: their addresses, and answers that need no second drawing."""

import hashlib
import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from urllib.parse import urlencode

from fastapi import Request
from starlette.responses import Response

LOOK = 1
"""Count one more when the same content is to be drawn in another way."""
KEPT_SECONDS = 3600
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    # Other sites show it beside a link to ours: that is what it is for.
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": f"public, max-age={KEPT_SECONDS}",
}


def content_hash(*content: object) -> str:
    """Name what stands on a picture: equal content has an equal name."""
    return hashlib.sha256(json.dumps([LOOK, *content], default=str).encode()).hexdigest()[:32]


def share_image_url(page: str, locale: str) -> str:
    """Return the address of the picture of a page, in the language of the page."""
    return f"{page}/card.png?{urlencode({'lang': locale})}"


async def share_image_response(request: Request, mark: str, drawing: Callable[[], Awaitable[bytes]]) -> Response:
    """Return a picture, or say that the copy which the reader has is still right."""
    headers = HEADERS | {"ETag": f'"{mark}"'}
    if f'"{mark}"' in request.headers.get("if-none-match", ""):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(await drawing(), headers=headers, media_type="image/png")

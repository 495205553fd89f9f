"""Dependencies of accounts: the browser's flow of a password reset."""

import secrets
from typing import Annotated

from fastapi import Depends, Request

from app.core.http.dependencies import connection_resources
from app.core.security.cookies import put_cookie, reset_flow_cookie

RANDOM_BYTES = 18
FLOW_SECONDS = 3600
MAX_LENGTH = 100


async def sent_reset_flow(request: Request) -> str:
    """Return the value of the browser's flow; empty where it has none."""
    settings = connection_resources(request).settings
    return request.cookies.get(reset_flow_cookie(settings), "")[:MAX_LENGTH]


async def open_reset_flow(request: Request) -> str:
    """Give the browser a new value, without which the code that it asks for is worth nothing; return it."""
    settings, value = connection_resources(request).settings, secrets.token_urlsafe(RANDOM_BYTES)
    put_cookie(request, settings, reset_flow_cookie(settings), value, max_age=FLOW_SECONDS)
    return value


SentResetFlow = Annotated[str, Depends(sent_reset_flow)]
NewResetFlow = Annotated[str, Depends(open_reset_flow)]

"""Accounts, sessions, devices, confirmation."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from tests.contract.permissions.table import PASSWORD, Row, own

PROOF = {"current_password": PASSWORD}


def somebody_unknown(_ids: Mapping[str, Any]) -> dict[str, str]:
    """Return a name that nobody has, a new one each time: the same one would be slowed down."""
    return {"username": f"nobody-{uuid4().hex[:8]}", "password": "wrong password"}


ROWS = [
    Row("POST /auth/register", (422, 422, 422, 422, 422), body={"username": "x", "password": PASSWORD}),
    Row("POST /auth/login", (401, 401, 401, 401, 401), body=somebody_unknown),
    own("POST /auth/refresh", 401),
    own("POST /auth/logout", 200, nobody=200),
    own("GET /auth/me", 200),
    own("PATCH /auth/me", 200, {"display_name": "Анна"}),
    own("POST /auth/reauthenticate", 200, {"password": PASSWORD}),
    own("GET /auth/sessions", 200),
    own("POST /auth/sessions/end-others", 200, PROOF),
    own("DELETE /auth/sessions/{session_id}", 404, PROOF),
    own("POST /auth/confirm-email", 422, {"code": "000000"}, nobody=422),
    own("POST /auth/confirm-email/resend", 200),
    own("POST /auth/confirm-phone", 422, {"code": "000000"}),
    own("POST /auth/confirm-phone/resend", 409),
    own("POST /auth/password/reset", 202, {"identifier": "nobody-here"}, nobody=202),
    own("POST /auth/password/reset/confirm", 422, {"password": "another long one", "token": "x"}, nobody=422),
    own("POST /auth/password", 200, PROOF | {"new_password": "quite another long password"}),
    own("POST /auth/email", 202, PROOF | {"email": "new-address@example.com"}),
    own("POST /auth/phone", 202, PROOF | {"phone": "+79161234567"}),
    own("POST /auth/deactivate", 200, {"password": PASSWORD}),
    own("GET /auth/history", 200),
    own("POST /auth/password-strength", 200, {"password": "whatever it is"}, nobody=200),
]

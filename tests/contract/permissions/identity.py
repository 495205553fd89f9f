"""Accounts, sessions, devices, confirmation of contacts."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from tests.contract.permissions.table import PASSWORD, Row, own, page

PROOF = {"current_password": PASSWORD}


def somebody_unknown(_ids: Mapping[str, Any]) -> dict[str, str]:
    """Return a user name that does not exist; a new one each time, because repeated ones are slowed down."""
    return {"username": f"nobody-{uuid4().hex[:8]}", "password": "wrong password"}


def somebody_unknown_typed(ids: Mapping[str, Any]) -> dict[str, str]:
    """Return the same as the fields of the form."""
    asked = somebody_unknown(ids)
    return {"identifier": asked["username"], "password": asked["password"]}


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

PAGES = [
    page("GET /sign-up", 200, 303),
    page("POST /sign-up", 422, 422, body={"username": "x", "password": PASSWORD}),
    page("GET /sign-in", 200, 303),
    page("POST /sign-in", 422, 422, body=somebody_unknown_typed),
    page("POST /sign-out", 303, 303),
    page("POST /password-strength", 200, 200, body={"password": "whatever it is"}),
    page("GET /reset", 200, 200),
    page("POST /reset", 200, 200, body={"identifier": "nobody-here"}),
    page("GET /reset/confirm", 200, 200),
    page("POST /reset/confirm", 422, 422, body={"password": "another long one", "token": "x"}),
    page("GET /confirm-email", 200, 200),
    page("POST /confirm-email", 422, 422, body={"code": "000000"}),
    page("POST /confirm-email/resend", 401, 303),
    page("GET /confirm-phone", 401, 200),
    page("POST /confirm-phone", 401, 422, body={"code": "000000"}),
    page("POST /confirm-phone/resend", 401, 303),
    page("GET /settings", 303, 303),
    page("GET /settings/profile", 401, 200),
    page("POST /settings/profile", 401, 303, body={"display_name": "Анна"}),
    page("GET /settings/security", 401, 200),
    page("GET /settings/security/{change}", 401, 200, fixed={"change": "password"}),
    page("POST /settings/security/password", 401, 303, body=PROOF | {"new_password": "quite another long password"}),
    page("POST /settings/security/email", 401, 303, body=PROOF | {"email": "new-address@example.com"}),
    page("POST /settings/security/phone", 401, 303, body=PROOF | {"phone": "+79161234567"}),
    page("POST /settings/security/close", 401, 303, body=PROOF),
    page("GET /settings/devices", 401, 200),
    page("POST /settings/devices/end", 401, 422, body=PROOF),
]

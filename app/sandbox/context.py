"""What the handlers of the sandbox provider share: the provider, the sender of webhooks, bodies of requests."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.core.security.signing import same_secret
from app.sandbox.problems import Problem
from app.sandbox.provider import Provider
from app.sandbox.webhooks import WebhookSender

MAX_BODY_BYTES = 65_536

type Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of one running provider."""

    provider: Provider
    sender: WebhookSender
    api_key: str
    return_url: str


def context_of(request: Request) -> Context:
    """Return the parts of the provider that serves a request."""
    return cast("Context", request.app.state.context)


async def raw_body(request: Request) -> bytes:
    """Return the body of a request.

    Raises:
        Problem: It is too long.
    """
    received = b""
    async for chunk in request.stream():
        received += chunk
        if len(received) > MAX_BODY_BYTES:
            raise Problem(413, "too_long", f"A body has at most {MAX_BODY_BYTES} bytes.")
    return received


def parsed[T: BaseModel](model: type[T], body: bytes) -> T:
    """Return a body as an object.

    Raises:
        Problem: It does not fit; the sentence names the first field that is wrong.
    """
    try:
        return model.model_validate_json(body or b"{}")
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise Problem(400, "invalid_request", f"{field or 'body'}: {first['msg']}") from error


def moment_in(request: Request, name: str) -> datetime | None:
    """Return a time of the query.

    Raises:
        Problem: It is not a time with its zone.
    """
    text = request.query_params.get(name)
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):  # the first and last hours of the calendar have no time in UTC
        pass
    raise Problem(400, "invalid_request", f"{name}: write a time such as 2026-01-31T12:00:00Z.")


def answer(content: Any, status: int = 200) -> JSONResponse:  # noqa: ANN401 - any JSON
    """Return a JSON response that nobody keeps."""
    return JSONResponse(content, status, headers={"cache-control": "no-store"})


def refusal(problem: Problem) -> JSONResponse:
    """Return the response for a refused request."""
    return answer({"code": problem.code, "detail": problem.detail}, problem.status)


def check_key(request: Request) -> None:
    """Refuse a request without the key of the API.

    Raises:
        Problem: The key is missing or wrong.
    """
    scheme, _space, sent = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not same_secret(context_of(request).api_key, sent):
        raise Problem(401, "unauthorized", "Send the key of the API as a bearer token.")


def guarded(handler: Handler) -> Handler:
    """Return a handler that needs the key and answers refusals."""

    async def handle(request: Request) -> Response:
        try:
            check_key(request)
            return await handler(request)
        except Problem as problem:
            return refusal(problem)

    return handle

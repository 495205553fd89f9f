"""Rendering of errors over HTTP: RFC 9457 problem documents, or pages for people."""

import errno
import re
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from http import HTTPStatus
from typing import Any, cast

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import ClientDisconnect

from app.core import request_limit
from app.core.database import is_temporary
from app.core.errors import (
    DomainError,
    ErrorKind,
    FieldError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    RateLimitedError,
    UnauthenticatedError,
    UnavailableError,
)
from app.core.http.dependencies import API_ROOT
from app.core.http.middleware import UnhandledErrorMiddleware
from app.core.i18n import N_, _
from app.core.persistence.request_keys import RequestKeyMissingError

log = structlog.get_logger()

STATUS_OF: dict[ErrorKind, HTTPStatus] = {
    ErrorKind.INVALID: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorKind.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    ErrorKind.FORBIDDEN: HTTPStatus.FORBIDDEN,
    ErrorKind.NOT_FOUND: HTTPStatus.NOT_FOUND,
    ErrorKind.CONFLICT: HTTPStatus.CONFLICT,
    ErrorKind.RATE_LIMITED: HTTPStatus.TOO_MANY_REQUESTS,
    ErrorKind.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
}
DEFAULT_RETRY_AFTER = 5
type ErrorPage = Callable[[Request, DomainError, int], Awaitable[Response]]


class MethodNotAllowedError(DomainError):
    """The address exists but does not accept this method."""

    kind = ErrorKind.INVALID
    code = "method-not-allowed"
    title = N_("This address does not support this method")


class MalformedRequestError(DomainError):
    """The request cannot be parsed."""

    kind = ErrorKind.INVALID
    code = "malformed-request"
    title = N_("The request cannot be read")


class UnsupportedMediaTypeError(DomainError):
    """The address does not accept bodies of this media type."""

    kind = ErrorKind.INVALID
    code = "unsupported-media-type"
    title = N_("Send the body as application/json")


class TooLargeError(DomainError):
    """The body is longer than this address accepts."""

    kind = ErrorKind.INVALID
    code = "too-large"
    title = N_("The request is too large")
    detail = N_("Send less at once: a shorter text, or fewer and smaller files.")


class TooManyBodiesError(RateLimitedError):
    """One account or address sends too many request bodies at once."""

    code = "too-many-bodies"
    title = N_("Too many requests are arriving at once")
    detail = N_("Wait until what you are sending has arrived, then try again.")


class InsufficientStorageError(DomainError):
    """The disk has less free space than the reserve; removing something or waiting helps, repeating does not."""

    kind = ErrorKind.UNAVAILABLE
    code = "insufficient-storage"
    title = N_("The site is short of space")
    detail = N_("Files cannot be uploaded at the moment. Nothing was lost; please try again later.")


class InternalError(DomainError):
    """A bug; the request id finds it in the logs."""

    kind = ErrorKind.UNAVAILABLE
    code = "internal"
    title = N_("Something went wrong on our side")
    detail = N_("It has been written down. Please try again; if it stays, tell the operator the number below.")


# Pydantic's error types → our messages, which say what to do; `ctx` fills the placeholders.
VALIDATION_TEXTS: dict[str, str] = {
    "missing": N_("Please fill this in."),
    "extra_forbidden": N_("This field is not known here."),
    "string_too_short": N_("At least {min_length} characters, please."),
    "string_too_long": N_("At most {max_length} characters, please."),
    "string_type": N_("A text is needed here."),
    "string_pattern_mismatch": N_("This has not the expected form."),
    "int_type": N_("Write a whole number in digits, such as 12."),
    "int_parsing": N_("Write a whole number in digits, such as 12."),
    "int_from_float": N_("Write a whole number in digits, such as 12."),
    "int_parsing_size": N_("This number is too large."),
    "float_type": N_("A number is needed here."),
    "float_parsing": N_("A number is needed here."),
    "bool_type": N_("Yes or no is needed here."),
    "bool_parsing": N_("Yes or no is needed here."),
    "greater_than": N_("More than {gt}, please."),
    "greater_than_equal": N_("At least {ge}, please."),
    "less_than": N_("Less than {lt}, please."),
    "less_than_equal": N_("At most {le}, please."),
    "too_short": N_("At least {min_length} of them, please."),
    "too_long": N_("At most {max_length} of them, please."),
    "enum": N_("Choose one of: {expected}."),
    "literal_error": N_("Choose one of: {expected}."),
    "uuid_parsing": N_("This is not an id."),
    "uuid_type": N_("This is not an id."),
    "list_type": N_("A list is needed here."),
    "dict_type": N_("An object is needed here."),
    "model_attributes_type": N_("An object is needed here."),
    "json_invalid": N_("This is not valid JSON."),
    "json_type": N_("This is not valid JSON."),
    "datetime_type": N_("A date and time is needed here."),
    "datetime_parsing": N_("A date and time is needed here."),
    "datetime_from_date_parsing": N_("A date and time is needed here."),
    "date_parsing": N_("A date is needed here."),
    "date_from_datetime_parsing": N_("A date is needed here."),
    "date_from_datetime_inexact": N_("A date without a time is needed here, such as 2026-12-31."),
    "timezone_aware": N_("Please give the time zone too."),
    "value_error": N_("This cannot be accepted: {error}"),
}
ASKS_FOR_MORE = frozenset(
    {"string_too_short", "int_parsing", "int_type", "float_parsing", "date_from_datetime_parsing"}
)
"""Pydantic's error types for an empty text where a value is required."""
FALLBACK_TEXT = N_("This cannot be accepted.")
MAX_ERRORS = 20
"""How many fields one answer names; a request with more is not a form with a few slips."""
MAX_NAME_LENGTH = 100
_LAST_CHOICE = re.compile(r"(?<=['\"\d]) or (?=['\"\d])")
"""What pydantic writes before the last of the expected values, whatever the reader's language is."""


def field_errors(errors: list[dict[str, Any]]) -> list[FieldError]:
    """Convert pydantic's errors to field errors, the first `MAX_ERRORS` of them."""
    found: list[FieldError] = []
    for error in errors[:MAX_ERRORS]:
        context = {key: str(value) for key, value in (error.get("ctx") or {}).items()}
        if "expected" in context:
            context["expected"] = _LAST_CHOICE.sub(", ", context["expected"])
        kind = "missing" if error.get("input") in ("", None) and error["type"] in ASKS_FOR_MORE else str(error["type"])
        text = VALIDATION_TEXTS.get(kind, FALLBACK_TEXT)
        if error["type"] == "value_error":
            # Raised by a validator of ours: its text is a translatable message.
            text, context = context.get("error", FALLBACK_TEXT), {}
        # The name of an unknown field is whatever was sent.
        loc = tuple(name[:MAX_NAME_LENGTH] if isinstance(name, str) else name for name in error["loc"])
        found.append(FieldError(loc, text, context))
    return found


SPECIAL_STATUS: dict[type[DomainError], int] = {
    MethodNotAllowedError: 405,
    MalformedRequestError: 400,
    UnsupportedMediaTypeError: 415,
    TooLargeError: 413,
    InsufficientStorageError: 507,
    InternalError: 500,
    RequestKeyMissingError: 400,
}


def status_of(error: DomainError) -> int:
    """Return the HTTP status of an error; a few protocol errors have their own."""
    return status_for(type(error))


def headers_of(error: DomainError) -> dict[str, str]:
    """Return the headers of an error, such as `Retry-After`."""
    passes = error.kind in (ErrorKind.RATE_LIMITED, ErrorKind.UNAVAILABLE) and not isinstance(error, InternalError)
    passes = passes or error.retry_after is not None
    return {"Retry-After": str(error.retry_after or DEFAULT_RETRY_AFTER)} if passes else {}


def problem(request: Request, error: DomainError) -> JSONResponse:
    """Render a domain error as an RFC 9457 problem document."""
    status = status_of(error)
    body: dict[str, Any] = {
        "type": f"/problems/{error.code}",
        "title": _(error.title),
        "status": status,
        "code": error.code,
        "detail": error.text(),
        "instance": request.scope.get("path", ""),
        "request_id": request.scope.get("request_id", ""),
    }
    if error.errors:
        body["errors"] = [{"loc": list(item.loc), "msg": item.text()} for item in error.errors]
    return JSONResponse(body, status, headers_of(error), media_type="application/problem+json")


def wants_page(request: Request) -> bool:
    """Tell whether the response is for a person: an address outside the API, and HTML is accepted."""
    path = str(request.scope.get("path", ""))
    return not path.startswith((API_ROOT, "/health")) and "text/html" in request.headers.get("accept", "")


def from_http(error: StarletteHTTPException) -> DomainError:
    """Return the domain error for one of the framework's errors."""
    by_status: dict[int, DomainError] = {
        401: UnauthenticatedError(),
        403: ForbiddenError(),
        404: NotFoundError(),
        405: MethodNotAllowedError(),
        413: TooLargeError(),
        415: UnsupportedMediaTypeError(),
        429: TooManyBodiesError(),
    }
    return by_status.get(error.status_code, MalformedRequestError())


DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Error numbers of a full disk, for example while a form is received: temporary, and not the client's fault."""


def _is_outage(error: Exception) -> bool:
    if isinstance(error, PoolTimeoutError | InterfaceError | RedisError | ConnectionError | TimeoutError):
        return True
    if isinstance(error, DBAPIError) and (error.connection_invalidated or is_temporary(error)):
        return True
    if isinstance(error, OSError) and error.errno in DISK_FULL:
        return True
    return isinstance(error, OperationalError)


def install_error_handlers(  # noqa: C901 - one small function per kind
    app: FastAPI, page: ErrorPage, methods_of: Callable[[str], list[str]]
) -> None:
    """Register the handlers that render every error as a problem document or as a page.

    `methods_of` returns the methods that an address accepts. Call this before other middleware is added: uncaught
    exceptions must be handled inside all of it.
    """

    async def answer(request: Request, error: DomainError) -> Response:
        if wants_page(request):
            response = await page(request, error, status_of(error))
            response.headers.update(headers_of(error))
            return response
        return problem(request, error)

    async def domain(request: Request, error: Exception) -> Response:
        return await answer(request, cast("DomainError", error))

    async def validation(request: Request, error: Exception) -> Response:
        raw = list(cast("RequestValidationError", error).errors())
        if any(item["loc"][:1] == ("path",) for item in raw) and not request.scope["path"].startswith(API_ROOT):
            return await answer(request, NotFoundError())  # nothing can be at an address that is no id
        errors = field_errors(raw)
        return await answer(request, InvalidError(errors=errors))

    async def http(request: Request, error: Exception) -> Response:
        raised = cast("StarletteHTTPException", error)
        response = await answer(request, from_http(raised))
        response.headers.update(raised.headers or {})
        if raised.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            # The router lists the methods of the first matching route only; an address may have several.
            known = methods_of(str(request.scope["path"]))
            # The framework joins a set, whose order changes with each start.
            named = known or sorted(response.headers.get("Allow", "").split(", "))
            response.headers["Allow"] = ", ".join(named)
        return response

    async def left(request: Request, _error: Exception) -> Response:
        # Nobody reads this response; it only ends the request.
        return problem(request, MalformedRequestError())

    async def anything(request: Request, error: Exception) -> Response:
        if _is_outage(error) or request_limit.is_over():
            await log.awarning("dependency_unavailable", error=type(error).__name__)
            return await answer(request, UnavailableError())
        await log.aexception("unhandled_error", exc_info=error)
        return await answer(request, InternalError())

    app.add_exception_handler(DomainError, domain)
    app.add_exception_handler(RequestValidationError, validation)
    app.add_exception_handler(StarletteHTTPException, http)
    app.add_exception_handler(ClientDisconnect, left)
    for outage in (DBAPIError, PoolTimeoutError, RedisError, ConnectionError, TimeoutError):
        app.add_exception_handler(outage, anything)
    app.add_middleware(UnhandledErrorMiddleware, answer=anything)


class ProblemField(BaseModel):
    """One invalid field."""

    loc: list[str | int]
    msg: str


class Problem(BaseModel):
    """An RFC 9457 problem document."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    instance: str
    request_id: str
    errors: list[ProblemField] | None = None


def status_for(error: type[DomainError]) -> int:
    """Return the HTTP status of a kind of error; a subclass without its own has that of its base class."""
    special = (SPECIAL_STATUS[base] for base in error.__mro__ if base in SPECIAL_STATUS)
    return next(special, int(STATUS_OF[error.kind]))


EVERYWHERE: tuple[type[DomainError], ...] = (
    MalformedRequestError,
    TooLargeError,
    TooManyBodiesError,
    UnsupportedMediaTypeError,
    InvalidError,
    UnavailableError,
)
"""Responses that any JSON route may return."""


class ErrorResponse(dict[str, Any]):
    """One response of a route in OpenAPI, with the errors that it describes."""

    def __init__(self, errors: Sequence[type[DomainError]], schema: dict[str, Any]) -> None:
        super().__init__(
            description="; ".join(f"`{error.code}`: {error.title}" for error in errors),
            content={"application/problem+json": {"schema": schema}},
        )
        self.errors = tuple(errors)


def refusals(*errors: type[DomainError]) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI responses of the errors that a route itself raises: `responses=refusals(…)`.

    `openapi.add_errors` adds those of its dependencies and those that all routes have.
    """
    by_status: dict[int, list[type[DomainError]]] = {}
    for error in (*EVERYWHERE, *errors):
        known = by_status.setdefault(status_for(error), [])
        if error not in known:
            known.append(error)
    return {status: ErrorResponse(found, _problem_schema()) for status, found in sorted(by_status.items())}


@cache
def _problem_schema() -> dict[str, Any]:
    # Hundreds of routes share it; making it for each would take most of the time in which the application is created.
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    definitions = schema.pop("$defs", {})
    schema["properties"]["errors"] = {"type": "array", "items": definitions["ProblemField"]}
    return schema

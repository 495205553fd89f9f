"""Adds summaries, security requirements and errors to the OpenAPI document, derived from the routes themselves."""

import re
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from app.core.config import Settings
from app.core.errors import DomainError
from app.core.http.problem_details import ErrorResponse, refusals
from app.core.security.cookies import cookie_names
from app.core.security.csrf import CSRF_HEADER, SAFE_METHODS, CsrfError

_MARK = "__asks_for__"
_ERRORS = "__raises__"


class AuthRequirement(StrEnum):
    """The authentication that a dependency requires; the strongest one of a route counts."""

    REFRESH = "refresh"
    SESSION = "session"
    OPTIONAL_SESSION = "maybe_session"


def requires_auth[T: Callable[..., object]](proof: AuthRequirement) -> Callable[[T], T]:
    """Mark a dependency with the authentication it requires."""

    def mark(dependency: T) -> T:
        setattr(dependency, _MARK, proof)
        return dependency

    return mark


def raises[T: Callable[..., object]](*errors: type[DomainError]) -> Callable[[T], T]:
    """Mark a dependency with the errors that it raises; every route that uses it documents them."""

    def mark(dependency: T) -> T:
        setattr(dependency, _ERRORS, errors)
        return dependency

    return mark


def _errors(dependant: Dependant) -> Iterator[type[DomainError]]:
    yield from getattr(dependant.call, _ERRORS, ())
    for below in dependant.dependencies:
        yield from _errors(below)


def add_errors(routes: Iterable[APIRoute]) -> None:
    """Add to each route's responses the errors of its dependencies, before the application includes the routes."""
    for route in routes:
        named = [
            error for found in route.responses.values() if isinstance(found, ErrorResponse) for error in found.errors
        ]
        forged = () if set(route.methods or ()) <= SAFE_METHODS else (CsrfError,)
        route.responses = route.responses | refusals(*_errors(route.dependant), *forged, *named)


def proof_of(dependency: object) -> AuthRequirement | None:
    """Return the authentication that a dependency itself requires."""
    mark: AuthRequirement | None = getattr(dependency, _MARK, None)
    return mark


def _auth_requirements(dependant: Dependant) -> Iterator[AuthRequirement]:
    mark = proof_of(dependant.call)
    if mark is not None:
        yield mark
    for below in dependant.dependencies:
        yield from _auth_requirements(below)


def requires_session(route: APIRoute) -> bool:
    """Tell whether only signed-in people can use a route."""
    return bool({AuthRequirement.SESSION, AuthRequirement.REFRESH} & set(_auth_requirements(route.dependant)))


def schemes(settings: Settings) -> dict[str, dict[str, str]]:
    """Return the security schemes, with the cookie names of this installation."""
    names = cookie_names(settings)
    return {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "Access token for programs. If it is sent, cookies are ignored.",
        },
        "accessCookie": {
            "type": "apiKey",
            "in": "cookie",
            "name": names.access,
            "description": "Access token, set at sign-in and renewed automatically with the refresh token.",
        },
        "refreshCookie": {
            "type": "apiKey",
            "in": "cookie",
            "name": names.refresh,
            "description": "Refresh token, set at sign-in and replaced at each use.",
        },
        "csrfHeader": {
            "type": "apiKey",
            "in": "header",
            "name": CSRF_HEADER.upper(),
            "description": "Value of the cookie `csrf_token`. Required if the session is identified by cookies.",
        },
    }


def security_of(dependant: Dependant, method: str) -> list[dict[str, list[str]]]:
    """Return the alternative security requirements of an operation; empty where it requires none."""
    found = set(_auth_requirements(dependant))
    beside: dict[str, list[str]] = {} if method in SAFE_METHODS else {"csrfHeader": []}
    if AuthRequirement.REFRESH in found:
        return [{"refreshCookie": []} | beside]
    session: list[dict[str, list[str]]] = [{"bearer": []}, {"accessCookie": []} | beside]
    if AuthRequirement.SESSION in found:
        return session
    return [{}, *session] if AuthRequirement.OPTIONAL_SESSION in found else []


BOUNDS = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}
"""Bounds that pydantic writes under its own names where a validator runs before the number is read."""


def name_bounds(part: object) -> None:
    """Rename the bounds of numbers in a part of the document to those of JSON Schema."""
    if isinstance(part, list):
        for item in part:
            name_bounds(item)
    elif isinstance(part, dict):
        if part.get("type") == "integer":
            for name in BOUNDS.keys() & part.keys():
                part[BOUNDS[name]] = part.pop(name)
        for item in part.values():
            name_bounds(item)


_SENTENCE = re.compile(r"(.+?)\.(?:\s+|$)(.*)", re.DOTALL)


def summarize_operations(document: dict[str, Any]) -> None:
    """Use the first sentence of each operation's description as its summary, and the others as its description.

    FastAPI derives summaries from the names of functions.
    """
    for path in document["paths"].values():
        for operation in path.values():
            found = _SENTENCE.match(operation.pop("description", ""))
            if found is not None:
                operation["summary"] = " ".join(found[1].split())
                if found[2]:
                    operation["description"] = found[2]


def declare_security(document: dict[str, Any], routes: Iterable[tuple[str, APIRoute]], settings: Settings) -> None:
    """Add security schemes and requirements to the document; `routes` are its routes with their full paths."""
    document.setdefault("components", {})["securitySchemes"] = schemes(settings)
    for path, route in routes:
        for method in route.methods or ():
            operation = document["paths"].get(path, {}).get(method.lower())
            if operation is not None:
                operation["security"] = security_of(route.dependant, method)

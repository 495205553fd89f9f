"""Forms that are parsed into a Pydantic model and rendered again with their errors."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData

from app.core.errors import DomainError, ErrorKind, InvalidError
from app.core.http.problem_details import field_errors, headers_of, status_of
from app.web.forms import FormState
from app.web.templating import render

SECRET_FIELDS = frozenset({"password", "current_password", "new_password", "csrf_token"})


def read[M: BaseModel](model: type[M], form: FormData) -> M:
    """Parse the fields of a form into a model; empty fields count as missing.

    Raises:
        InvalidError: A field is not valid.
    """
    given = {name: form[name] for name in model.model_fields if isinstance(form.get(name), str) and form[name] != ""}
    try:
        return model.model_validate(given)
    except ValidationError as wrong:
        errors = [{**error, "loc": ("body", *error["loc"])} for error in wrong.errors()]
        raise InvalidError(errors=field_errors([dict(error) for error in errors])) from wrong


def redisplayed_form(form: FormData, error: DomainError) -> FormState:
    """Return the form with its errors; secret fields are never sent back."""
    kept = FormData([(name, value) for name, value in form.multi_items() if name not in SECRET_FIELDS])
    return FormState.posted(kept, error)


def refuse(
    request: Request, template: str, form: FormData, error: DomainError, context: Mapping[str, Any] | None = None
) -> Response:
    """Render the form again with its errors and the status of the error."""
    # On the sign-in form a wrong password is an error of the form, not a reason for a redirect to it.
    status = 422 if error.kind is ErrorKind.UNAUTHENTICATED else status_of(error)
    page = render(request, template, {"f": redisplayed_form(form, error), **(context or {})}, status)
    page.headers.update(headers_of(error))
    return page

"""Error handling shared by the forms with file uploads."""

from app.core.errors import DomainError, FieldError, InvalidError
from app.core.http.problem_details import TooLargeError
from app.features.files.errors import QuotaExceededError

REFUSED = (InvalidError, TooLargeError, QuotaExceededError)
"""Errors of a file or a field, shown next to the field."""


def attach_file_errors(error: DomainError) -> list[FieldError]:
    """Return the field errors; an error without fields is assigned to the file field."""
    return list(error.errors) or [FieldError(("files",), error.message, error.params)]

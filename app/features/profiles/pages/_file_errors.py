"""What the forms that bring files share."""

from app.core.errors import DomainError, FieldError, InvalidError
from app.core.http.problem_details import TooLargeError
from app.features.files.errors import QuotaExceededError

REFUSED = (InvalidError, TooLargeError, QuotaExceededError)
"""What is wrong with a file or a field, and is said beside it."""


def attach_file_errors(error: DomainError) -> list[FieldError]:
    """Put what is wrong beside its field; what names none is about the files."""
    return list(error.errors) or [FieldError(("files",), error.message, error.params)]

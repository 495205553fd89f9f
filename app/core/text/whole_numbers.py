"""Whole numbers as people and programs write them: forms, filters, addresses and bodies read them alike."""

import re
from typing import Annotated, Final

from pydantic import BeforeValidator
from pydantic_core import PydanticKnownError

MAX_DIGITS: Final = 9
"""The longest number that `read_whole` reads: all such numbers fit into a column of PostgreSQL."""
_DIGITS: Final = re.compile(r"-?[0-9]+")


def _only_digits(value: object) -> object:
    """Refuse what pydantic reads besides digits, such as `1_0`, `+5` and `5.0`; blanks around a number are dropped.

    Raises:
        PydanticKnownError: The text is not a whole number.
    """
    if isinstance(value, str):
        value = value.strip()
        if not _DIGITS.fullmatch(value):
            raise PydanticKnownError("int_parsing")
    return value


WholeNumber = Annotated[int, BeforeValidator(_only_digits)]
"""A whole number in a request; a plain `int` there is refused by tests/architecture/test_whole_numbers.py."""


def read_whole(typed: object) -> int | None:
    """Return the whole number in a field of a form, or None if there is none."""
    text = typed.strip() if isinstance(typed, str) else ""
    return int(text) if len(text) <= MAX_DIGITS and text.isascii() and text.isdecimal() else None


def read_whole_or_text(typed: object) -> int | str | None:
    """Return the number in a field, None if the field is empty, or the text, which a model then refuses."""
    found = read_whole(typed)
    return found if found is not None or not isinstance(typed, str) else typed.strip() or None

"""Keyset paging: an opaque cursor that names the last row seen, so that depth costs nothing."""

import base64
import binascii
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import BaseModel

from app.core.errors import FieldError, InvalidError
from app.core.i18n import N_

DEFAULT_LIMIT = 20
MAX_LIMIT = 100


class BadCursorError(InvalidError):
    """The cursor was altered or belongs to another list."""

    code = "bad-cursor"
    title = N_("This page link is damaged")
    detail = N_("Open the list again from its first page.")


class Page[T](BaseModel):
    """One page of a list on the wire; `next_cursor` is null on the last page."""

    items: list[T]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Slice[T]:
    """One page of a list inside the house."""

    items: list[T]
    next_cursor: str | None


def encode_cursor(*values: str | int) -> str:
    """Pack the sort key of the last row; strings and integers only, times as ISO texts."""
    return base64.urlsafe_b64encode(orjson.dumps(values)).rstrip(b"=").decode("ascii")


def decode_cursor(cursor: str, *types: type[str] | type[int]) -> tuple[Any, ...]:
    """Unpack a cursor into values of exactly these types.

    Raises:
        BadCursorError: It is no cursor of this list.
    """
    error = BadCursorError(errors=[FieldError(("query", "cursor"), BadCursorError.detail)])
    try:
        values = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, orjson.JSONDecodeError, ValueError) as wrong:
        raise error from wrong
    if not isinstance(values, list) or [type(value) for value in values] != list(types):
        raise error
    if any(isinstance(value, str) and "\x00" in value for value in values):
        raise error
    return tuple(values)

"""Keyset pagination: an opaque cursor names the last row seen, so that deep pages are as fast as the first."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, overload
from uuid import UUID

import orjson
from pydantic import BaseModel

from app.core.errors import FieldError, InvalidError
from app.core.i18n import N_
from app.core.security.signing import bytes_of, text_of

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
_BIGINT = 2**63
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
LATEST = 2**53
"""The latest time in microseconds since 1970 (year 2255): exact in JSON, and within PostgreSQL's range."""

type CursorKey = str | int | UUID | datetime
"""A value of a sort key."""


class BadCursorError(InvalidError):
    """The cursor was altered or belongs to another list."""

    code = "bad-cursor"
    title = N_("This page link is invalid")
    detail = N_("Open the list again from its first page.")

    def __init__(self) -> None:
        super().__init__(errors=[FieldError(("query", "cursor"), self.detail)])


class Page[T](BaseModel):
    """One page of a list in a response; `next_cursor` is null on the last page."""

    items: list[T]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Slice[T]:
    """One page of a list as use cases return it."""

    items: list[T]
    next_cursor: str | None


def encode_cursor(*values: CursorKey) -> str:
    """Encode the sort key of the last row; a time becomes microseconds since 1970."""
    return text_of(orjson.dumps([_packed(value) for value in values]))


@overload
def decode_cursor[A: CursorKey](cursor: str, a: type[A], /) -> tuple[A]: ...
@overload
def decode_cursor[A: CursorKey, B: CursorKey](cursor: str, a: type[A], b: type[B], /) -> tuple[A, B]: ...
@overload
def decode_cursor[A: CursorKey, B: CursorKey, C: CursorKey](
    cursor: str, a: type[A], b: type[B], c: type[C], /
) -> tuple[A, B, C]: ...
@overload
def decode_cursor[A: CursorKey, B: CursorKey, C: CursorKey, D: CursorKey](
    cursor: str, a: type[A], b: type[B], c: type[C], d: type[D], /
) -> tuple[A, B, C, D]: ...
def decode_cursor(cursor: str, /, *types: type[Any]) -> tuple[Any, ...]:
    """Decode a cursor into values of exactly these types, each within the range of the database.

    Raises:
        BadCursorError: It is not a cursor of this list.
    """
    try:
        values = orjson.loads(bytes_of(cursor))
    except ValueError as wrong:
        raise BadCursorError from wrong
    if not isinstance(values, list):
        raise BadCursorError
    try:
        return tuple(_READ[kind](value) for kind, value in zip(types, values, strict=True))
    except (ValueError, TypeError) as wrong:
        raise BadCursorError from wrong


def last_id(cursor: str | None) -> UUID | None:
    """Return the last row seen of a list sorted by id; None without a cursor.

    Raises:
        BadCursorError: It is not a cursor of such a list.
    """
    return decode_cursor(cursor, UUID)[0] if cursor else None


def last_moment(cursor: str | None) -> tuple[datetime, UUID] | None:
    """Return the last row seen of a list sorted by time and then by id; None without a cursor.

    Raises:
        BadCursorError: It is not a cursor of such a list.
    """
    return decode_cursor(cursor, datetime, UUID) if cursor else None


def _packed(value: CursorKey) -> str | int:
    if isinstance(value, datetime):
        return _micros(value)
    return str(value) if isinstance(value, UUID) else value


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _text(value: object) -> str:
    if not isinstance(value, str) or "\x00" in value:
        raise ValueError("no text that can be compared")
    return value


def _number(value: object) -> int:
    if type(value) is not int or not -_BIGINT <= value < _BIGINT:
        raise ValueError("no whole number of PostgreSQL")
    return value


def _id(value: object) -> UUID:
    found = UUID(_text(value))
    if str(found) != value:
        raise ValueError("not the canonical spelling")
    return found


def _moment(value: object) -> datetime:
    # Releases up to November 2026 wrote the times of some lists as text; they may run beside this one during an
    # upgrade.
    micros = _micros(datetime.fromisoformat(value)) if isinstance(value, str) else _number(value)
    if not 0 <= micros <= LATEST:
        raise ValueError("before or after all rows")
    return _EPOCH + micros * _MICROSECOND


_READ = {str: _text, int: _number, UUID: _id, datetime: _moment}

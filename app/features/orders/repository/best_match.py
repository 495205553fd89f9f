"""Queries for the list of orders by best match: the orders that are compared, and the cards of a page."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    null,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY, asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.pagination import BadCursorError, decode_cursor, encode_cursor
from app.core.persistence.raw_read_pool import RawReadPool
from app.features.orders.repository.search import (
    FEW,
    IS_LISTED,
    Conditions,
    ListingRepository,
    Position,
    card_of_row,
    newest_scanned,
    rows_beside,
    scan_newest,
    scan_words,
    shape_of,
    words_alone,
)
from app.models import Order

CANDIDATES = 500
"""How many of the newest matching orders are compared at most; docs/search.md names the same number."""
MORE = 4000
"""How many orders are scanned if the newest have some matches but not `CANDIDATES`; each costs some microseconds."""
WEIGHTS = "'{0.1,0.4,0.7,1.0}'::real[]"
"""What a word counts for in nothing, the description, the skills and the title, as `ts_rank_cd` expects it."""
PER_LENGTH = "1"
"""Divide by the logarithm of the number of words, so that a long text gains nothing by its length."""
_LAST_ID = UUID(int=2**128 - 1)
_COMPARED = (Order.id, Order.published_at, Order.skills, Order.proposals_count, Order.search)
_LEXEME = re.compile(r"('(?:[^']|'')*')(:\*)?")
_REST = "rest"


@dataclass(frozen=True, slots=True)
class MatchPlace:
    """A position among the compared orders: score and id of the last row, and the time the first page was read."""

    score: int
    order_id: UUID
    as_of: datetime

    def encode(self) -> str:
        """Return the opaque cursor."""
        return encode_cursor("match", self.score, self.order_id, self.as_of)


def encode_rest(published_at: datetime, order_id: UUID) -> str:
    """Return the opaque cursor of a position among the orders that follow those compared, newest first."""
    return encode_cursor(_REST, published_at, order_id)


def decode_match(cursor: str) -> MatchPlace | Position:
    """Decode a cursor: a place among the compared orders, or a position among those that follow.

    Raises:
        BadCursorError: It is not a cursor of the best match.
    """
    try:
        name, score, order_id, as_of = decode_cursor(cursor, str, int, UUID, datetime)
    except BadCursorError:
        name, published_at, order_id = decode_cursor(cursor, str, datetime, UUID)
        if name != _REST:
            raise
        return Position(published_at, order_id)
    if name != "match":
        raise BadCursorError
    return MatchPlace(score, order_id, as_of)


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the score of a matching order is computed from."""

    order_id: UUID
    published_at: datetime
    skills: Sequence[str]
    proposals_count: int
    place: str | None
    """What has all words: the `title`; with it `skills` and category; or only the whole `text`. None without words."""
    closeness: float
    """How near each other and how often the words occur, at least 0."""


@dataclass(frozen=True, slots=True)
class Compared:
    """The newest matching orders; `complete` tells that there are no others."""

    orders: Sequence[Candidate]
    complete: bool


def within(words: str, weights: str) -> str:
    """Restrict each lexeme of a `tsquery` text to the parts of an order that have these weights."""
    return _LEXEME.sub(lambda found: f"{found[1]}:{'*' if found[2] else ''}{weights}", words)


def _asked(name: str) -> ColumnElement[Any]:
    return cast(bindparam(name, type_=Text), TSQUERY)


def _gathered(given: frozenset[str]) -> Any:  # noqa: ANN401 - a statement of any columns
    """Select the newest matches, however far back: words through the text index, filters as the planner decides."""
    shape = (given, "older")
    if words_alone(given):
        return scan_words(shape, CANDIDATES, _COMPARED)
    return rows_beside(select(*_COMPARED), shape, CANDIDATES)


def _read_once(rows: Any) -> Sequence[ColumnElement[Any]]:  # noqa: ANN401 - a statement's columns
    """Return the columns with a copy of the search vector: three conditions would each read the stored one again."""
    copied = rows.c.search.op("||")(literal_column("''::tsvector")).label("search")
    return (rows.c.id, rows.c.published_at, rows.c.skills, rows.c.proposals_count, copied)


@lru_cache(maxsize=200)
def candidates_statement(given: frozenset[str]) -> tuple[str, tuple[str, ...]]:
    """Return the SQL that reads the orders to compare, and its parameter names in order.

    As for the list by time, the newest are scanned first. If they have few matches, all are gathered through an index;
    otherwise some thousands more are scanned, because gathering a frequent word takes too long. Each way is run only if
    it is needed: its condition reads no column, so PostgreSQL decides once.
    """
    shape = (given, "older")
    near = scan_newest(newest_scanned(given), shape, CANDIDATES, _COMPARED).cte("near").prefix_with("MATERIALIZED")
    many = select(func.count()).select_from(near).scalar_subquery()
    few: ColumnElement[int] = literal_column(str(FEW))
    most: ColumnElement[int] = literal_column(str(CANDIDATES))
    more = scan_newest(MORE, shape, CANDIDATES, _COMPARED).subquery("more")
    rest = _gathered(given).subquery("gathered")
    scanned: ColumnElement[bool] = literal_column("false").label("gathered")
    all_of_them: ColumnElement[bool] = literal_column("true").label("gathered")
    rows = union_all(
        select(*_read_once(near), scanned).where(many >= most),
        select(*_read_once(more), scanned).where(and_(many >= few, many < most)),
        select(*_read_once(rest), all_of_them).where(many < few),
    ).subquery("compared")
    found = rows.c
    columns: list[Any] = [found.id, found.published_at, found.skills, found.proposals_count, found.gathered]
    if "words" in given:
        columns += [
            case(
                (found.search.op("@@")(_asked("in_title")), literal_column("'title'")),
                (found.search.op("@@")(_asked("in_skills")), literal_column("'skills'")),
                else_=literal_column("'text'"),
            ),
            func.ts_rank_cd(literal_column(WEIGHTS), found.search, _asked("words"), literal_column(PER_LENGTH)),
        ]
    else:
        columns += [null(), literal_column("0")]
    compiled = select(*columns).compile(dialect=asyncpg.dialect())  # type: ignore[no-untyped-call]  # SQLAlchemy's own
    return str(compiled), tuple(compiled.positiontup or ())


@lru_cache(maxsize=1)
def cards_by_id_statement() -> tuple[str, tuple[str, ...]]:
    """Return the SQL that reads the cards of listed orders by id, and its parameter names."""
    ids = bindparam("ids", type_=ARRAY(Uuid()))
    statement = select(Order.id, card_of_row(Order)).where(Order.id == any_(ids), IS_LISTED)
    compiled = statement.compile(dialect=asyncpg.dialect())  # type: ignore[no-untyped-call]  # SQLAlchemy's own
    return str(compiled), tuple(compiled.positiontup or ())


class BestMatchRepository:
    """Queries for the list by best match."""

    def __init__(self, session: AsyncSession, read_pool: RawReadPool | None = None) -> None:
        self._session = session
        self._listing = ListingRepository(session, read_pool)

    async def compared(self, conditions: Conditions, as_of: datetime) -> Compared:
        """Return the newest matching orders published until then, at most `CANDIDATES`."""
        (given, _side), values = shape_of(conditions, Position(as_of, _LAST_ID))
        if conditions.words:
            values |= {"in_title": within(conditions.words, "A"), "in_skills": within(conditions.words, "AB")}
        rows = await self._listing.fetch(*candidates_statement(given), values)
        orders = [Candidate(row[0], row[1], row[2], row[3], row[5], float(row[6])) for row in rows]
        return Compared(orders, complete=len(rows) < CANDIDATES and all(row[4] for row in rows))

    async def older(
        self, conditions: Conditions, position: Position, limit: int
    ) -> Sequence[tuple[str, datetime, UUID]]:
        """Return the matching orders below a position as JSON texts, newest first."""
        return await self._listing.open_cards(conditions, position, limit)

    async def cards(self, ids: Sequence[UUID]) -> dict[UUID, str]:
        """Return the cards of these orders as JSON texts; orders that are no longer listed are left out."""
        if not ids:
            return {}
        rows = await self._listing.fetch(*cards_by_id_statement(), {"ids": list(ids)})
        return {row[0]: row[1] for row in rows}

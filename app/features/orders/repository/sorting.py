"""Queries for the public list sorted by budget and by closing time, and for facets.

Each query sorts at most `CANDIDATES` orders, the newest that match. Where an index provides the requested order, it is
used instead, without that limit. The cursor contains the time of the first page, so orders published later do not
shift the pages.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Uuid,
    bindparam,
    cast,
    extract,
    func,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.pagination import LATEST, BadCursorError, decode_cursor, encode_cursor
from app.core.persistence.query_plans import plan_for_values
from app.features.orders.repository.best_match import CANDIDATES
from app.features.orders.repository.search import (
    CARD_COLUMNS,
    IS_LISTED,
    Conditions,
    card_of_row,
    clauses_of,
    count_matches_among_newest,
    shape_of,
)
from app.models import Order

COUNTED = 500
"""How many of the newest matching orders are counted for the facets."""
FREQUENT = 0.012
"""From this share of matches on, scanning by time is faster than gathering all matches."""
_FREQUENT = "iplance.orders.frequent"
BY_BUDGET = frozenset({"priced", "currency", "budget_kind", "budget_min", "budget_max", "hidden"})
"""Filters with which the index by budget is used."""
BY_END = frozenset({"hidden"})
"""Filters with which the index by expiry time is used."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a sorted list: sort key and id of the last row, and the time the first page was read."""

    key: int
    order_id: UUID
    as_of: datetime

    def encode(self, sort: str) -> str:
        """Return the opaque cursor."""
        return encode_cursor(sort, self.key, self.order_id, self.as_of)

    @classmethod
    def decode(cls, cursor: str, sort: str) -> "Place":
        """Decode a cursor.

        Raises:
            BadCursorError: It is not a cursor of this list.
        """
        named, key, order_id, as_of = decode_cursor(cursor, str, int, UUID, datetime)
        if named != sort or (sort == "closing" and not -LATEST <= key <= 0):
            raise BadCursorError
        return cls(key, order_id, as_of)


@dataclass(frozen=True, slots=True)
class SortedRow:
    """One row: the JSON of its card, its id and its sort key."""

    card: str
    order_id: UUID
    key: int


@dataclass(frozen=True, slots=True)
class Counted:
    """The values of one counted order."""

    category_id: int | None
    skills: list[str]
    budget_kind: str
    answers: int
    published_at: datetime


def _micros(moment: ColumnElement[Any]) -> ColumnElement[int]:
    return cast(extract("epoch", moment) * 1_000_000, BigInteger)


class SortingRepository:
    """Queries for the public list in sort orders other than newest first."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def page(
        self, conditions: Conditions, sort: str, place: Place | None, as_of: datetime, limit: int
    ) -> list[SortedRow]:
        """Return one page."""
        (given, _side), values = shape_of(conditions, None)
        values |= {"as_of": as_of}
        direct = (sort == "budget" and given <= BY_BUDGET) or (sort == "closing" and given <= BY_END)
        near: Any = Order if direct else self._candidates(given)
        key: ColumnElement[int] = near.budget_amount if sort == "budget" else -_micros(near.expires_at)
        rows = select(*[getattr(near, column.key) for column in CARD_COLUMNS], key.label("sort_key"))
        if direct:
            rows = rows.where(IS_LISTED, *clauses_of(given), Order.published_at <= bindparam("as_of"))
            if sort == "closing":  # true for every open order; required for the partial index
                rows = rows.where(Order.expires_at.is_not(None))
        if place is not None:
            values |= {"key": place.key, "order_id": place.order_id}
            after = tuple_(bindparam("key", type_=BigInteger), bindparam("order_id", type_=Uuid()))
            rows = rows.where(tuple_(key, near.id) < after)
            if direct:  # redundant, but the index scan can start there
                edge = near.budget_amount if sort == "budget" else near.expires_at
                values["edge"] = place.key if sort == "budget" else _EPOCH - place.key * _MICROSECOND
                at = bindparam("edge", type_=edge.type)
                rows = rows.where(edge <= at if sort == "budget" else edge >= at)
        first = near.expires_at.asc() if direct and sort == "closing" else key.desc()
        page = rows.order_by(first, near.id.desc()).limit(limit).subquery("page")
        statement: Select[*tuple[Any, ...]] = select(card_of_row(page.c), page.c.id, page.c.sort_key).order_by(
            page.c.sort_key.desc(), page.c.id.desc()
        )
        found = await self._read(statement, conditions, values, direct=direct)
        return [SortedRow(row[0], row[1], row[2]) for row in found]

    async def count_by_value(self, conditions: Conditions) -> list[Counted]:
        """Return the values of the newest matching orders, at most `COUNTED` + 1 rows."""
        (given, _side), values = shape_of(conditions, None)
        statement = (
            select(Order.category_id, Order.skills, Order.budget_kind, Order.proposals_count, Order.published_at)
            .where(IS_LISTED, *clauses_of(given))
            .order_by(Order.published_at.desc(), Order.id.desc())
            .limit(COUNTED + 1)
        )
        rows = await self._read(statement, conditions, values)
        return [Counted(row[0], row[1], str(row[2]), row[3], row[4]) for row in rows]

    def _candidates(self, given: frozenset[str]) -> Any:  # noqa: ANN401 - the columns of a subquery
        found: list[Any] = [*CARD_COLUMNS, Order.expires_at]
        newest = (
            select(*found)
            .where(IS_LISTED, *clauses_of(given), Order.published_at <= bindparam("as_of"))
            .order_by(Order.published_at.desc(), Order.id.desc())
            .limit(literal_column(str(CANDIDATES)))
        )
        return newest.subquery("newest").c

    async def _read(
        self,
        statement: Select[*tuple[Any, ...]],
        conditions: Conditions,
        values: dict[str, Any],
        *,
        direct: bool = False,
    ) -> Sequence[Any]:
        """Run a read of the newest matches with a plan for the actual values.

        If the planner underestimates the matches, it gathers them all and then sorts them by time. This is
        prevented if they are frequent among the newest orders. The setting ends with the transaction.
        """
        if conditions.words:
            await plan_for_values(self._session)
        by_time = conditions.planner_underestimates and not direct and await self._is_frequent(conditions)
        if by_time:
            await self._set("enable_bitmapscan", "off")
        found: Sequence[Any] = (await self._session.execute(statement, values)).all()
        if by_time:
            await self._set("enable_bitmapscan", "on")
        return found

    async def _is_frequent(self, conditions: Conditions) -> bool:
        """Tell whether many of the newest orders match; a session counts them once."""
        known: dict[Conditions, bool] = self._session.info.setdefault(_FREQUENT, {})
        if conditions not in known:
            known[conditions] = await self._count_newest(conditions)
        return known[conditions]

    async def _count_newest(self, conditions: Conditions) -> bool:
        (given, _side), values = shape_of(conditions, None)
        statement, among = count_matches_among_newest(given)
        return bool((await self._session.execute(statement, values)).scalar_one() >= FREQUENT * among)

    async def _set(self, name: str, value: str) -> None:
        await self._session.execute(select(func.set_config(name, value, literal_column("true"))))

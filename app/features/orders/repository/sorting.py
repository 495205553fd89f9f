"""Queries for the public list sorted by budget, by closing time and by best match, and for facets.

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
    DateTime,
    Select,
    Text,
    Uuid,
    any_,
    bindparam,
    case,
    cast,
    extract,
    func,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.pagination import LATEST, BadCursorError, decode_cursor, encode_cursor
from app.core.persistence.query_plans import plan_for_values
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

CANDIDATES = 500
"""How many of the newest matching orders are sorted; docs/search.md names the same number."""
COUNTED = 500
"""How many of the newest matching orders are counted for the facets."""
FREQUENT = 0.012
"""From this share of matches on, scanning by time is faster than gathering all matches."""
_FREQUENT = "iplance.orders.frequent"
BY_BUDGET = frozenset({"priced", "currency", "budget_kind", "budget_min", "budget_max", "hidden"})
"""Filters with which the index by budget is used."""
BY_END = frozenset({"hidden"})
"""Filters with which the index by expiry time is used."""
IN_TITLE, IN_SKILLS, IN_TEXT = 50, 30, 10
A_SKILL, MAX_SKILLS = 5, 5
FRESH_DAYS, FEW_ANSWERS = 20, 10
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
    """One row: the JSON of its card, its sort key, and the points that the key is the sum of."""

    card: str
    order_id: UUID
    key: int
    points: dict[str, int]


@dataclass(frozen=True, slots=True)
class Counted:
    """The values of one counted order."""

    category_id: int | None
    skills: list[str]
    budget_kind: str
    answers: int
    published_at: datetime


def _within(weights: str) -> ColumnElement[bool]:
    """Tell whether the words occur in the parts of an order that have these weights."""
    query = cast(bindparam("words", type_=Text), TSQUERY)
    return func.ts_filter(Order.search, literal_column(f"""'{weights}'::"char"[]""")).op("@@")(query)


def _points(of: Any, given: frozenset[str]) -> dict[str, ColumnElement[Any]]:  # noqa: ANN401 - columns of a subquery
    """Return the parts of the best-match score; docs/search.md explains the formula."""
    found: dict[str, ColumnElement[Any]] = {}
    if "words" in given:
        title, skills = of.in_title, of.in_skills
        found["title"] = case((title, IN_TITLE), else_=0)
        found["skills"] = case((title, 0), (skills, IN_SKILLS), else_=0)
        found["text"] = case((skills, 0), else_=IN_TEXT)
    mine = bindparam("mine", type_=ARRAY(Text))
    asked = func.unnest(of.skills).column_valued("skill")
    common = select(func.count(asked)).where(asked == any_(mine)).scalar_subquery()
    found["your_skills"] = A_SKILL * func.least(common, MAX_SKILLS)
    age = extract("epoch", bindparam("as_of", type_=DateTime(timezone=True)) - of.published_at)
    found["fresh"] = func.greatest(0, FRESH_DAYS - func.floor(age / 86_400))
    found["few_answers"] = func.greatest(0, FEW_ANSWERS - of.proposals_count)
    return {name: cast(part, BigInteger) for name, part in found.items()}


def _micros(moment: ColumnElement[Any]) -> ColumnElement[int]:
    return cast(extract("epoch", moment) * 1_000_000, BigInteger)


class SortingRepository:
    """Queries for the public list in sort orders other than newest first."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def page(
        self, conditions: Conditions, sort: str, place: Place | None, as_of: datetime, limit: int, mine: Sequence[str]
    ) -> list[SortedRow]:
        """Return one page; `mine` are the reader's skills, used by the best match only."""
        (given, _side), values = shape_of(conditions, None)
        values |= {"as_of": as_of, "mine": list(mine)}
        direct = (sort == "budget" and given <= BY_BUDGET) or (sort == "closing" and given <= BY_END)
        near = Order if direct else self._candidates(given)
        points = _points(near, given) if sort == "match" else {}
        key = self._key(near, sort, points)
        columns = [getattr(near, column.key) for column in CARD_COLUMNS]
        rows = select(*columns, key.label("sort_key"), *[part.label(f"p_{name}") for name, part in points.items()])
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
        parts = [page.c[f"p_{name}"] for name in points]
        statement: Select[Any] = select(card_of_row(page.c), page.c.id, page.c.sort_key, *parts).order_by(
            page.c.sort_key.desc(), page.c.id.desc()
        )
        found = await self._read(statement, conditions, values, direct=direct)
        return [SortedRow(row[0], row[1], row[2], dict(zip(points, row[3:], strict=True))) for row in found]

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
        if "words" in given:  # computed once per row here; the points and their sum would compute it again
            found += [_within("{a}").label("in_title"), _within("{a,b}").label("in_skills")]
        newest = (
            select(*found)
            .where(IS_LISTED, *clauses_of(given), Order.published_at <= bindparam("as_of"))
            .order_by(Order.published_at.desc(), Order.id.desc())
            .limit(literal_column(str(CANDIDATES)))
        )
        return newest.subquery("newest").c

    def _key(self, near: Any, sort: str, points: dict[str, ColumnElement[Any]]) -> ColumnElement[int]:  # noqa: ANN401 - columns
        """Return the sort key; the list is sorted by it in descending order."""
        if sort == "budget":
            found: ColumnElement[int] = near.budget_amount
        elif sort == "closing":
            found = -_micros(near.expires_at)
        else:
            total: Any = 0
            for part in points.values():
                total = total + part
            found = total
        return found

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

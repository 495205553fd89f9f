"""Queries for the public list of orders; `newest_cards` is the fast path and is run by the driver directly."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    DateTime,
    Select,
    SQLColumnExpression,
    Text,
    Uuid,
    all_,
    and_,
    any_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY, asyncpg
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.core.money import Currency
from app.core.pagination import BadCursorError, decode_cursor, encode_cursor
from app.core.persistence.query_plans import plan_for_values
from app.core.persistence.raw_read_pool import RawReadPool
from app.models import BudgetKind, Category, Order, User
from app.models.user import public_name_of

COUNT_LIMIT = 1000
"""Above this count a list shows "more than"; an exact count of a common word takes seconds."""
NEWEST = 2000
"""How many of the newest orders are scanned before an index is used; takes about 5 ms."""
NEWEST_WITH_WORDS = 1000
"""The same for searches by words alone: a thousand rows are enough to estimate how frequent the words are."""
MORE = 9000
"""How many orders are scanned if the first scan found some but not a full page; usually half are enough (8 ms)."""
FEW = 3
"""With fewer matches than this in the first scan there are at most a few thousand in all, so fetch them all."""
IS_LISTED = and_(
    literal_column("orders.status") == literal_column("'open'"),
    literal_column("orders.visibility") == literal_column("'public'"),
)
"""Written as literals: PostgreSQL does not use a partial index if the status is a parameter."""
_PLANNED_ONCE = frozenset({"published_at", "order_id", "ids"})
"""Parameters whose values do not change which plan is best."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Position:
    """A position in the list of open orders; with `newer` the page before it is read."""

    published_at: datetime
    order_id: UUID
    newer: bool = False

    def encode(self) -> str:
        """Return the opaque cursor."""
        return encode_cursor("newer" if self.newer else "older", self.published_at, self.order_id)

    @classmethod
    def decode(cls, cursor: str) -> "Position":
        """Decode a cursor.

        Raises:
            BadCursorError: It is not a cursor of this list.
        """
        way, published_at, order_id = decode_cursor(cursor, str, datetime, UUID)
        if way not in ("newer", "older"):
            raise BadCursorError
        return cls(published_at, order_id, newer=way == "newer")


@dataclass(frozen=True, slots=True)
class Conditions:
    """The conditions of a list of open orders, with all names resolved."""

    words: str = ""
    """In the syntax of PostgreSQL's `tsquery`."""
    category_ids: tuple[int, ...] = ()
    skills: tuple[str, ...] = ()
    any_skill: tuple[str, ...] = ()
    since: datetime | None = None
    answers_below: int | None = None
    answered: bool | None = None
    hidden: tuple[UUID, ...] = ()
    priced: bool | None = None
    budget_kind: BudgetKind | None = None
    budget_min: int | None = None
    budget_max: int | None = None
    currency: Currency | None = None

    @property
    def any(self) -> bool:
        """Tell whether there are any conditions."""
        return self != Conditions()

    @property
    def planner_underestimates(self) -> bool:
        """Tell whether the planner is likely to underestimate the rows: for words, or for correlated filters.

        It multiplies the selectivities as if the conditions were independent, and so may expect a hundred rows where
        twenty thousand match.
        """
        given = len(shape_of(self, None)[0][0] - {"words", "skills", "any_skill", "hidden"})
        return bool(self.words) or given + len(self.skills) + len(self.any_skill) > 1


type Shape = tuple[frozenset[str], str]
"""Which conditions are given and on which side of a position to read; the SQL text depends on this alone."""
type Values = dict[str, Any]


def shape_of(conditions: Conditions, position: Position | None) -> tuple[Shape, Values]:
    """Split the conditions and the position into the shape of the statement and its parameter values."""
    values: Values = {
        field.name: list(value) if isinstance(value, tuple) else value
        for field in fields(conditions)
        if (value := getattr(conditions, field.name)) not in (None, "", ())
    }
    shape = (frozenset(values), "" if position is None else "newer" if position.newer else "older")
    if position is not None:
        values |= {"published_at": position.published_at, "order_id": position.order_id}
    return shape, values


def clauses_of(given: frozenset[str], of: type[Order] = Order) -> list[ColumnElement[bool]]:
    """Return the SQL conditions of the given filters; their parameters have the names of the filters."""
    query = cast(bindparam("words", type_=Text), TSQUERY)
    ids = bindparam("category_ids", type_=ARRAY(BigInteger))
    most = func.coalesce(of.budget_max_amount, of.budget_amount)
    known: dict[str, ColumnElement[bool]] = {
        "words": or_(func.numnode(query) == literal_column("0"), of.search.op("@@")(query)),
        "category_ids": of.category_id == any_(ids),
        "skills": of.skills.op("@>")(bindparam("skills", type_=ARRAY(Text))),
        "any_skill": of.skills.op("&&")(bindparam("any_skill", type_=ARRAY(Text))),
        "since": of.published_at >= bindparam("since", type_=DateTime(timezone=True)),
        "answers_below": of.proposals_count < bindparam("answers_below", type_=BigInteger),
        "answered": of.answered_at.is_not(None) == bindparam("answered", type_=Boolean),
        "hidden": of.customer_id != all_(bindparam("hidden", type_=ARRAY(Uuid()))),
        "priced": of.budget_amount.is_not(None),
        "budget_kind": of.budget_kind == bindparam("budget_kind", type_=Text),
        "currency": of.currency == bindparam("currency", type_=Text),
        "budget_min": most >= bindparam("budget_min", type_=BigInteger),
        "budget_max": of.budget_amount <= bindparam("budget_max", type_=BigInteger),
    }
    return [clause for name, clause in known.items() if name in given]


def _beside(side: str) -> list[ColumnElement[bool]]:
    """Return the SQL condition for rows on this side of the position."""
    place = tuple_(Order.published_at, Order.id)
    neighbour = tuple_(bindparam("published_at", type_=DateTime(timezone=True)), bindparam("order_id", type_=Uuid()))
    return {"newer": [place > neighbour], "older": [place < neighbour], "": []}[side]


def _nearest_first(of: Any, side: str) -> tuple[SQLColumnExpression[Any], ...]:  # noqa: ANN401 - orders or an alias of them
    return (of.published_at, of.id) if side == "newer" else (of.published_at.desc(), of.id.desc())


def _literal(limit: int) -> ColumnElement[Any]:
    """Write the limit as a literal: with an unknown limit the planner assumes a tenth of the table."""
    return literal_column(str(int(limit)))


def rows_beside[*Ts](statement: Select[*Ts], shape: Shape, limit: int) -> Select[*Ts]:
    """Select the rows beside the position."""
    given, side = shape
    fitting = statement.where(IS_LISTED, *clauses_of(given), *_beside(side))
    return fitting.order_by(*_nearest_first(Order, side)).limit(_literal(limit))


def _stamp(column: ColumnElement[Any]) -> ColumnElement[str]:
    return func.to_char(
        func.timezone(literal_column("'UTC'"), column), literal_column("""'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'""")
    )


def _constant(text_: str) -> ColumnElement[str]:
    return literal_column(f"'{text_}'")


def _plain(value: ColumnElement[Any]) -> tuple[SQLColumnExpression[Any], ...]:
    """Write a number, or a value that is JSON already."""
    return (value,)


def _quoted(value: SQLColumnExpression[Any]) -> tuple[SQLColumnExpression[Any], ...]:
    """Quote an id, a timestamp or a constant; the value needs no escaping."""
    return (_constant('"'), value, _constant('"'))


def _or_null(value: ColumnElement[Any], written: ColumnElement[Any]) -> tuple[SQLColumnExpression[Any], ...]:
    return (case((value.is_(None), _constant("null")), else_=written),)


def _object(fields: dict[str, tuple[SQLColumnExpression[Any], ...]]) -> ColumnElement[str]:
    """Write a JSON object; `concat` takes two thirds of the time of `json_build_object`."""
    pieces: list[SQLColumnExpression[Any]] = []
    for number, (name, value) in enumerate(fields.items()):
        pieces += [_constant(f'{"," if number else "{"}"{name}":'), *value]
    return func.concat(*pieces, _constant("}"))


def card_of_row(page: Any) -> ColumnElement[str]:  # noqa: ANN401 - the columns of an anonymous subquery
    """Render a row as the JSON of an `OrderCard` in PostgreSQL."""

    def money(amount: ColumnElement[Any]) -> tuple[SQLColumnExpression[Any], ...]:
        return _or_null(amount, _object({"amount": _plain(amount), "currency": _quoted(page.currency)}))

    # The same name as `identity.service.usernames` returns.
    customer = (
        select(_object({"id": _quoted(User.id), "name": _plain(func.to_json(public_name_of(User)))}))
        .where(User.id == page.customer_id)
        .scalar_subquery()
    )
    category = select(cast(func.to_json(Category.slug), Text)).where(Category.id == page.category_id).scalar_subquery()
    return _object(
        {
            "id": _quoted(page.id),
            "title": _plain(func.to_json(page.title)),
            "description": _plain(func.to_json(page.excerpt)),
            "status": _quoted(page.status),
            "category": _plain(func.coalesce(category, _constant("null"))),
            "skills": _plain(func.to_json(page.skills)),
            "tags": _plain(func.to_json(page.tags)),
            "budget_kind": _quoted(page.budget_kind),
            "budget": money(page.budget_amount),
            "budget_max": money(page.budget_max_amount),
            "deadline": _or_null(page.deadline, func.concat(*_quoted(page.deadline))),
            "customer": _plain(customer),
            "proposals_count": _plain(page.proposals_count),
            "created_at": _quoted(_stamp(page.created_at)),
            "published_at": _quoted(_stamp(page.published_at)),
            "updated_at": _quoted(_stamp(page.updated_at)),
        }
    )


def _cards(page: Any) -> Select[str, datetime, UUID]:  # noqa: ANN401 - the columns of an anonymous subquery
    """Return a page of cards with their positions, newest first."""
    return select(card_of_row(page), page.published_at, page.id).order_by(page.published_at.desc(), page.id.desc())


CARD_COLUMNS = (
    Order.id,
    Order.title,
    Order.excerpt,
    Order.status,
    Order.category_id,
    Order.skills,
    Order.tags,
    Order.budget_kind,
    Order.budget_amount,
    Order.budget_max_amount,
    Order.currency,
    Order.deadline,
    Order.customer_id,
    Order.proposals_count,
    Order.created_at,
    Order.published_at,
    Order.updated_at,
)


def words_alone(given: frozenset[str]) -> bool:
    """Tell whether there are search words and no filters."""
    return given - {"hidden"} == {"words"}


def newest_scanned(given: frozenset[str]) -> int:
    """Return how many of the newest orders are scanned before an index is used."""
    return NEWEST_WITH_WORDS if words_alone(given) else NEWEST


def scan_newest(
    newest_: int, shape: Shape, limit: int, wanted: Sequence[Any] = CARD_COLUMNS
) -> Select[*tuple[Any, ...]]:
    """Select the matching rows among the `newest_` rows beside the position; its cost is bounded."""
    given, side = shape
    columns = (*CARD_COLUMNS, Order.search, Order.answered_at)
    newest = rows_beside(select(*columns), (frozenset(), side), newest_).subquery("newest")
    near = aliased(Order, newest)
    return _page_of(near, side, limit, wanted).where(*clauses_of(given, near))


def count_matches_among_newest(given: frozenset[str]) -> tuple[Select[int], int]:
    """Return the statement that counts the matches among the newest orders, and how many orders it reads."""
    among = newest_scanned(given)
    return select(func.count()).select_from(scan_newest(among, (given, ""), among).subquery()), among


def scan_words(shape: Shape, limit: int, wanted: Sequence[Any] = CARD_COLUMNS) -> Select[*tuple[Any, ...]]:
    """Select all rows with the words through the full-text index and sort them; fast if there are few.

    If PostgreSQL overestimates how frequent a word is, it scans the whole table through the index by time. It cannot
    know that a word form occurs in no order.
    """
    given, side = shape
    found = select(*wanted).where(IS_LISTED, *clauses_of(given), *_beside(side))
    # OFFSET 0 skips no rows; it keeps the planner from merging the subquery into the outer query.
    return _page_of(aliased(Order, found.offset(literal_column("0")).subquery("found")), side, limit, wanted)


def _page_of(near: Any, side: str, limit: int, wanted: Sequence[Any]) -> Select[*tuple[Any, ...]]:  # noqa: ANN401 - an alias of orders
    columns = [getattr(near, column.key) for column in wanted]
    return select(*columns).order_by(*_nearest_first(near, side)).limit(_literal(limit))


type Way = Literal["planned", "among_newest", "among_more", "gathered"]
"""How a page is read: as the planner decides, among the newest (or more) orders, or through the full-text index."""


@lru_cache(maxsize=400)
def cards_statement(shape: Shape, limit: int, way: Way = "planned") -> tuple[str, tuple[str, ...]]:
    """Return the SQL of a page of cards, compiled once per shape, and its parameter names in order."""
    rows: dict[Way, Callable[[], Select[*tuple[Any, ...]]]] = {
        "planned": lambda: rows_beside(select(*CARD_COLUMNS), shape, limit),
        "among_newest": lambda: scan_newest(newest_scanned(shape[0]), shape, limit),
        "among_more": lambda: scan_newest(MORE, shape, limit),
        "gathered": lambda: scan_words(shape, limit),
    }
    page = rows[way]().subquery("page")
    compiled = _cards(page.c).compile(dialect=asyncpg.dialect())  # type: ignore[no-untyped-call]  # SQLAlchemy's own
    return str(compiled), tuple(compiled.positiontup or ())


@lru_cache(maxsize=200)
def count_statement(given: frozenset[str]) -> tuple[str, tuple[str, ...]]:
    """Return the SQL that counts the matches up to `COUNT_LIMIT` + 1, and its parameter names in order."""
    some: Select[str] = (
        select(literal_column("'x'", Text))
        .select_from(Order)
        .where(IS_LISTED, *clauses_of(given))
        .limit(_literal(COUNT_LIMIT + 1))
    )
    compiled = select(func.count()).select_from(some.subquery()).compile(dialect=asyncpg.dialect())  # type: ignore[no-untyped-call]  # SQLAlchemy's own
    return str(compiled), tuple(compiled.positiontup or ())


def newest_cards(position: Position | None, limit: int) -> tuple[str, list[Any]]:
    """Return the SQL and the values of a page of the unfiltered list; this is the fast path."""
    shape, values = shape_of(Conditions(), position)
    statement, names = cards_statement(shape, limit)
    return statement, [values[name] for name in names]


class ListingRepository:
    """Queries for pages and counts of the public list of open orders."""

    def __init__(self, session: AsyncSession, read_pool: RawReadPool | None = None) -> None:
        self._session = session
        self._read_pool = read_pool

    async def open_cards(
        self, conditions: Conditions, position: Position | None, limit: int
    ) -> Sequence[tuple[str, datetime, UUID]]:
        """Return a page of open orders as JSON texts, newest first in both directions."""
        shape, values = shape_of(conditions, position)
        rows: Sequence[Any] = ()
        if conditions.planner_underestimates:
            rows = await self.fetch(*cards_statement(shape, limit, "among_newest"), values)
            if FEW <= len(rows) < limit:
                rows = await self.fetch(*cards_statement(shape, limit, "among_more"), values)
        if len(rows) < limit:
            way: Way = "gathered" if words_alone(shape[0]) else "planned"
            rows = await self.fetch(*cards_statement(shape, limit, way), values)
        return rows

    async def count(self, conditions: Conditions) -> int:
        """Count the matching open orders, up to `COUNT_LIMIT` + 1."""
        (given, _side), values = shape_of(conditions, None)
        return int((await self.fetch(*count_statement(given), values))[0][0])

    async def fetch(self, statement: str, names: tuple[str, ...], values: Values) -> Sequence[Any]:
        """Run a compiled read with a plan for the actual values."""
        given = [values[name] for name in names]
        if self._read_pool is not None and not self._session.in_transaction():  # never a second connection
            return await self._read_pool.fetch(statement, *given, plan_anew=not _PLANNED_ONCE.issuperset(values))
        if "words" in values:
            await plan_for_values(self._session)
        connection = await self._session.connection()
        return (await connection.exec_driver_sql(statement, tuple(given))).all()

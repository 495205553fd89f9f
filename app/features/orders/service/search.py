"""Queries for the public list of orders, through the ORM and through the raw read pool."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import orjson
from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.errors import FieldError
from app.core.i18n import N_
from app.core.pagination import DEFAULT_LIMIT
from app.core.persistence.raw_read_pool import RawReadPool
from app.core.resources import Resources
from app.features.catalog import service as catalog
from app.features.catalog.schemas import Searched
from app.features.orders import rules
from app.features.orders.errors import InvalidFilterError
from app.features.orders.repository import (
    Conditions,
    ListingRepository,
    Position,
    count_statement,
    newest_cards,
)
from app.features.orders.schemas import FacetsRead, OrderCard, OrderFilter, OrderListQuery, RankedCard
from app.features.orders.service import sorting
from app.features.orders.service.best_match import list_best_matches
from app.features.profiles import service as profiles

type CardRow = tuple[str, datetime, UUID]
"""The JSON of a card, and its position: publication time and id."""
_CARDS = TypeAdapter(list[OrderCard])
_MATCHES = TypeAdapter(list[RankedCard | OrderCard])
NOTHING = b'{"items":[],"next_cursor":null}'
"""The response of a list that matches nothing."""


@dataclass(frozen=True, slots=True)
class OrderPage:
    """One page of the public list with cursors in both directions."""

    items: Sequence[OrderCard]
    newer: str | None
    older: str | None


@dataclass(frozen=True, slots=True)
class OrderSearchResult:
    """One page of the public list with the total count and the facets."""

    page: OrderPage
    count: int
    """The number of matches, up to `repository.COUNT_LIMIT` + 1."""
    facets: FacetsRead | None
    """The facets of the newest matches, if requested."""


NO_PAGE = OrderPage([], None, None)
NO_FACETS = FacetsRead(counted=0, capped=False, categories=[], skills=[], budget_kinds=[], answers=[], days=[])


async def resolve_filter(
    session: AsyncSession,
    resources: Resources,
    wanted: OrderFilter,
    reader: Actor | None = None,
    read: Mapping[str, str] | None = None,
) -> Conditions | None:
    """Resolve the names in a filter; return None if nothing can match. Excludes customers the reader has hidden.

    `read` maps search words to parsed queries, if the caller has parsed those of many filters at once.

    Raises:
        InvalidFilterError: A name is unknown or two filters contradict each other.
    """
    catalogue = await catalog.read_catalogue(session, resources) if wanted.category or wanted.skills else None
    category_ids: tuple[int, ...] = ()
    if catalogue and wanted.category:
        category = catalogue.category(wanted.category)
        if category is None:
            text = N_("There is no category “{category}”. Choose one from the list.")
            raise InvalidFilterError(errors=[FieldError(("query", "category"), text, {"category": wanted.category})])
        category_ids = catalogue.with_parts(category)
    skills: dict[str, None] = {}
    for word in (part.strip() for text in wanted.skills for part in text.split(",")):
        skill = catalogue.resolve(word) if catalogue and word else None
        if word and skill is None:
            text = N_("There is no skill “{skill}”. Choose one from the list.")
            raise InvalidFilterError(errors=[FieldError(("query", "skills"), text, {"skill": word})])
        if skill:
            skills[skill.slug] = None
    if wanted.budget_min is not None and wanted.budget_max is not None and wanted.budget_max < wanted.budget_min:
        text = N_("The most must not be less than the least.")
        raise InvalidFilterError(errors=[FieldError(("query", "budget_max"), text)])
    words = _words(wanted.q)
    if words and not rules.has_searchable_words(words):
        return None
    hidden = await profiles.hidden_customers(session, reader.id) if reader else frozenset()
    since = utc_now() - timedelta(days=wanted.days) if wanted.days else None
    every = wanted.skills_mode == "all"
    return Conditions(
        words=await _read(session, resources, words, read),
        category_ids=category_ids,
        skills=tuple(skills) if every else (),
        any_skill=() if every else tuple(skills),
        since=since.replace(minute=0, second=0, microsecond=0) if since else None,
        answers_below=wanted.answers_below,
        answered=wanted.answered,
        hidden=tuple(sorted(hidden)),
        priced=True if isinstance(wanted, OrderListQuery) and wanted.order == "budget" else None,
        budget_kind=wanted.budget_kind,
        budget_min=wanted.budget_min,
        budget_max=wanted.budget_max,
        currency=wanted.currency,
    )


async def list_open_json(
    session: AsyncSession, resources: Resources, wanted: OrderListQuery, reader: Actor | None = None
) -> bytes:
    """Return a page of open orders as the JSON of `Page[OrderCard]`, rendered by PostgreSQL.

    The unfiltered list is the most requested page, so it uses the raw read pool.
    """
    conditions = await resolve_filter(session, resources, wanted, reader)
    if conditions is None:
        return NOTHING
    if wanted.order == "match":
        found, following = await list_best_matches(session, resources, wanted, conditions, reader)
        return orjson.dumps({"items": found, "next_cursor": following})
    if wanted.order != "newest":
        cards, following = await sorting.sorted_rows(session, wanted, conditions)
        return _list_json(cards, following)
    position = Position.decode(wanted.cursor) if wanted.cursor else None
    return _page_json(await _rows(session, resources, conditions, position, wanted.limit), position, wanted.limit)


async def list_newest_json(resources: Resources, cursor: str | None) -> bytes | None:
    """Return what `list_open_json` returns for the unfiltered list, or None without a raw read pool.

    Raises:
        BadCursorError: It is not a cursor of this list.
    """
    if resources.raw_read_pool is None:
        return None
    position = Position.decode(cursor) if cursor else None
    rows = await _newest_cards(resources.raw_read_pool, position, DEFAULT_LIMIT + 1)
    return _page_json(rows, position, DEFAULT_LIMIT)


async def count_newest(resources: Resources) -> int:
    """Return the count of the unfiltered list through the raw read pool, or 0 without one."""
    if resources.raw_read_pool is None:
        return 0
    statement, _names = count_statement(frozenset())
    return int((await resources.raw_read_pool.fetch(statement))[0][0])


async def search_json(resources: Resources, wanted: OrderListQuery) -> bytes | None:
    """Return what `list_open_json` returns for search words alone, or None if the raw read pool cannot answer it.

    Raises:
        BadCursorError: It is not a cursor of this list.
        InvalidFilterError: The words contain characters that cannot be stored.
    """
    if resources.raw_read_pool is None or wanted.category or wanted.skills:
        return None
    async with resources.read_sessions() as session:  # connects only when a statement is executed
        return await list_open_json(session, resources, wanted)


async def _rows(
    session: AsyncSession, resources: Resources, conditions: Conditions, position: Position | None, limit: int
) -> Sequence[CardRow]:
    """Return the rows of a page, newest first, and one more if there is a next page."""
    return await ListingRepository(session, resources.raw_read_pool).open_cards(conditions, position, limit + 1)


async def _newest_cards(read_pool: RawReadPool, position: Position | None, limit: int) -> Sequence[CardRow]:
    statement, values = newest_cards(position, limit)
    return await read_pool.fetch(statement, *values)


def _page_json(rows: Sequence[CardRow], position: Position | None, limit: int) -> bytes:
    more = len(rows) > limit
    if position is not None and position.newer:
        rows, more = rows[-limit:], bool(rows)
    else:
        rows = rows[:limit]
    return _list_json([row[0] for row in rows], Position(rows[-1][1], rows[-1][2]).encode() if more else None)


def _list_json(cards: Sequence[str], following: str | None) -> bytes:
    cursor = f'"{following}"' if following else "null"
    return f'{{"items":[{",".join(cards)}],"next_cursor":{cursor}}}'.encode()


async def list_open_orders(
    session: AsyncSession, resources: Resources, wanted: OrderListQuery, reader: Actor | None = None
) -> OrderPage:
    """Return the page of `list_open_json` as objects, with cursors in both directions."""
    conditions = await resolve_filter(session, resources, wanted, reader)
    return NO_PAGE if conditions is None else await _page(session, resources, wanted, conditions, reader)


async def search_orders(
    session: AsyncSession, resources: Resources, wanted: OrderListQuery, reader: Actor | None, *, facets: bool
) -> OrderSearchResult:
    """Return a page, the number of matches and the facets; the filter is resolved once for all three."""
    conditions = await resolve_filter(session, resources, wanted, reader)
    if conditions is None:
        return OrderSearchResult(NO_PAGE, 0, NO_FACETS if facets else None)
    return OrderSearchResult(
        await _page(session, resources, wanted, conditions, reader),
        await ListingRepository(session, resources.raw_read_pool).count(conditions),
        await sorting.count_facets(session, resources, conditions) if facets else None,
    )


async def _page(
    session: AsyncSession,
    resources: Resources,
    wanted: OrderListQuery,
    conditions: Conditions,
    reader: Actor | None,
) -> OrderPage:
    if wanted.order == "match":
        found, following = await list_best_matches(session, resources, wanted, conditions, reader)
        return OrderPage(_MATCHES.validate_python(found), None, following)
    if wanted.order != "newest":
        cards, following = await sorting.sorted_rows(session, wanted, conditions)
        return OrderPage(_cards_of(cards), None, following)
    position = Position.decode(wanted.cursor) if wanted.cursor else None
    rows = await _rows(session, resources, conditions, position, wanted.limit)
    more = len(rows) > wanted.limit
    towards_top = position is not None and position.newer
    rows = rows[-wanted.limit :] if towards_top else rows[: wanted.limit]
    has_newer = more if towards_top else position is not None
    has_older = bool(rows) if towards_top else more
    return OrderPage(
        _cards_of([row[0] for row in rows]),
        newer=Position(rows[0][1], rows[0][2], newer=True).encode() if rows and has_newer else None,
        older=Position(rows[-1][1], rows[-1][2]).encode() if rows and has_older else None,
    )


def _cards_of(cards: Sequence[str]) -> list[OrderCard]:
    return _CARDS.validate_json(f"[{','.join(cards)}]")


async def count_facets(
    session: AsyncSession, resources: Resources, wanted: OrderFilter, reader: Actor | None = None
) -> FacetsRead:
    """Count the values of the newest matching orders for each filter."""
    conditions = await resolve_filter(session, resources, wanted, reader)
    return NO_FACETS if conditions is None else await sorting.count_facets(session, resources, conditions)


async def _read(session: AsyncSession, resources: Resources, words: str, read: Mapping[str, str] | None) -> str:
    """Return the parsed query of the typed words."""
    if not words:
        return ""
    if read is None:
        read = await catalog.parse_queries(session, Searched.ORDERS, [words], resources.raw_read_pool)
    return read[words]


def _words(typed: str) -> str:
    if "\x00" in typed:
        text = N_("This contains characters that cannot be shown. Please type it again.")
        raise InvalidFilterError(errors=[FieldError(("query", "q"), text)])
    return typed.strip()

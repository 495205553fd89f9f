"""Queries for percolation: find the filters that match one order."""

from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import BindParameter, Integer, Select, Text, and_, bindparam, cast, column, func, select, true
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import visitors

from app.features.orders.repository.search import IS_LISTED, Conditions, clauses_of, shape_of
from app.models import Order


@lru_cache(maxsize=200)
def percolation_statement(given: frozenset[str]) -> Select[int]:
    """Return the statement that finds which filters of one shape match an order.

    It uses the same SQL conditions as the list; their parameters are replaced by columns.
    """
    clause = and_(true(), *clauses_of(given))
    named = {item.key: item for item in visitors.iterate(clause) if isinstance(item, BindParameter)}
    columns = [column(name, named[name].type) for name in sorted(given)]
    asked = func.jsonb_to_recordset(cast(bindparam("lists", type_=Text), JSONB))
    lists = asked.table_valued(column("place", Integer), *columns).render_derived(with_types=True)

    def as_column(element: Any, **_: object) -> Any:  # noqa: ANN401 - any part of an expression
        return lists.c[element.key] if isinstance(element, BindParameter) and element.key in given else None

    fits = visitors.replacement_traverse(clause, {}, as_column)
    return select(lists.c.place).select_from(Order).join(lists, fits).where(Order.id == bindparam("id"), IS_LISTED)


class PercolationRepository:
    """Queries that match many filters against one order."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def matching_filters(self, lists: Mapping[int, Conditions], order_id: UUID) -> set[int]:
        """Return the numbers of the filters that match the order; runs one statement per shape."""
        by_shape: defaultdict[frozenset[str], list[dict[str, Any]]] = defaultdict(list)
        for place, conditions in lists.items():
            (given, _side), values = shape_of(conditions, None)
            by_shape[given].append({"place": place, **values})
        found: set[int] = set()
        for given, asked in by_shape.items():
            values = {"lists": orjson.dumps(asked).decode(), "id": order_id}
            found.update((await self._session.execute(percolation_statement(given), values)).scalars())
        return found

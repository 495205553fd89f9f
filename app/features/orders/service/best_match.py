"""The list of orders by best match: the newest matches by score, then the older ones by time."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.i18n import N_, _
from app.core.resources import Resources
from app.features.orders import rules
from app.features.orders.repository import (
    BestMatchRepository,
    Candidate,
    Conditions,
    MatchPlace,
    Position,
    decode_match,
    encode_rest,
)
from app.features.orders.schemas import OrderListQuery
from app.features.profiles import service as profiles

REASON_TEXTS: dict[str, str] = {
    "title": N_("all words in the title"),
    "skills": N_("all words in the title, the skills and the field"),
    "text": N_("the words in its text"),
    "close": N_("the words near each other or repeated"),
    "your_skills": N_("skills of yours"),
    "fresh": N_("published not long ago"),
    "few_answers": N_("few proposals yet"),
}

type Content = dict[str, Any]
"""The JSON object of a card; those that were compared have `score` and `why`."""
type Scored = tuple[int, UUID, dict[str, int]]
"""The score of an order, its id, and the points that the score is the sum of."""


async def list_best_matches(
    session: AsyncSession, resources: Resources, wanted: OrderListQuery, conditions: Conditions, reader: Actor | None
) -> tuple[list[Content], str | None]:
    """Return a page of orders and the next cursor.

    Raises:
        BadCursorError: The cursor belongs to another list.
    """
    place = decode_match(wanted.cursor) if wanted.cursor else None
    repository = BestMatchRepository(session, resources.raw_read_pool)
    if isinstance(place, Position):
        return await _continued(repository, conditions, [], (place.published_at, place.order_id), wanted.limit)
    as_of = place.as_of if place else utc_now()
    mine = await _skills_of(session, reader)
    compared = await repository.compared(conditions, as_of)
    rest = _scored(compared.orders, mine, as_of)
    if place is not None:
        rest = [item for item in rest if item[:2] < (place.score, place.order_id)]
    shown = rest[: wanted.limit]
    page = await _contents(repository, shown)
    if len(rest) > len(shown):
        score, order_id, _points = shown[-1]
        return page, MatchPlace(score, order_id, as_of).encode()
    if compared.complete:
        return page, None
    last = min((order.published_at, order.order_id) for order in compared.orders)
    return await _continued(repository, conditions, page, last, wanted.limit)


async def _continued(
    repository: BestMatchRepository,
    conditions: Conditions,
    page: list[Content],
    last: tuple[datetime, UUID],
    limit: int,
) -> tuple[list[Content], str | None]:
    """Fill a page with the matches that are older than the last of those compared or shown."""
    room = limit - len(page)
    rows = await repository.older(conditions, Position(*last), room + 1)
    more = encode_rest(*(rows[room - 1][1:] if room else last)) if len(rows) > room else None
    return page + [orjson.loads(row[0]) for row in rows[:room]], more


async def _skills_of(session: AsyncSession, reader: Actor | None) -> frozenset[str]:
    return frozenset(await profiles.skills_of(session, reader.id)) if reader else frozenset()


def _scored(orders: Sequence[Candidate], mine: frozenset[str], as_of: datetime) -> list[Scored]:
    """Return the compared orders with their points, best first; of equal ones the later id is first."""
    scored: list[Scored] = []
    for order in orders:
        points = rules.match_points(
            order.place,
            order.closeness,
            common_skills=len(mine.intersection(order.skills)),
            age=as_of - order.published_at,
            answers=order.proposals_count,
        )
        scored.append((sum(points.values()), order.order_id, points))
    return sorted(scored, key=lambda item: item[:2], reverse=True)


async def _contents(repository: BestMatchRepository, scored: Sequence[Scored]) -> list[Content]:
    """Return the cards with their scores; orders that are no longer listed are left out."""
    cards = await repository.cards([order_id for _score, order_id, _points in scored])
    return [_content(cards[order_id], score, points) for score, order_id, points in scored if order_id in cards]


def _content(card: str, score: int, points: dict[str, int]) -> Content:
    content: Content = orjson.loads(card)
    why = [{"code": code, "points": number, "text": _(REASON_TEXTS[code])} for code, number in points.items() if number]
    return {**content, "score": score, "why": why}

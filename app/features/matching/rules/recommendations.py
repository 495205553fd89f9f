"""Score of an open order for a freelancer: a sum of points per rule, documented in docs/search.md."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

_WORD = re.compile(r"\w+")
SKILL = 20
ALL = 10
FIELD = 8
WORD = 4
FEW_ANSWERS, FEW = 5, 3
FRESH: tuple[tuple[timedelta, int], ...] = ((timedelta(days=2), 5), (timedelta(days=7), 2))


@dataclass(frozen=True, slots=True)
class Points:
    """The points of one rule; `what` lists the skills or words that matched."""

    rule: str
    points: int
    what: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSeen:
    """The properties of an order that affect its score."""

    skills: Sequence[str]
    in_own_field: bool
    words: Collection[str]
    answers: int
    published_at: datetime


def points_of(skills: Collection[str], order: OrderSeen, now: datetime) -> tuple[Points, ...]:
    """Return the points of an order for a freelancer with these skills."""
    common = tuple(skill for skill in order.skills if skill in skills)
    found: list[Points] = [Points("skills", SKILL * len(common), common)] if common else []
    if common and len(common) == len(order.skills):
        found.append(Points("all", ALL))
    if order.in_own_field:
        found.append(Points("field", FIELD))
    if order.words:
        found.append(Points("words", WORD * len(order.words), tuple(sorted(order.words))))
    if order.answers < FEW_ANSWERS:
        found.append(Points("few", FEW))
    return (*found, *_freshness(now - order.published_at))


def _freshness(age: timedelta) -> Iterator[Points]:
    points = next((points for limit, points in FRESH if age <= limit), 0)
    if points:
        yield Points("fresh", points)


def matched_words(stems: Collection[str], text: str) -> frozenset[str]:
    """Return the words of the text that begin with these stems, as written.

    A stem without such a word is returned itself.
    """
    typed = [(word, word.casefold().replace("ё", "е")) for word in _WORD.findall(text)]
    return frozenset(next((word for word, plain in typed if plain.startswith(stem)), stem) for stem in stems)


def total(points: Sequence[Points]) -> int:
    """Return the sum of the points."""
    return sum(item.points for item in points)

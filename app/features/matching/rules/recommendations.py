"""How well an open order fits a freelancer: a sum that anybody can add up (docs/search.md)."""

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
    """One line of the sum."""

    rule: str
    points: int
    what: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSeen:
    """What of an order counts."""

    skills: Sequence[str]
    in_own_field: bool
    words: Collection[str]
    answers: int
    published_at: datetime


def points_of(skills: Collection[str], order: OrderSeen, now: datetime) -> tuple[Points, ...]:
    """Return what speaks for showing an order to somebody with these skills; nothing else counts."""
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
    """Return the words of a text that these stems were taken from, as the person wrote them."""
    typed = [(word, word.casefold().replace("ё", "е")) for word in _WORD.findall(text)]
    return frozenset(next((word for word, plain in typed if plain.startswith(stem)), stem) for stem in stems)


def total(points: Sequence[Points]) -> int:
    """Return the sum."""
    return sum(item.points for item in points)

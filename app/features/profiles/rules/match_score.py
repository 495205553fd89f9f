"""The match score of freelancers: a sum of published components (docs/search.md)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

SKILL = 20
LEVEL = 5
WORD = {"A": 10, "B": 6, "C": 3}
"""Points per word by its best weight: A for the headline, B for names and skills, C for the text."""
AVAILABLE = 5
FRESH: tuple[tuple[timedelta, int], ...] = ((timedelta(days=7), 5), (timedelta(days=30), 2))


@dataclass(frozen=True, slots=True)
class Points:
    """One component of the score."""

    rule: str
    points: int
    what: tuple[str, ...] = ()


def points_of(
    asked: Sequence[str],
    held: Mapping[str, int],
    words: Mapping[str, str],
    *,
    available: bool,
    updated_at: datetime,
    now: datetime,
) -> tuple[Points, ...]:
    """Return all components of the match score.

    Args:
        asked: The requested skills.
        held: The freelancer's skills with their levels as numbers.
        words: The matched search words, each with its best weight: A, B or C.
        available: Whether the freelancer accepts work.
        updated_at: When the profile was last changed.
        now: The current time.
    """
    common = tuple(skill for skill in asked if skill in held)
    found: list[Points] = []
    if common:
        found.append(Points("skills", SKILL * len(common), common))
        found.append(Points("levels", LEVEL * sum(held[skill] for skill in common), common))
    found.extend(_word_points(words))
    if available:
        found.append(Points("available", AVAILABLE))
    fresh = next((points for age, points in FRESH if now - updated_at <= age), 0)
    if fresh:
        found.append(Points("fresh", fresh))
    return tuple(found)


def _word_points(words: Mapping[str, str]) -> Iterator[Points]:
    """Yield one component per weight that has matched words, best weight first."""
    for place, name in (("A", "headline"), ("B", "names"), ("C", "text")):
        there = tuple(word for word, best in words.items() if best == place)
        if there:
            yield Points(name, WORD[place] * len(there), there)


def total(points: Sequence[Points]) -> int:
    """Return the sum of the points."""
    return sum(item.points for item in points)

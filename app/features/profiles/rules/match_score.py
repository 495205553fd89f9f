"""How well a freelancer fits what is asked for: a sum that anybody can add up (docs/search.md)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

SKILL = 20
LEVEL = 5
WORD = {"A": 10, "B": 6, "C": 3}
"""Points for a word by where it stands: the headline, the names and skills, the text."""
AVAILABLE = 5
FRESH: tuple[tuple[timedelta, int], ...] = ((timedelta(days=7), 5), (timedelta(days=30), 2))


@dataclass(frozen=True, slots=True)
class Points:
    """One line of the sum."""

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
    """Return what speaks for somebody, nothing left out and nothing hidden.

    `asked` are skills wanted and `held` theirs with levels; `words` are the words asked for and the best place
    where each stands: A, B or C.
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
    """Yield a line for each place in which words that were asked for stand, the best place first."""
    for place, name in (("A", "headline"), ("B", "names"), ("C", "text")):
        there = tuple(word for word, best in words.items() if best == place)
        if there:
            yield Points(name, WORD[place] * len(there), there)


def total(points: Sequence[Points]) -> int:
    """Return the sum."""
    return sum(item.points for item in points)

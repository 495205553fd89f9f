"""Queries for the public list by budget and closing time, and counts per filter."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import utc_now
from app.core.errors import FieldError
from app.core.i18n import N_, _, current_locale, ngettext
from app.core.resources import Resources
from app.features.catalog import service as catalog
from app.features.orders.errors import InvalidFilterError
from app.features.orders.repository import Conditions, Place, SortingRepository
from app.features.orders.repository.sorting import COUNTED, Counted
from app.features.orders.schemas import (
    BUDGET_KIND_LABELS,
    FacetRead,
    FacetsRead,
    OrderListQuery,
)

MAX_VALUES = 12
"""Maximum number of values of one facet."""
ANSWER_STEPS = (1, 5, 10)
DAY_STEPS = (1, 3, 7)


async def sorted_rows(
    session: AsyncSession, wanted: OrderListQuery, conditions: Conditions
) -> tuple[list[str], str | None]:
    """Return a page by budget or closing time, as JSON texts, and the next cursor.

    Raises:
        BadCursorError: The cursor belongs to another list.
        InvalidFilterError: Sorting by budget needs a currency, and none was given.
    """
    sort = wanted.order
    if sort == "budget" and conditions.currency is None:
        text = N_("Choose the currency in which budgets are compared.")
        raise InvalidFilterError(errors=[FieldError(("query", "currency"), text)])
    place = Place.decode(wanted.cursor, sort) if wanted.cursor else None
    as_of = place.as_of if place else utc_now()
    rows = await SortingRepository(session).page(conditions, sort, place, as_of, wanted.limit + 1)
    shown = rows[: wanted.limit]
    more = Place(shown[-1].key, shown[-1].order_id, as_of).encode(sort) if len(rows) > wanted.limit else None
    return [row.card for row in shown], more


async def count_facets(session: AsyncSession, resources: Resources, conditions: Conditions) -> FacetsRead:
    """Count the values of the newest matching orders; at most `COUNTED` are read, so the cost is bounded."""
    rows = await SortingRepository(session).count_by_value(conditions)
    seen = rows[:COUNTED]
    catalogue = await catalog.read_catalogue(session, resources)
    fields = Counter(slug for row in seen for slug in _with_parents(catalogue, row.category_id))
    skills = Counter(slug for row in seen for slug in row.skills)
    kinds = Counter(row.budget_kind for row in seen)
    now = utc_now()
    return FacetsRead(
        counted=len(seen),
        capped=len(rows) > COUNTED,
        categories=_facets(fields, _names_of(fields, catalogue.category)),
        skills=_facets(skills, _names_of(skills, catalogue.skill)),
        budget_kinds=_facets(kinds, {kind.value: _(words) for kind, words in BUDGET_KIND_LABELS.items()}),
        answers=[_fewer(seen, step) for step in ANSWER_STEPS],
        days=[_within(seen, step, now) for step in DAY_STEPS],
    )


def _names_of(
    slugs: Iterable[str], find: Callable[[str], catalog.CategoryEntry | catalog.SkillEntry | None]
) -> dict[str, str]:
    """Return the names of the slugs in the reader's language; slugs the catalogue does not know are left out."""
    locale = current_locale()
    return {slug: found.name(locale) for slug in slugs if (found := find(slug))}


def _with_parents(catalogue: catalog.Catalogue, category_id: int | None) -> Iterator[str]:
    """Yield the slug of a category, then the slugs of its parents."""
    entry = catalogue.category_by_id(category_id)
    while entry:
        yield entry.slug
        entry = catalogue.category_by_id(entry.parent_id)


def proposal_count_label(below: int) -> str:
    """Return the label of an upper bound of proposals."""
    if below == 1:
        return _("no proposals yet")
    return ngettext("fewer than {count} proposal", "fewer than {count} proposals", below).format(count=below)


def days_label(days: int) -> str:
    """Return the label of a number of days."""
    return ngettext("within {count} day", "within {count} days", days).format(count=days)


def _facets(counts: Counter[str], names: dict[str, str]) -> list[FacetRead]:
    most = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    known = [FacetRead(value=value, name=names[value], count=count) for value, count in most if value in names]
    return known[:MAX_VALUES]


def _fewer(rows: Iterable[Counted], step: int) -> FacetRead:
    count = sum(row.answers < step for row in rows)
    return FacetRead(value=str(step), name=proposal_count_label(step), count=count)


def _within(rows: Iterable[Counted], step: int, now: datetime) -> FacetRead:
    since = now - timedelta(days=step)
    return FacetRead(value=str(step), name=days_label(step), count=sum(row.published_at >= since for row in rows))

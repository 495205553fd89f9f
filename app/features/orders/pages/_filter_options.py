"""Options of the list's filters, with the number of matching orders for each."""

from collections.abc import Container, Iterable
from functools import lru_cache
from typing import Any

from app.core.i18n import _, current_locale
from app.core.money import Currency
from app.features.catalog import service as catalog
from app.features.orders.schemas import ANSWERED_LABELS, BUDGET_KIND_LABELS, FacetRead, FacetsRead
from app.features.orders.service.sorting import ANSWER_STEPS, DAY_STEPS, days_label, proposal_count_label
from app.web.formatting import number

type Options = tuple[tuple[str, Any], ...]
"""Options as (value, label) pairs, or groups as (name, options) pairs."""


def filter_options(catalogue: catalog.Catalogue, facets: FacetsRead | None, used: Container[str]) -> dict[str, Options]:
    """Return the options of each filter, by the name used in the template.

    Filters in `used` have no counts: all counted orders already have the chosen value.
    """
    counted = {name: items for name, items in _facets_by_filter(facets).items() if name not in used}
    more = "+" if facets is not None and facets.capped else ""
    days = tuple((str(step), days_label(step)) for step in DAY_STEPS)
    answers = tuple((str(step), proposal_count_label(step)) for step in ANSWER_STEPS)
    kinds = tuple((kind.value, _(words)) for kind, words in BUDGET_KIND_LABELS.items())
    return {
        "categories": _with_counts(category_options(catalogue), counted.get("category", ()), more),
        "days": _with_counts(days, counted.get("days", ()), more),
        "answers": _with_counts(answers, counted.get("answers_below", ()), more),
        "kinds": _with_counts(kinds, counted.get("budget_kind", ()), more),
        "modes": (("all", _("all of them")), ("any", _("any of them"))),
        "answered": tuple((value, _(words)) for value, words in ANSWERED_LABELS.items()),
        "currencies": tuple((item.value, item.value) for item in Currency),
    }


def _facets_by_filter(facets: FacetsRead | None) -> dict[str, Iterable[FacetRead]]:
    """Return the counted values by the name of their filter."""
    if facets is None:
        return {}
    return {
        "category": facets.categories,
        "days": facets.days,
        "answers_below": facets.answers,
        "budget_kind": facets.budget_kinds,
    }


def category_options(catalogue: catalog.Catalogue) -> Options:
    """Return the categories as grouped options of a select."""
    return _category_options(catalogue, current_locale())


@lru_cache(maxsize=4)
def _category_options(catalogue: catalog.Catalogue, locale: str) -> Options:
    groups: list[tuple[str, Any]] = []
    for top in catalogue.parts(None):
        whole = (top.slug, _("{category}: all").format(category=top.name(locale)))
        groups.append(
            (top.name(locale), (whole, *((part.slug, part.name(locale)) for part in catalogue.parts(top.id))))
        )
    return tuple(groups)


def _with_counts(options: Options, found: Iterable[FacetRead], more: str) -> Options:
    """Add counts to the labels; options without a count stay unchanged."""
    counts = {item.value: f"{number(item.count)}{more}" for item in found}
    return _counted(options, counts) if counts else options


def _counted(options: Options, counts: dict[str, str]) -> Options:
    return tuple(
        (key, f"{words} · {counts[key]}" if key in counts else words)
        if isinstance(words, str)
        else (key, _counted(words, counts))
        for key, words in options
    )

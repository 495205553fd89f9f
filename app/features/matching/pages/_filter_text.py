"""Conversion of filters from and to the query of the list page, and their labels."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from pydantic import ValidationError

from app.core.errors import FieldError
from app.core.http.problem_details import field_errors
from app.core.i18n import _, current_locale, ngettext
from app.core.money import Currency, Money, amount_as_typed, typed_amount
from app.core.text.amounts import AmountError
from app.features.catalog.service import Catalogue
from app.features.orders.errors import InvalidFilterError
from app.features.orders.schemas import ANSWERED_LABELS, BUDGET_KIND_LABELS, OrderFilter, default_sort
from app.web import order_cards

BOUNDS = ("budget_min", "budget_max")
"""Fields entered in whole units of the currency and stored in minor units."""


def typed_query(wanted: OrderFilter) -> str:
    """Return the query string of the list page for a filter; empty for a filter without conditions."""
    given = wanted.model_dump(mode="json", exclude_defaults=True)
    currency = wanted.currency or Currency.RUB
    for name in BOUNDS:
        if name in given:
            given |= {name: amount_as_typed(given[name], currency), "currency": currency.value}
    return urlencode([(name, _as_typed(value)) for name, value in given.items()])


def _as_typed(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def list_address(wanted: OrderFilter | None) -> str:
    """Return the address of the list page for a filter, newest first; without a filter, that of the whole list."""
    query = typed_query(wanted) if wanted else ""
    if wanted and default_sort(wanted.q) != "newest":
        query += "&sort=newest"
    return f"/orders?{query}" if query else "/orders"


def filter_in(query: str) -> OrderFilter:
    """Parse the query string of the list page. Parameters that are not filters, such as a cursor, are ignored.

    Raises:
        InvalidFilterError: Some fields are invalid; the error lists all of them.
    """
    typed = {name: text for name, text in parse_qsl(query) if name in OrderFilter.model_fields and text.strip()}
    content: dict[str, Any] = dict(typed)
    faults = _read_bounds(typed, content)
    if "skills" in typed:
        content["skills"] = [word.strip() for word in typed["skills"].split(",") if word.strip()]
    try:
        wanted = OrderFilter.model_validate(content)
    except ValidationError as wrong:
        faults += field_errors([dict(error) for error in wrong.errors()])
        raise InvalidFilterError(errors=faults) from wrong
    if faults:
        raise InvalidFilterError(errors=faults)
    return wanted


def _read_bounds(typed: Mapping[str, str], content: dict[str, Any]) -> list[FieldError]:
    """Convert the budget bounds to minor units in `content` and return the errors.

    A currency without bounds is not a condition and is removed.
    """
    faults: list[FieldError] = []
    bounds = [name for name in BOUNDS if name in typed]
    currency = typed.get("currency", Currency.RUB.value)
    if not bounds:
        content.pop("currency", None)
    for name in bounds:
        content["currency"] = currency
        try:
            content[name] = typed_amount(typed[name], Currency(currency) if currency in set(Currency) else Currency.RUB)
        except AmountError as wrong:
            faults.append(wrong.at(name))
            content.pop(name)
    return faults


def filter_labels(wanted: OrderFilter | None, catalogue: Catalogue) -> list[str]:
    """Return a label for each condition of a filter; one without a label is shown as field name and value."""
    if wanted is None:
        return []
    locale, currency = current_locale(), wanted.currency or Currency.RUB
    bounded = any(getattr(wanted, bound) is not None for bound in BOUNDS)

    def category(slug: str) -> str:
        entry = catalogue.category(slug)
        return entry.name(locale) if entry else slug

    def skill(word: str) -> str:
        entry = catalogue.resolve(word)
        return entry.name(locale) if entry else word

    said: dict[str, Callable[[Any], list[str]]] = {
        "q": lambda words: [_("“{words}”").format(words=words)],
        "category": lambda slug: [category(slug)],
        "skills": lambda words: [skill(word) for word in words],
        "skills_mode": lambda mode: [_("any of these skills")] if mode == "any" else [],
        "days": lambda days: [
            ngettext("published within {count} day", "published within {count} days", days).format(count=days)
        ],
        "answers_below": lambda most: [
            ngettext("fewer than {count} proposal", "fewer than {count} proposals", most).format(count=most)
        ],
        "answered": lambda answered: [_(ANSWERED_LABELS[_as_typed(answered)])],
        "budget_kind": lambda kind: [_(BUDGET_KIND_LABELS[kind])],
        "budget_min": lambda least: [order_cards.lower_bound_label(Money(least, currency))],
        "budget_max": lambda most: [order_cards.upper_bound_label(Money(most, currency))],
        "currency": lambda code: [] if bounded else [code.value],
    }
    found: list[str] = []
    for name, value in wanted.model_dump(exclude_defaults=True).items():
        found += said[name](value) if name in said else [f"{name}: {value}"]
    return found


def suggested_name(wanted: OrderFilter, catalogue: Catalogue, longest: int) -> str:
    """Return a suggested name for a search, made of its conditions.

    Pages show names in quotation marks, so the name itself has none.
    """
    rest = wanted.model_copy(update={"q": ""})
    name = " · ".join([word for word in (wanted.q.strip(), *filter_labels(rest, catalogue)) if word]) or _("All orders")
    return name if len(name) <= longest else name[: longest - 1].rstrip() + "…"

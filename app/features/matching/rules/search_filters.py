"""Stored filters of saved searches, and the anchors that preselect searches for an order."""

import hashlib

import orjson
from pydantic import ValidationError

from app.features.catalog.service import Catalogue
from app.features.orders.schemas import OrderFilter
from app.models import Order

EVERYTHING = "*"
"""The anchor of a search without skills and category."""


def to_stored_filter(wanted: OrderFilter) -> dict[str, object]:
    """Return a filter as stored: only fields that differ from the defaults."""
    return wanted.model_dump(mode="json", exclude_defaults=True)


def read(stored: dict[str, object]) -> OrderFilter | None:
    """Parse a stored filter. Unknown fields are ignored; None if the rest is no longer valid."""
    try:
        return OrderFilter.model_validate({name: stored[name] for name in stored if name in OrderFilter.model_fields})
    except ValidationError:
        return None


def key_of(wanted: OrderFilter) -> str:
    """Return the SHA-256 of a filter; the order of list values does not matter."""
    plain = {
        name: sorted(value) if isinstance(value, list) else value for name, value in to_stored_filter(wanted).items()
    }
    return hashlib.sha256(orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)).hexdigest()


def anchors_of_filter(wanted: OrderFilter) -> list[str]:
    """Return the anchors of a filter; an order must have at least one of them to match. Skills must be slugs.

    One common skill is enough to preselect a search, whether its filter asks for all skills or any of them.
    """
    if wanted.skills:
        return [f"skill:{slug}" for slug in wanted.skills]
    return [f"category:{wanted.category}"] if wanted.category else [EVERYTHING]


def anchors_of_order(order: Order, catalogue: Catalogue) -> list[str]:
    """Return the anchors of an order: its skills, its category with the parent categories, and `EVERYTHING`."""
    found = [EVERYTHING, *(f"skill:{slug}" for slug in order.skills)]
    category = catalogue.category_by_id(order.category_id)
    while category is not None:
        found.append(f"category:{category.slug}")
        category = catalogue.category_by_id(category.parent_id)
    return found

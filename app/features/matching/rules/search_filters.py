"""What a saved search is made of, and which orders it can find at all."""

import hashlib

import orjson
from pydantic import ValidationError

from app.features.catalog.service import Catalogue
from app.features.orders.schemas import OrderFilter
from app.models import Order

EVERYTHING = "*"
"""The anchor of a search that no skill and no category bounds."""


def to_stored_filter(wanted: OrderFilter) -> dict[str, object]:
    """Return a filter as it is stored: what was asked, and nothing else."""
    return wanted.model_dump(mode="json", exclude_defaults=True)


def read(stored: dict[str, object]) -> OrderFilter | None:
    """Read a stored filter; names that are gone are left out, None where the rest cannot be applied any more."""
    try:
        return OrderFilter.model_validate({name: stored[name] for name in stored if name in OrderFilter.model_fields})
    except ValidationError:
        return None


def key_of(wanted: OrderFilter) -> str:
    """Return the name of a filter: the same for the same conditions, in whatever order they were given."""
    plain = {
        name: sorted(value) if isinstance(value, list) else value for name, value in to_stored_filter(wanted).items()
    }
    return hashlib.sha256(orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)).hexdigest()


def anchors_of_filter(wanted: OrderFilter) -> list[str]:
    """Return what an order must have one of to fit; skills are already slugs.

    Any skill of several will do, so that it holds for filters that ask for all of them and for one of them.
    """
    if wanted.skills:
        return [f"skill:{slug}" for slug in wanted.skills]
    return [f"category:{wanted.category}"] if wanted.category else [EVERYTHING]


def anchors_of_order(order: Order, catalogue: Catalogue) -> list[str]:
    """Return every anchor that an order has: its skills, its category and the one around that."""
    found = [EVERYTHING, *(f"skill:{slug}" for slug in order.skills)]
    category = catalogue.category_by_id(order.category_id)
    while category is not None:
        found.append(f"category:{category.slug}")
        category = catalogue.category_by_id(category.parent_id)
    return found

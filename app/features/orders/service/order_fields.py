"""Apply field values to an order, validate them, and extract its content for revisions."""

import secrets
from datetime import date
from typing import Any
from uuid import UUID

from app.core.clock import depends_on_zone, local_today
from app.core.errors import FieldError
from app.core.money import Currency, Money
from app.core.unit_of_work import UnitOfWork
from app.features.catalog import service as catalog
from app.features.catalog.errors import UnknownCategoryError
from app.features.orders import rules
from app.features.orders.errors import InvalidOrderError
from app.features.orders.schemas import OrderCreate, OrderPatch
from app.features.orders.schemas.fields import FIELDS, REVISED
from app.features.profiles import service as profiles
from app.models import BudgetKind, Order, Visibility

SHARE_KEY_BYTES = 18
"""Length of a share key: 144 bits, which cannot be guessed."""
PLAIN = frozenset(field.name for field in FIELDS if field.plain)
"""Fields that are written unchanged; null empties them."""


def raise_if_errors(errors: list[FieldError]) -> None:
    """Raise if there are errors.

    Raises:
        InvalidOrderError: There are errors.
    """
    if errors:
        raise InvalidOrderError(errors=errors)


def content_of(order: Order) -> dict[str, Any]:
    """Return the content of an order as a revision stores it."""
    content = {name: getattr(order, name) for name in REVISED}
    content["deadline"] = order.deadline.isoformat() if order.deadline else None
    return content


async def today_for(uow: UnitOfWork, owner_id: UUID, deadline: date | None) -> date:
    """Return today's date for the owner of an order, to compare its deadline with.

    The profile is read only where the answer depends on the time zone; a zone chosen there counts before the browser's.
    """
    if deadline is None or not depends_on_zone(deadline):
        return local_today()
    with uow.session.no_autoflush:  # one UPDATE of the order, with all that changed
        return local_today(await profiles.time_zone_of(uow.session, owner_id))


async def apply_fields(uow: UnitOfWork, order: Order, given: dict[str, Any], command: OrderCreate | OrderPatch) -> None:
    """Apply the given values to the order and update the fields derived from them.

    Raises:
        InvalidOrderError: Some fields contradict each other.
        UnknownCategoryError: The category does not exist.
    """
    catalogue = await catalog.read_catalogue(uow.session, uow.resources)
    _apply_place(order, given, catalogue)
    if given.get("deadline") not in (None, order.deadline):
        today = await today_for(uow, order.customer_id, given["deadline"])
        raise_if_errors(rules.validate_deadline(given["deadline"], today))
    if "questions" in given:
        order.questions = list(given["questions"] or [])
    for name in PLAIN & given.keys():
        setattr(order, name, given[name])
    _apply_visibility(order, given)
    if {"budget", "budget_max", "budget_kind"} & set(given):
        _apply_budget(order, given, command)
    if order.budget_kind is not BudgetKind.HOURLY and "weekly_hours" not in given:
        order.weekly_hours = None
    raise_if_errors(rules.validate_weekly_hours(order.budget_kind, order.weekly_hours))
    order.keywords = _keywords(order, catalogue)


def _apply_visibility(order: Order, given: dict[str, Any]) -> None:
    order.visibility = given.get("visibility") or order.visibility or Visibility.PUBLIC
    if order.visibility is Visibility.LINK and order.share_key is None:
        order.share_key = new_share_key()


def new_share_key() -> str:
    """Return a random key for the link of an order."""
    return secrets.token_urlsafe(SHARE_KEY_BYTES)


def _apply_place(order: Order, given: dict[str, Any], catalogue: catalog.Catalogue) -> None:
    """Apply the category and the skills, as found in the catalogue."""
    if "skills" in given:
        sorted_out = catalogue.split_known_skills(given["skills"] or [])
        order.skills, order.tags = list(sorted_out.skills), list(sorted_out.words)
    if "category" not in given:
        return
    slug = given["category"]
    category = catalogue.category(slug) if slug else None
    if slug and category is None:
        error = FieldError(("body", "category"), UnknownCategoryError.detail, {"category": slug})
        raise UnknownCategoryError(params={"category": slug}, errors=[error])
    order.category_id = category.id if category else None


def _apply_budget(order: Order, given: dict[str, Any], command: OrderCreate | OrderPatch) -> None:
    least = command.budget.to_money() if command.budget else None
    most = command.budget_max.to_money() if command.budget_max else None
    kind = command.budget_kind
    if isinstance(command, OrderPatch):
        if kind is not BudgetKind.OPEN:  # an order that becomes open to offers loses its amounts
            least = least if "budget" in given else _amount(order, order.budget_amount)
            most = most if "budget_max" in given else _amount(order, order.budget_max_amount)
        kind = kind or _budget_kind_after_change(order, least, given)
    kind = rules.infer_budget_kind(kind, least or most)
    raise_if_errors(rules.validate_budget(kind, least, most))
    _write_budget(order, kind, least, most)


def _write_budget(order: Order, kind: BudgetKind, least: Money | None, most: Money | None) -> None:
    order.budget_kind = kind
    order.budget_amount = least.amount if least else None
    order.budget_max_amount = most.amount if most else None
    order.currency = least.currency if least else order.currency or Currency.RUB


def _amount(order: Order, amount: int | None) -> Money | None:
    return None if amount is None else Money(amount, order.currency)


def _budget_kind_after_change(order: Order, least: Money | None, given: dict[str, Any]) -> BudgetKind:
    """Return the budget kind after a change that does not name one: an amount ends "open to offers"."""
    stays = order.budget_kind is not BudgetKind.OPEN or least is None
    return order.budget_kind if stays and "budget_kind" not in given else rules.infer_budget_kind(None, least)


def _keywords(order: Order, catalogue: catalog.Catalogue) -> str:
    """Return additional search words of the order: its skills and categories in both languages, and its tags."""
    found = [catalogue.skill(slug) for slug in order.skills]
    names = [name for skill in found if skill for name in (skill.name_en, skill.name_ru)]
    category = catalogue.category_by_id(order.category_id)
    while category:
        names += [category.name_en, category.name_ru]
        category = catalogue.category_by_id(category.parent_id)
    return " ".join(dict.fromkeys([*names, *order.tags]))

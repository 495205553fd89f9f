"""Import of orders: each external record creates one order, once, through the ordinary use cases."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from app.core.actor import Actor
from app.core.audit import record_audit
from app.core.errors import FieldError
from app.core.http.problem_details import field_errors
from app.core.i18n import N_
from app.core.money import Currency, currency_named, exact_amount, typed_amount
from app.core.text.amounts import AmountError
from app.core.unit_of_work import UnitOfWork
from app.features.catalog import service as catalog
from app.features.orders.errors import InvalidOrderError
from app.features.orders.repository import OrderRepository
from app.features.orders.schemas import OrderCreate
from app.features.orders.schemas.fields import FIELDS
from app.features.orders.service.customer_commands import create_order, publish_order
from app.models import BudgetKind

NAMES: dict[str, tuple[str, ...]] = {
    "key": ("external_key", "external_id", "id", "uid", "url", "link"),
    "currency": ("currency",),
    "least": ("min_hourly_rate",),
    "most": ("max_hourly_rate", "hourly_rate"),
    **{field.name: field.foreign for field in FIELDS if field.foreign},
}
"""The fields of an order and their names in import files; amounts are in whole units (dollars, roubles)."""
SAID_IN_WORDS = {
    "experience_level": "Experience",
    "project_type": "Project",
    "duration": "Duration",
    "hours_per_week": "Hours per week",
}
"""External fields without a column; they are appended to the description."""
_KNOWN = {name for names in NAMES.values() for name in names} | set(SAID_IN_WORDS)


@dataclass(frozen=True, slots=True)
class ForeignOrder:
    """One record of a file: its content, and the key by which a second run recognizes it."""

    content: Mapping[str, Any]
    key: str


@dataclass(frozen=True, slots=True)
class ImportedOrder:
    """The result of one record."""

    order_id: UUID
    created: bool
    tags: tuple[str, ...]
    unknown_fields: tuple[str, ...]


def record_key(record: Mapping[str, Any], repeated: int) -> str:
    """Return the key of a record: its own id, or else a hash of its content and its count among equal records."""
    for name in NAMES["key"]:
        if record.get(name):
            return f"{name}:{record[name]}"[:200]
    content = json.dumps(record, sort_keys=True, ensure_ascii=False, default=str)
    return f"sha256:{hashlib.sha256(content.encode()).hexdigest()}:{repeated}"


async def import_order(
    uow: UnitOfWork, actor: Actor, owner: Actor, foreign: ForeignOrder, *, publish: bool, reason: str = ""
) -> ImportedOrder:
    """Create an order from a record, or return the one that an earlier run created.

    Args:
        uow: The transaction of this record.
        actor: The operator who runs the import.
        owner: The person who becomes the customer of the order.
        foreign: The record.
        publish: Whether the order is published at once.
        reason: The operator's reason, for the audit log.

    Raises:
        InvalidOrderError: The record is not a valid order; the errors use the field names of the file.
    """
    repository = OrderRepository(uow.session)
    unknown = tuple(sorted(set(foreign.content) - _KNOWN))
    known = await repository.get_by_key(owner.id, foreign.key)
    if known is not None:
        return ImportedOrder(known.id, created=False, tags=tuple(known.tags), unknown_fields=unknown)
    command = read_record(foreign.content)
    if command.category is None:
        catalogue = await catalog.read_catalogue(uow.session, uow.resources)
        command = command.model_copy(update={"category": likely_category(catalogue, command.skills)})
    order = await create_order(uow, owner, command, external_key=foreign.key)
    if publish:
        await publish_order(uow, owner, order.id, counted=False)
    new = {"customer_id": str(owner.id), "status": order.status.value}
    record_audit(uow.session, actor, "order.import", order.id, new=new, reason=reason)
    return ImportedOrder(order.id, created=True, tags=tuple(order.tags), unknown_fields=unknown)


def likely_category(catalogue: catalog.Catalogue, words: list[str]) -> str | None:
    """Return the category that most of the skills belong to."""
    category_ids = [skill.category_id for skill in map(catalogue.resolve, words) if skill]
    if not category_ids:
        return None
    category = catalogue.category_by_id(max(category_ids, key=category_ids.count))
    return category.slug if category else None


def read_record(record: Mapping[str, Any]) -> OrderCreate:
    """Convert an external record into a command."""
    found = {ours: _first(record, names) for ours, names in NAMES.items()}
    currency = _currency(found["currency"])
    fixed = _amount(record, "budget", found["budget"], currency)
    fixed_max = _amount(record, "budget_max", found["budget_max"], currency)
    least, most = _amount(record, "least", found["least"], currency), _amount(record, "most", found["most"], currency)
    hourly = least is not None or most is not None
    low, high = ((least or most), most) if hourly else (fixed, fixed_max)
    kind = found["budget_kind"] or (BudgetKind.HOURLY if hourly else None)
    said = [f"{label}: {record[name]}." for name, label in SAID_IN_WORDS.items() if record.get(name)]
    body = str(found["description"] or "").strip()
    content: dict[str, Any] = {
        "title": _text(found["title"]),
        "description": "\n\n".join(part for part in (body, "\n".join(said)) if part),
        "category": found["category"] or None,
        "skills": _list(found["skills"]),
        "budget_kind": kind,
        "budget": {"amount": low, "currency": currency} if low else None,
        "budget_max": {"amount": high, "currency": currency} if low and high and high != low else None,
        "deadline": found["deadline"] or None,
    }
    try:
        return OrderCreate.model_validate(content)
    except ValidationError as wrong:
        errors = [dict(error) for error in wrong.errors()]
        raise InvalidOrderError(errors=field_errors(errors)) from wrong


def _first(record: Mapping[str, Any], names: tuple[str, ...]) -> Any:  # noqa: ANN401 - any value of the file
    return next((record[name] for name in names if record.get(name) not in (None, "")), None)


def _text(value: object) -> object:
    return str(value) if isinstance(value, int | float) else value


def _list(value: object) -> object:
    """Parse a list; a CSV cell contains JSON, or words separated by semicolons or commas."""
    if not isinstance(value, str):
        return value or []
    if value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except ValueError:
            pass
    return [part.strip() for part in value.split(";" if ";" in value else ",") if part.strip()]


def _currency(value: object) -> Currency:
    found = currency_named(str(value)) if value else Currency.RUB
    if found is None:
        text = N_("This currency is not dealt in here. Choose one of: {expected}.")
        raise InvalidOrderError(errors=[FieldError(("currency",), text, {"expected": ", ".join(Currency)})])
    return found


def _amount(record: Mapping[str, Any], ours: str, value: object, currency: Currency) -> int | None:
    """Convert an amount in whole units into minor units; empty and zero mean no amount."""
    if value is None:
        return None
    try:
        # A number of JSON is exact: in 1.001 the point separates no thousands.
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            return exact_amount(value, currency) or None
        return typed_amount(str(value), currency) or None
    except AmountError as wrong:
        name = next(name for name in NAMES[ours] if record.get(name) not in (None, ""))
        raise InvalidOrderError(errors=[wrong.at(name)]) from wrong

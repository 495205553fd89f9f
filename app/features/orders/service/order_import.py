"""Import of orders: each external record creates one order, once, through the ordinary use cases."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
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
from app.models import BudgetKind, Experience, Order

NAMES: dict[str, tuple[str, ...]] = {
    "key": ("external_key", "external_id", "id", "uid", "url", "link", "ид", "ссылка"),
    "currency": ("currency", "валюта"),
    "least": ("min_hourly_rate", "ставка_от"),
    "most": ("max_hourly_rate", "hourly_rate", "ставка", "ставка_до"),
    **{field.name: field.foreign for field in FIELDS if field.foreign},
}
"""The fields of an order and their folded names in import files; amounts are in whole units (dollars, roubles)."""
SAID_IN_WORDS = {"project_type": "Project", "duration": "Duration"}
"""External fields without a column; they are appended to the description."""
_KNOWN = {name for names in NAMES.values() for name in names} | set(SAID_IN_WORDS)
_EXPERIENCE = {
    Experience.STARTING: ("starting", "entry", "entry level", "beginner", "junior", "начинающий", "новичок"),
    Experience.SEASONED: ("seasoned", "intermediate", "middle", "experienced", "средний", "опытный"),
    Experience.EXPERT: ("expert", "senior", "advanced", "эксперт"),
}
_MAX_KEY_LENGTH = 200
_DATE = re.compile(
    r"(?:(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4}|\d\d)(?: ?г\.?)?|(?P<iso>\d{4}-\d\d-\d\d))"
    r"(?:,?[ T]\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)? ?(?:Z|[+-]\d\d:?\d\d)?)?"
)
_DATE_TEXT = N_("Write a day such as 2026-12-31 or 31.12.2026.")
_HOURS = re.compile(r"\d+(?:[.,]\d+)?")


@dataclass(frozen=True, slots=True)
class ForeignOrder:
    """One record of a file: its content, the key by which a second run recognizes it, and the currency if unnamed."""

    content: Mapping[str, Any]
    key: str
    currency: Currency = Currency.RUB


@dataclass(frozen=True, slots=True)
class ImportedOrder:
    """The result of one record."""

    order_id: UUID
    created: bool
    tags: tuple[str, ...]
    unknown_fields: tuple[str, ...]


def record_key(record: Mapping[str, Any], repeated: int) -> str:
    """Return the key of a record: its own id, or else a hash of its content and its count among equal records."""
    folded = _folded(record)
    for name in NAMES["key"]:
        if folded.get(name):
            key = f"{name}:{folded[name]}"
            # What the database cannot store, or would cut off, is told apart by its hash.
            return key if len(key) <= _MAX_KEY_LENGTH and key.isprintable() else f"{name}:sha256:{_hash(key)}"
    content = json.dumps(record, sort_keys=True, ensure_ascii=False, default=str)
    return f"sha256:{_hash(content)}:{repeated}"


def is_own_key(key: str) -> bool:
    """Tell whether a key is the record's own id, and not computed from its content."""
    return not key.startswith("sha256:")


def folded_name(name: str) -> str:
    """Return a field name without the differences that people do not see: capitals, blanks, dashes, underscores."""
    return re.sub(r"[\W_]+", "_", unicodedata.normalize("NFKC", name).casefold()).strip("_") or name


def is_known_name(name: str) -> bool:
    """Tell whether the import uses the fields of this name."""
    return folded_name(name) in _KNOWN


def names_title(name: str) -> bool:
    """Tell whether the name is one of those of a title, without which no record is an order."""
    return folded_name(name) in NAMES["title"]


def _folded(record: Mapping[str, Any]) -> dict[str, Any]:
    folded: dict[str, Any] = {}
    for name, value in record.items():
        if folded.get(folded_name(name)) in (None, ""):
            folded[folded_name(name)] = value
    return folded


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


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
    unknown = names_left_aside(foreign.content)
    known = await repository.get_by_key(owner.id, foreign.key)
    if known is not None:
        return ImportedOrder(known.id, created=False, tags=tuple(known.tags), unknown_fields=unknown)
    try:
        order = await _create(uow, owner, foreign, publish=publish)
    except InvalidOrderError as refused:
        raise InvalidOrderError(
            errors=[_at_name_of_file(item, foreign.content) for item in refused.errors]
        ) from refused
    new = {"customer_id": str(owner.id), "status": order.status.value}
    record_audit(uow.session, actor, "order.import", order.id, new=new, reason=reason)
    return ImportedOrder(order.id, created=True, tags=tuple(order.tags), unknown_fields=unknown)


async def _create(uow: UnitOfWork, owner: Actor, foreign: ForeignOrder, *, publish: bool) -> Order:
    command = read_record(foreign.content, foreign.currency)
    if command.category is None:
        catalogue = await catalog.read_catalogue(uow.session, uow.resources)
        command = command.model_copy(update={"category": likely_category(catalogue, command.skills)})
    order = await create_order(uow, owner, command, external_key=foreign.key)
    if publish:
        await publish_order(uow, owner, order.id, counted=False)
    return order


def _at_name_of_file(error: FieldError, content: Mapping[str, Any]) -> FieldError:
    """Return the error at the name that the field has in the file, such as the header of a column."""
    ours, *inner = [part for part in error.loc if part != "body"] or [""]
    wanted = (str(ours), *NAMES.get(str(ours), ()))
    name = next((name for name in content if folded_name(name) in wanted), ours)
    return FieldError((name, *inner), error.message, error.params)


def names_left_aside(content: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names that are not used: unknown ones, and second names of a field, such as `url` beside `id`."""
    record = _folded(content)
    used = {next((name for name in names if record.get(name) not in (None, "")), "") for names in NAMES.values()}
    used |= SAID_IN_WORDS.keys()
    aside: list[str] = []
    for name, value in content.items():
        folded = folded_name(name)
        if value in (None, "") and folded in _KNOWN:
            continue
        if folded not in used:
            aside.append(name)
        used.discard(folded)
    return tuple(sorted(aside))


def likely_category(catalogue: catalog.Catalogue, words: list[str]) -> str | None:
    """Return the category that most of the skills belong to."""
    category_ids = [skill.category_id for skill in map(catalogue.resolve, words) if skill]
    if not category_ids:
        return None
    category = catalogue.category_by_id(max(category_ids, key=category_ids.count))
    return category.slug if category else None


def read_record(content: Mapping[str, Any], default: Currency = Currency.RUB) -> OrderCreate:
    """Convert an external record into a command; `default` is the currency of a record that names none."""
    record = _folded(content)
    found = {ours: _first(record, names) for ours, names in NAMES.items()}
    currency = _currency(found["currency"] or default)
    fixed = _amount(record, "budget", found["budget"], currency)
    fixed_max = _amount(record, "budget_max", found["budget_max"], currency)
    least, most = _amount(record, "least", found["least"], currency), _amount(record, "most", found["most"], currency)
    hourly = least is not None or most is not None
    low, high = ((least or most), most) if hourly else (fixed, fixed_max)
    kind = found["budget_kind"] or (BudgetKind.HOURLY if hourly else None)
    said = {label: record[name] for name, label in SAID_IN_WORDS.items() if record.get(name)}
    experience = _experience(found["experience"], said)
    weekly_hours = _weekly_hours(found["weekly_hours"], said, hourly=kind == BudgetKind.HOURLY)
    body = str(found["description"] or "").strip()
    words = "\n".join(f"{label}: {value}." for label, value in said.items())
    fields: dict[str, Any] = {
        "title": _text(found["title"]),
        "description": "\n\n".join(part for part in (body, words) if part),
        "category": found["category"] or None,
        "skills": _list(found["skills"]),
        "budget_kind": kind,
        "budget": {"amount": low, "currency": currency} if low else None,
        "budget_max": {"amount": high, "currency": currency} if low and high and high != low else None,
        "deadline": _day(record, found["deadline"]),
        "experience": experience,
        "weekly_hours": weekly_hours,
    }
    try:
        return OrderCreate.model_validate(fields)
    except ValidationError as wrong:
        errors = [dict(error) for error in wrong.errors()]
        raise InvalidOrderError(errors=field_errors(errors)) from wrong


def _experience(value: object, said: dict[str, object]) -> Experience | None:
    """Return the level that the word means; another word goes into the description."""
    word = folded_name(str(value or "")).replace("_", " ")
    level = next((level for level, words in _EXPERIENCE.items() if word in words), None)
    if value and level is None:
        said["Experience"] = value
    return level


def _weekly_hours(value: object, said: dict[str, object], *, hourly: bool) -> int | None:
    """Return the first number of the text ("More than 30"); what the number leaves out goes into the description."""
    typed = str(value or "").strip()
    number = _HOURS.search(typed[:100])
    if typed and (not hourly or number is None or number[0] != typed):
        said["Hours per week"] = value
    return round(float(number[0].replace(",", "."))) if hourly and number else None


def _day(record: Mapping[str, Any], value: object) -> date | None:
    """Return the day as it is written, whatever time and zone follow it."""
    if value is None:
        return None
    found = _DATE.fullmatch(value.strip()) if isinstance(value, str) else None
    try:
        if found and found["iso"]:
            return date.fromisoformat(found["iso"])
        if found:
            year = int(found["year"]) + (2000 if len(found["year"]) == len("26") else 0)
            return date(year, int(found["month"]), int(found["day"]))
    except ValueError:
        pass  # such as the 31st of June: the same advice
    name = next(name for name in NAMES["deadline"] if record.get(name) not in (None, ""))
    raise InvalidOrderError(errors=[FieldError((name,), _DATE_TEXT)])


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
        except (ValueError, RecursionError):
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

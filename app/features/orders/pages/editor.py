"""Pages of the order editor and of the customer's actions. Drafts are stored on the server."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from fastapi import Request
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.responses import Response

from app.core.actor import Actor
from app.core.errors import DomainError, FieldError, InvalidError
from app.core.http.dependencies import FeatureRouter, PostedForm, ProcessResources, ReadSession, Uow
from app.core.http.problem_details import field_errors
from app.core.http.submissions import Once
from app.core.i18n import N_, _, current_locale
from app.core.money import UNKNOWN_CURRENCY, Currency, MoneyRead, amount_as_typed, typed_amount
from app.core.resources import Resources
from app.core.text.amounts import AmountError
from app.core.text.whole_numbers import read_whole
from app.core.unit_of_work import UnitOfWork
from app.features.authentication.dependencies import CurrentActor
from app.features.catalog import service as catalog
from app.features.files.dependencies import OrderFiles
from app.features.files.schemas import FileRead
from app.features.files.service import own_files
from app.features.orders import service
from app.features.orders.dependencies import EditableOrder
from app.features.orders.errors import InvalidOrderError, OrderChangedError
from app.features.orders.pages._filter_options import category_options
from app.features.orders.schemas import (
    BUDGET_KIND_LABELS,
    EXPERIENCE_LABELS,
    VISIBILITY_LABELS,
    OrderClose,
    OrderCreate,
    OrderPatch,
    OrderRead,
)
from app.features.orders.schemas.fields import FIELDS, Input, OrderField
from app.models import BudgetKind, CloseReason, Order, OrderStatus, Visibility
from app.web.flash import redirect
from app.web.forms import FormState
from app.web.templating import render

router = FeatureRouter()
KIND_NOTES: dict[BudgetKind, str] = {
    BudgetKind.FIXED: N_("One price for the result"),
    BudgetKind.HOURLY: N_("A rate for an hour of work"),
    BudgetKind.OPEN: N_("Freelancers name the price"),
}
CLOSE_REASON_LABELS: dict[CloseReason, str] = {
    CloseReason.NOT_NEEDED: N_("The work is not needed any more"),
    CloseReason.HIRED_ELSEWHERE: N_("I found somebody elsewhere"),
    CloseReason.NO_FIT: N_("No proposal fits"),
    CloseReason.MISTAKE: N_("The order was posted by mistake"),
    CloseReason.OTHER: N_("Another reason"),
}


@router.get("/orders/new")
async def new_order(
    request: Request, _actor: CurrentActor, session: ReadSession, resources: ProcessResources
) -> Response:
    """Show an empty editor."""
    start = FormState.start(
        currency=Currency.RUB.value, budget_kind=BudgetKind.FIXED.value, visibility=Visibility.PUBLIC.value
    )
    return await _editor(request, session, resources, start, None)


@router.post("/orders/new")
async def create_order(
    request: Request, actor: CurrentActor, form: PostedForm, sent: OrderFiles, uow: Uow, once: Once
) -> Response:
    """Save a draft and show its preview, or publish it at once."""

    async def create() -> Order:
        publish = form.get("step") == "publish"
        return await service.create_order(uow, actor, read_form(form, sent.ids), publish=publish)

    order = await uow.attempt(create(), InvalidError)
    if isinstance(order, DomainError):
        again = await own_files(uow.session, actor, sent.known)
        return await _editor(request, uow.session, uow.resources, FormState.posted(form, order), None, again)
    return once.led_to(_after_saving(order, form, "new-order"), "new-order")


@router.get("/orders/{order_id}/edit")
async def edit_order_form(
    request: Request, order_id: UUID, actor: CurrentActor, session: ReadSession, resources: ProcessResources
) -> Response:
    """Show the editor with the current values of an order."""
    order = await service.get_own_order(session, actor, order_id)
    shown = await service.present(session, resources, actor, order)
    if "edit" not in shown.actions:
        return redirect(f"/orders/{order.id}", _("The order can no longer be edited."), "warn")
    return await _editor_of(request, session, resources, shown)


@router.post("/orders/{order_id}/edit")
async def edit_order(
    request: Request,
    order_id: UUID,
    actor: CurrentActor,
    form: PostedForm,
    _editable: EditableOrder,
    sent: OrderFiles,
    uow: Uow,
) -> Response:
    """Save the changes of an order."""

    async def edit() -> Order:
        command = OrderPatch(**read_form(form, sent.ids).model_dump(), version=read_whole(form.get("version")))
        order = await service.edit_order(uow, actor, order_id, command)
        return await service.publish_locked(uow, actor, order) if form.get("step") == "publish" else order

    order = await uow.attempt(edit(), InvalidError, OrderChangedError)
    if isinstance(order, DomainError):
        current = await service.get_order(uow.session, actor, order_id)
        shown = await service.present(uow.session, uow.resources, actor, current)
        again = await own_files(uow.session, actor, sent.known)
        return await _editor(request, uow.session, uow.resources, FormState.posted(form, order), shown, again)
    return _after_saving(order, form, f"order-{order_id}")


@router.post("/orders/{order_id}/publish")
async def publish_order(request: Request, order_id: UUID, actor: CurrentActor, uow: Uow) -> Response:
    """Publish a draft, or show the editor with the missing fields."""
    order = await uow.attempt(service.publish_order(uow, actor, order_id), InvalidOrderError)
    if isinstance(order, DomainError):
        return await _refused(request, uow, actor, order_id, order)
    return redirect(f"/orders/{order_id}", _published(order.status))


@router.post("/orders/{order_id}/renew")
async def renew_order(order_id: UUID, actor: CurrentActor, uow: Uow) -> Response:
    """Renew an order for another full term."""
    await service.renew_order(uow, actor, order_id)
    return redirect(f"/orders/{order_id}", _("The order stays open longer."))


@router.post("/orders/{order_id}/share-key")
async def renew_share_key(order_id: UUID, actor: CurrentActor, uow: Uow) -> Response:
    """Replace the key of the order's link and show the order."""
    await service.renew_share_key(uow, actor, order_id)
    return redirect(f"/orders/{order_id}", _("The order has a new link. The earlier one opens nothing now."))


@router.post("/orders/{order_id}/pause")
async def pause_order(order_id: UUID, actor: CurrentActor, uow: Uow) -> Response:
    """Pause an open order."""
    await service.pause_order(uow, actor, order_id)
    return redirect(f"/orders/{order_id}", _("The order is paused. It stands in no list and takes no new proposals."))


@router.post("/orders/{order_id}/resume")
async def resume_order(request: Request, order_id: UUID, actor: CurrentActor, uow: Uow) -> Response:
    """Reopen a paused order, or show the editor with the invalid fields."""
    order = await uow.attempt(service.resume_order(uow, actor, order_id), InvalidOrderError)
    if isinstance(order, DomainError):
        return await _refused(request, uow, actor, order_id, order)
    return redirect(f"/orders/{order_id}", _("The order is open again."))


@router.get("/orders/{order_id}/close")
async def close_order_form(
    request: Request, order_id: UUID, actor: CurrentActor, session: ReadSession, resources: ProcessResources
) -> Response:
    """Show the form that asks for the reason for closing."""
    order = await service.get_own_order(session, actor, order_id)
    shown = await service.present(session, resources, actor, order)
    if "close" not in shown.actions:
        return redirect(f"/orders/{order.id}", _("The order is closed already."), "note")
    reasons = [(reason.value, _(words), None) for reason, words in CLOSE_REASON_LABELS.items()]
    start = FormState.start(reason=CloseReason.NOT_NEEDED.value)
    return render(request, "orders/close.html", {"order": shown, "reasons": reasons, "f": start})


@router.post("/orders/{order_id}/close")
async def close_order(order_id: UUID, actor: CurrentActor, form: PostedForm, uow: Uow) -> Response:
    """Close an order without choosing a freelancer."""
    try:
        command = OrderClose.model_validate({"reason": form.get("reason"), "note": form.get("note") or ""})
    except ValidationError as wrong:
        raise InvalidOrderError(errors=field_errors([dict(error) for error in wrong.errors()])) from wrong
    await service.close_order(uow, actor, order_id, command)
    return redirect(f"/orders/{order_id}", _("The order is closed. Those who answered it will be told."))


def read_form(form: FormData, files: Sequence[UUID] = ()) -> OrderCreate:
    """Convert the form fields and file ids into a command.

    Raises:
        InvalidOrderError: Some fields are invalid; `errors` lists all of them.
    """
    errors: list[FieldError] = []
    kind = str(form.get("budget_kind") or BudgetKind.FIXED.value)
    typed_currency = str(form.get("currency") or Currency.RUB.value)
    currency = Currency(typed_currency) if typed_currency in set(Currency) else Currency.RUB
    if currency.value != typed_currency:
        errors.append(FieldError(("currency",), UNKNOWN_CURRENCY))
    amounts: dict[str, Any] = {"budget": None, "budget_max": None}
    for name in amounts:
        text = str(form.get(name) or "").strip()
        if text and kind != BudgetKind.OPEN.value:
            try:
                amounts[name] = {"amount": typed_amount(text, currency), "currency": currency}
            except AmountError as wrong:
                errors.append(wrong.at(name))
    content: dict[str, Any] = {field.name: _typed(field, form) for field in FIELDS if field.input is not Input.AMOUNT}
    content |= {**amounts, "files": list(files)}
    if kind != BudgetKind.HOURLY.value:
        content["weekly_hours"] = None
    try:
        command = OrderCreate.model_validate(content)
    except ValidationError as wrong:
        errors += field_errors([dict(error) for error in wrong.errors()])
        raise InvalidOrderError(errors=errors) from wrong
    if errors:
        raise InvalidOrderError(errors=errors)
    return command


def _typed(field: OrderField, form: FormData) -> str | list[str] | None:
    """Return the value of a form field in the type that the command expects."""
    text = str(form.get(field.name) or field.default or "")
    match field.input:
        case Input.WORDS:
            return [word.strip() for word in text.split(",") if word.strip()]
        case Input.LINES:
            return [line.strip() for line in text.splitlines() if line.strip()]
        case Input.NUMBER:
            return text.strip() or None
        case Input.CHOICE:
            return text or None
        case Input.TEXT | Input.AMOUNT:
            return text


def _published(status: OrderStatus) -> str:
    """Return the confirmation shown after publishing."""
    if status is OrderStatus.MODERATION:
        return _("The order is sent. The operator looks at it first, and you are told when it is open.")
    return _("The order is published. Freelancers see it now.")


def _after_saving(order: Order, form: FormData, saved: str) -> Response:
    said = {
        "publish": _published(order.status),
        "save": _("The changes are saved."),
    }.get(str(form.get("step")), _("The draft is saved. This is how others would see it."))
    return redirect(f"/orders/{order.id}", said, done=saved)


def _start(order: OrderRead, catalogue: catalog.Catalogue) -> FormState:
    """Return the form state for an order."""
    known = [skill.name(current_locale()) for skill in map(catalogue.skill, order.skills) if skill]
    filled: dict[str, object] = {field.name: _filled(getattr(order, field.name)) for field in FIELDS}
    filled["skills"] = ", ".join([*known, *order.tags]) or None
    filled["currency"] = order.budget.currency.value if order.budget else Currency.RUB.value
    return FormState.start(**filled)


def _filled(value: object) -> str | None:
    """Return the value of a field as shown in the form."""
    match value:
        case MoneyRead():
            return amount_as_typed(value.amount, value.currency)
        case list():
            return "\n".join(map(str, value)) or None
        case date():
            return value.isoformat()
        case _:
            return None if value is None else str(value)


async def _refused(request: Request, uow: UnitOfWork, actor: Actor, order_id: UUID, error: DomainError) -> Response:
    """Show the editor of an order with what keeps it from being published."""
    order = await service.get_order(uow.session, actor, order_id)
    shown = await service.present(uow.session, uow.resources, actor, order)
    return await _editor_of(request, uow.session, uow.resources, shown, error)


async def _editor_of(
    request: Request,
    session: ReadSession,
    resources: Resources,
    order: OrderRead,
    error: DomainError | None = None,
) -> Response:
    """Show the editor with the values of an order and the field errors."""
    start = _start(order, await catalog.read_catalogue(session, resources))
    return await _editor(request, session, resources, start.with_error(error) if error else start, order)


async def _editor(
    request: Request,
    session: ReadSession,
    resources: Resources,
    form: FormState,
    order: OrderRead | None,
    files: Sequence[FileRead] | None = None,
) -> Response:
    held = order.files if order else ()
    catalogue = await catalog.read_catalogue(session, resources)
    context = {
        "f": form,
        "order": order,
        "files": held if files is None else files,
        "categories": category_options(catalogue),
        "kinds": [(kind.value, _(words), _(KIND_NOTES[kind])) for kind, words in BUDGET_KIND_LABELS.items()],
        "visibilities": [(kind.value, _(words), _(note)) for kind, (words, note) in VISIBILITY_LABELS.items()],
        "levels": [(level.value, _(words)) for level, words in EXPERIENCE_LABELS.items()],
        "currencies": [(item.value, item.value) for item in Currency],
        "action": f"/orders/{order.id}/edit" if order else "/orders/new",
    }
    return render(request, "orders/edit.html", context, status_code=422 if form.has_errors else 200)

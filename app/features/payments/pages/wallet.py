"""Pages for paying in, withdrawing and sending back, and the operator's list of stuck money."""

from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.responses import Response

from app.core.config import Settings
from app.core.errors import DomainError, FieldError
from app.core.http.dependencies import FeatureRouter, PostedForm, ProcessResources, ReadSession, Uow
from app.core.http.problem_details import field_errors
from app.core.http.request_keys import OnceRequired
from app.core.i18n import N_, _
from app.core.money import Currency, Money, MoneyInput, typed_amount
from app.core.payment_port import PayoutKind
from app.core.text.amounts import AmountError
from app.features.authentication import service as authentication
from app.features.authentication.dependencies import ClientInfo, CurrentActor, CurrentSession, FinanceActor
from app.features.authentication.errors import WrongPasswordError
from app.features.payments import service, workflows
from app.features.payments.dependencies import ProviderLimits, RecentPassword
from app.features.payments.errors import InvalidPaymentError, PaymentNotCancelableError
from app.features.payments.pages.withdrawals import PERSON, REFRESH_SECONDS, shown_payout
from app.features.payments.presenters import opening_page, stuck_words
from app.features.payments.schemas import (
    CardRefundCreate,
    PaymentCreate,
    PaymentRead,
    PayoutCreate,
    PayoutRequirements,
)
from app.models import OperationState, PaymentState
from app.web.flash import redirect
from app.web.formatting import money, number
from app.web.forms import FormState
from app.web.templating import render

router = FeatureRouter()
PAGE = 20
SOON = "1"
ROUBLES = Currency.RUB
NO_AMOUNT = N_("Write an amount of more than zero.")
type Cursor = Annotated[str | None, Query(max_length=300)]
PAYMENT_STATES: dict[PaymentState, tuple[str, str, str]] = {
    PaymentState.OPEN: (
        N_("Waiting for payment"),
        "accent",
        N_("Nothing was taken yet. Pay on the page of the payment service; you come back here afterwards."),
    ),
    PaymentState.PAID: (N_("Paid"), "good", N_("The money has arrived.")),
    PaymentState.CANCELED: (N_("Not paid"), "", N_("No money was taken. You can start again.")),
    PaymentState.QUESTIONED: (
        N_("Another amount arrived"),
        "warn",
        N_("We have set the money aside. The operator checks it and puts it into your wallet. You need do nothing."),
    ),
    PaymentState.CREDITED: (
        N_("In the wallet"),
        "good",
        N_("The money did not arrive as planned, but it is in your wallet."),
    ),
}
UNLOCKED = {
    "corrections": "/finance/corrections",
    "withdrawals": "/finance/withdrawals",
    "stuck-money": "/stuck-money",
}
"""Pages of operators that ask for the password, by their name in the address."""
RETURNED = N_("We are asking the payment service whether you have paid. This takes a few seconds.")
HELD = N_("The money has arrived. It is held until you accept the work.")
CHECKING = N_("We are asking the payment service. This takes a few seconds.")


@router.get("/wallet/top-up")
async def top_up_form(request: Request, _actor: CurrentActor) -> Response:
    """Show the form for paying in."""
    return render(request, "payments/top_up.html", {"f": FormState.start()})


@router.post("/wallet/top-up")
async def top_up(request: Request, actor: CurrentActor, form: PostedForm, uow: Uow, once: OnceRequired) -> Response:
    """Begin a payment and lead to its page."""

    async def begin() -> UUID:
        return (await service.top_up(uow, actor, PaymentCreate(money=_amount(form)))).id

    made = await uow.attempt(begin())
    if isinstance(made, DomainError):
        return render(request, "payments/top_up.html", {"f": FormState.posted(form, _moved(made))}, 422)
    return once.led_to(redirect(opening_page(made)))


@router.get("/wallet/payments")
async def list_payments(request: Request, actor: CurrentActor, session: ReadSession, cursor: Cursor = None) -> Response:
    """List the payments with their state and what happens next."""
    page = await service.list_payments(session, actor, cursor, PAGE)
    rows = [_payment(each) for each in page.items]
    return _listed(request, "payments", rows, page.next_cursor, cursor)


@router.get("/wallet/payments/{payment_id}")
async def show_payment(  # noqa: PLR0913, PLR0917 - each is parsed by its own dependency
    request: Request,
    payment_id: UUID,
    actor: CurrentActor,
    view: CurrentSession,
    resources: ProcessResources,
    session: ReadSession,
    returned: str = "",
    opening: str = "",
) -> Response:
    """Show a payment, and lead where it goes on by itself.

    Who has just begun it is led to the payment page as soon as the provider has opened it; who comes back from there is
    led to what was paid for as soon as the money has arrived.
    """
    payment = await service.get_payment(session, actor, payment_id)
    if returned and payment.state is PaymentState.PAID:
        said = HELD if payment.purpose_url else PAYMENT_STATES[payment.state][2]
        return redirect(payment.purpose_url or "/wallet", _(said))
    proven = authentication.has_recent_password(resources, view)
    shown = _payment(payment, await service.refundable(session, actor, payment))
    if returned and payment.state is PaymentState.OPEN and payment.page_url:
        shown["next"] = _(RETURNED)
    context = {"shown": shown, "f": FormState.start(), "proven": proven}
    response = render(request, "payments/payment.html", context)
    if payment.state is PaymentState.OPEN:
        response.headers["Refresh"] = _opening_refresh(payment) if opening else REFRESH_SECONDS
    return response


@router.post("/wallet/payments/{payment_id}/cancel")
async def cancel_payment(payment_id: UUID, actor: CurrentActor, resources: ProcessResources) -> Response:
    """Cancel a payment that nobody has paid."""
    try:
        await workflows.cancel_payment(resources, actor, payment_id)
    except PaymentNotCancelableError as refused:
        return redirect(f"/wallet/payments/{payment_id}", refused.text(), "warn")
    return redirect(f"/wallet/payments/{payment_id}")


@router.post("/wallet/payments/{payment_id}/refund")
async def refund_payment(
    request: Request,
    payment_id: UUID,
    actor: CurrentActor,
    _password: RecentPassword,
    form: PostedForm,
    uow: Uow,
    once: OnceRequired,
) -> Response:
    """Send money back to the card of a payment."""

    async def send_back() -> object:
        return await service.refund_payment(uow, actor, payment_id, CardRefundCreate(money=_amount(form)))

    made = await uow.attempt(send_back())
    if isinstance(made, DomainError):
        payment = await service.get_payment(uow.session, actor, payment_id)
        shown = _payment(payment, await service.refundable(uow.session, actor, payment))
        context = {"shown": shown, "f": FormState.posted(form, _moved(made)), "proven": True}
        return render(request, "payments/payment.html", context, 422)
    return once.led_to(redirect("/wallet", _("The money is on its way back to the card.")))


@router.get("/wallet/withdraw")
async def withdraw_form(
    request: Request, actor: CurrentActor, view: CurrentSession, resources: ProcessResources
) -> Response:
    """Ask for the password if it was not entered recently, then for amount and card; say what is missing first."""
    if not authentication.has_recent_password(resources, view):
        return redirect("/wallet/unlock")
    needs = await workflows.payout_requirements(resources, actor)
    return render(request, "payments/withdraw.html", {"f": _withdrawal(needs), **_needs(needs, resources.settings)})


@router.get("/wallet/unlock")
async def unlock_form(
    request: Request, _actor: CurrentActor, then: Annotated[str, Query(max_length=100)] = ""
) -> Response:
    """Ask for the password before money leaves."""
    return render(request, "payments/unlock.html", {"f": FormState.start(), "then": then})


@router.post("/wallet/unlock")
async def unlock(
    request: Request, view: CurrentSession, form: PostedForm, caller: ClientInfo, resources: ProcessResources
) -> Response:
    """Take the password, so that money may be taken out for some minutes."""
    typed = form.get("password")
    try:
        await workflows.prove_password(resources, view, typed if isinstance(typed, str) else "", caller)
    except WrongPasswordError as wrong:
        error = [FieldError(("password",), wrong.message)]
        context = {"f": FormState.start().with_error(error), "then": form.get("then")}
        return render(request, "payments/unlock.html", context, 403)
    then = form.get("then")
    if isinstance(then, str) and then in UNLOCKED:
        return redirect(UNLOCKED[then])
    return redirect(f"/wallet/payments/{UUID(then)}" if isinstance(then, str) and _is_id(then) else "/wallet/withdraw")


@router.post("/wallet/withdraw")
async def withdraw(
    request: Request,
    actor: CurrentActor,
    _password: RecentPassword,
    form: PostedForm,
    limits: ProviderLimits,
    uow: Uow,
    once: OnceRequired,
) -> Response:
    """Withdraw money to a card."""

    async def take_out() -> UUID:
        return (await service.withdraw(uow, actor, _payout(form), limits))[0].id

    made = await uow.attempt(take_out())
    if isinstance(made, DomainError):
        context: dict[str, Any] = {
            "f": FormState.posted(form, _moved(made)),
            "missing": [],
            "permission_url": None,
            "bounds": None,
        }
        return render(request, "payments/withdraw.html", context | {"fee": _fee_text(uow.resources.settings)}, 422)
    return once.led_to(redirect(f"/wallet/withdrawals/{made}"))


@router.get("/wallet/withdrawals")
async def list_payouts(request: Request, actor: CurrentActor, session: ReadSession, cursor: Cursor = None) -> Response:
    """List the withdrawals with their state and what happens next."""
    page = await service.list_payouts(session, actor, cursor, PAGE)
    rows = [shown_payout(each) for each in page.items]
    return _listed(request, "withdrawals", rows, page.next_cursor, cursor)


@router.get("/stuck-money")
async def show_stuck(
    request: Request, _actor: FinanceActor, view: CurrentSession, resources: ProcessResources, session: ReadSession
) -> Response:
    """Show the operator the money that does not move by itself, with what happens next."""
    found = await service.read_stuck(session)
    rows = [(it, stuck_words(it)) for it in found]
    proven = authentication.has_recent_password(resources, view)
    return render(request, "payments/stuck.html", {"rows": rows, "f": FormState.start(), "proven": proven})


@router.post("/stuck-money/{case_id}/close")
async def close_case(
    case_id: UUID, actor: FinanceActor, _password: RecentPassword, form: PostedForm, uow: Uow
) -> Response:
    """Close a case with what was found."""
    note = form.get("note")
    if not isinstance(note, str) or not note.strip():
        return redirect("/stuck-money", _("First write what you found out."), "warn")
    await service.close_case(uow, actor, case_id, note.strip()[:2000])
    return redirect("/stuck-money", _("The case is closed."))


def _amount(form: FormData) -> MoneyInput:
    """Return the typed amount in roubles.

    Raises:
        InvalidPaymentError: It is not an amount of more than zero.
    """
    typed = form.get("amount")
    try:
        minor = typed_amount(typed if isinstance(typed, str) else "", ROUBLES)
    except AmountError as wrong:
        raise InvalidPaymentError(errors=[FieldError(("amount",), wrong.message, wrong.params)]) from wrong
    if not minor:
        raise InvalidPaymentError(errors=[FieldError(("amount",), NO_AMOUNT)])
    return MoneyInput(amount=minor, currency=ROUBLES)


def _payout(form: FormData) -> PayoutCreate:
    """Return the typed withdrawal.

    Raises:
        InvalidPaymentError: Its amount, card or kind is invalid.
    """
    content = {"money": _amount(form).model_dump(), "kind": form.get("kind"), "card": form.get("card")}
    try:
        return PayoutCreate.model_validate(content)
    except ValidationError as wrong:
        raise InvalidPaymentError(errors=field_errors([dict(each) for each in wrong.errors()])) from wrong


def _moved(error: DomainError) -> DomainError | list[FieldError]:
    """Assign the errors of a command to the fields of the form."""
    moved = [
        FieldError(("amount",) if "money" in each.loc else (each.loc[-1],), each.message, each.params)
        for each in error.errors
    ]
    return moved or error


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _opening_refresh(payment: PaymentRead) -> str:
    """Return what leads to the provider: a redirect in answer to a form may not leave the site."""
    return f"0;url={payment.page_url}" if payment.page_url else SOON


def _payment(payment: PaymentRead, refundable: Money | None = None) -> dict[str, Any]:
    words, tone, following = PAYMENT_STATES[payment.state]
    if payment.state is PaymentState.OPEN and payment.page_url is None:
        following = PERSON if payment.progress is OperationState.NEEDS_PERSON else CHECKING
    if payment.state is PaymentState.PAID and payment.purpose_url:
        following = HELD
    return {
        "it": payment,
        "badge": (_(words), tone),
        "next": payment.reason or _(following),
        "refundable": refundable,
        "cancelable": payment.state is PaymentState.OPEN
        and payment.progress in {OperationState.TO_SEND, OperationState.PENDING},
    }


def _listed(
    request: Request, which: str, rows: list[dict[str, Any]], following: str | None, cursor: str | None
) -> Response:
    start = f"/wallet/{which}"
    context = {
        "which": which,
        "rows": rows,
        "older": f"{start}?cursor={following}" if following else None,
        "newer": start if cursor else None,
    }
    return render(request, "payments/list.html", context)


def _fee_text(settings: Settings) -> str:
    """Return what a withdrawal costs, in words."""
    if not settings.withdrawal_fee_bp and not settings.withdrawal_fee_minimum:
        return _("A withdrawal costs nothing.")
    least = money(Money(settings.withdrawal_fee_minimum, ROUBLES))
    if not settings.withdrawal_fee_bp:
        return _("The fee is {least}, on top of the amount.").format(least=least)
    percent = number(Decimal(settings.withdrawal_fee_bp).scaleb(-2).normalize())
    return _("The fee is {percent}% on top of the amount, at least {least}.").format(percent=percent, least=least)


def _withdrawal(needs: PayoutRequirements) -> FormState:
    """Return the form, with the status that the actor's legal details give."""
    return FormState.start(kind=PayoutKind.CARD if needs.missing else PayoutKind.SELF_EMPLOYED)


def _needs(needs: PayoutRequirements, settings: Settings) -> dict[str, Any]:
    bounds = None
    if needs.minimum is not None and needs.maximum is not None:
        least, most, wallet = money(needs.minimum), money(needs.maximum), money(needs.available)
        bounds = _("You have {wallet}. At least {least}; more than {most} arrives in several parts.").format(
            wallet=wallet, least=least, most=most
        )
    return {
        "missing": needs.missing,
        "permission_url": needs.permission_url,
        "bounds": bounds,
        "fee": _fee_text(settings),
    }

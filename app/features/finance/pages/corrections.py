"""Pages on which one person proposes a correction of the ledger and another one decides."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.responses import Response

from app.core.errors import DomainError, FieldError
from app.core.http.dependencies import FeatureRouter, PostedForm, ProcessResources, ReadSession, Uow
from app.core.http.problem_details import field_errors
from app.core.http.request_keys import OnceRequired
from app.core.i18n import _
from app.core.money import Currency, Money, MoneyInput, typed_amount
from app.core.text.amounts import AmountError
from app.features.authentication import service as authentication
from app.features.authentication.dependencies import CurrentSession, FinanceActor
from app.features.finance import service
from app.features.finance.errors import InvalidCorrectionError
from app.features.finance.presenters import ACCOUNT_NAMES, CORRECTION_NAMES, EXPIRED, REASON_NAMES, STATE_NAMES
from app.features.finance.schemas import CorrectionCreate, CorrectionDecision, CorrectionRead
from app.features.payments.dependencies import RecentPassword
from app.models import AccountKind, CorrectionState
from app.web.flash import redirect
from app.web.formatting import money
from app.web.forms import FormState
from app.web.templating import render

router = FeatureRouter(prefix="/finance/corrections")
PAGE = 20
UNLOCK = "/wallet/unlock?then=corrections"
ACCOUNTS = (AccountKind.SUSPENSE, AccountKind.LOSS, AccountKind.CLAIM, AccountKind.OTHER_INCOME)


@router.get("")
async def list_corrections(
    request: Request,
    actor: FinanceActor,
    session: ReadSession,
    cursor: Annotated[str | None, Query(max_length=300)] = None,
) -> Response:
    """List the corrections, the newest first."""
    page = await service.list_corrections(session, actor, cursor, PAGE)
    context = {
        "rows": [_shown(each) for each in page.items],
        "older": f"/finance/corrections?cursor={page.next_cursor}" if page.next_cursor else None,
        "newer": "/finance/corrections" if cursor else None,
    }
    return render(request, "finance/corrections.html", context)


@router.get("/new")
async def correction_form(
    request: Request,
    _actor: FinanceActor,
    view: CurrentSession,
    resources: ProcessResources,
    reverses: Annotated[str, Query(max_length=36)] = "",
) -> Response:
    """Ask for the password if it was not entered recently, then for the correction."""
    if not authentication.has_recent_password(resources, view):
        return redirect(UNLOCK)
    start = FormState.start(kind="reversal" if reverses else "correction", reverses=reverses or None, currency="RUB")
    return _form(request, start)


@router.post("/new")
async def propose(
    request: Request, actor: FinanceActor, _password: RecentPassword, form: PostedForm, uow: Uow, once: OnceRequired
) -> Response:
    """Propose a correction and lead to its page."""

    async def make() -> UUID:
        return (await service.propose(uow, actor, _command(form))).id

    made = await uow.attempt(make())
    if isinstance(made, DomainError):
        return _form(request, FormState.posted(form, _moved(made)), 422)
    return once.led_to(redirect(f"/finance/corrections/{made}"))


@router.get("/{correction_id}")
async def show_correction(
    request: Request,
    correction_id: UUID,
    actor: FinanceActor,
    view: CurrentSession,
    resources: ProcessResources,
    session: ReadSession,
) -> Response:
    """Show a correction with who has proposed it, why, what proves it, and who decided."""
    found = await service.get_correction(session, actor, correction_id)
    proven = authentication.has_recent_password(resources, view)
    context = {"shown": _shown(found), "f": FormState.start(), "proven": proven, "unlock": UNLOCK}
    return render(request, "finance/correction.html", context)


@router.post("/{correction_id}/approve")
async def approve(
    correction_id: UUID, actor: FinanceActor, _password: RecentPassword, form: PostedForm, uow: Uow, once: OnceRequired
) -> Response:
    """Approve a correction of somebody else."""
    await service.approve(uow, actor, correction_id, _note(form))
    return once.led_to(
        redirect(f"/finance/corrections/{correction_id}", _("The correction is recorded in the ledger."))
    )


@router.post("/{correction_id}/refuse")
async def refuse(correction_id: UUID, actor: FinanceActor, form: PostedForm, uow: Uow, once: OnceRequired) -> Response:
    """Refuse a correction of somebody else, or withdraw one's own."""
    await service.refuse(uow, actor, correction_id, _note(form))
    return once.led_to(redirect(f"/finance/corrections/{correction_id}", _("Nothing was recorded in the ledger.")))


def _form(request: Request, state: FormState, status: int = 200) -> Response:
    context = {
        "f": state,
        "kinds": [(kind.value, _(name)) for kind, name in CORRECTION_NAMES.items()],
        "accounts": [(kind.value, _(ACCOUNT_NAMES[kind])) for kind in ACCOUNTS],
        "reasons": [(reason.value, _(name)) for reason, name in REASON_NAMES.items()],
        "currencies": [(currency.value, currency.value) for currency in Currency],
    }
    return render(request, "finance/correction_form.html", context, status)


def _command(form: FormData) -> CorrectionCreate:
    """Return the typed correction.

    Raises:
        InvalidCorrectionError: A field is invalid.
    """
    names = ("kind", "reverses", "debit", "credit", "username", "contract_id", "reason", "explanation", "evidence")
    typed = {name: value for name in names if isinstance(value := form.get(name), str) and value.strip()}
    content = typed | {"money": sum_.model_dump() if (sum_ := _money(form)) else None}
    try:
        return CorrectionCreate.model_validate(content)
    except ValidationError as wrong:
        raise InvalidCorrectionError(errors=field_errors([dict(each) for each in wrong.errors()])) from wrong


def _money(form: FormData) -> MoneyInput | None:
    """Return the typed amount; None where none was typed.

    Raises:
        InvalidCorrectionError: It is not an amount.
    """
    typed, code = form.get("amount"), form.get("currency")
    if not isinstance(typed, str) or not typed.strip():
        return None
    currency = Currency(code) if code in set(Currency) else Currency.RUB
    try:
        minor = typed_amount(typed, currency)
    except AmountError as wrong:
        raise InvalidCorrectionError(errors=[FieldError(("amount",), wrong.message, wrong.params)]) from wrong
    return MoneyInput(amount=minor, currency=currency) if minor else None


def _moved(error: DomainError) -> DomainError | list[FieldError]:
    """Assign the errors of a command to the fields of the form."""
    moved = [
        FieldError(("amount",) if "money" in each.loc else (each.loc[-1],), each.message, each.params)
        for each in error.errors
    ]
    return moved or error


def _note(form: FormData) -> str:
    note = form.get("note")
    return CorrectionDecision(note=(note if isinstance(note, str) else "")[:2000]).note


def _shown(each: CorrectionRead) -> dict[str, Any]:
    words, tone = (EXPIRED, "warn") if each.expired else STATE_NAMES[each.state]
    is_open = each.state is CorrectionState.PROPOSED and not each.expired
    return {
        "it": each,
        "name": _(CORRECTION_NAMES[each.kind]),
        "reason": _(REASON_NAMES[each.reason]),
        "amount": money(Money(each.amount, each.currency)),
        "badge": (_(words), tone),
        "debit": _(ACCOUNT_NAMES[each.debit]) if each.debit else "",
        "credit": _(ACCOUNT_NAMES[each.credit]) if each.credit else "",
        "is_open": is_open,
        "can_approve": is_open and each.may_approve and not each.is_own,
        "can_withdraw": is_open and each.is_own,
    }

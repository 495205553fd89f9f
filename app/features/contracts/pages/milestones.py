"""Actions on a milestone: buttons, and forms with a page of their own."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData
from starlette.responses import Response

from app.core.actor import Actor
from app.core.errors import ConflictError, DomainError, FieldError, InvalidError
from app.core.http.dependencies import FeatureRouter, PostedForm, ReadSession, Uow
from app.core.http.problem_details import field_errors
from app.core.http.request_keys import OnceRequired
from app.core.i18n import N_, _
from app.core.money import Currency, typed_amount
from app.core.text.amounts import AmountError
from app.core.text.whole_numbers import read_whole
from app.core.unit_of_work import UnitOfWork
from app.features.authentication.dependencies import CurrentActor
from app.features.contracts import service
from app.features.contracts.dependencies import SubmittableMilestone
from app.features.contracts.errors import InvalidSubmissionError, MilestoneNotFoundError
from app.features.contracts.pages.workspace import amounts_in
from app.features.contracts.schemas import (
    BonusPay,
    ChangesRequest,
    ContractRead,
    MilestoneAccept,
    MilestoneRead,
    RefundAnswer,
    RefundAsk,
    SubmissionCreate,
)
from app.features.files.dependencies import SubmissionFiles
from app.features.payments.presenters import opening_page
from app.web.flash import redirect
from app.web.forms import FormState
from app.web.templating import render

router = FeatureRouter()
ONE = "/contracts/{contract_id}/milestones/{milestone_id}"
UNREAD = 0
"""The version of a form that does not say what its reader has seen: it is never the current one."""


NEVER = 2**31
"""The same where a version must be positive."""


class Step(StrEnum):
    """Actions that need nothing but a button."""

    FUND = "fund"
    START = "start"
    ACCEPT = "accept"
    WITHDRAW_REFUND = "withdraw_refund"
    AGREE_REFUND = "agree_refund"
    REFUSE_REFUND = "refuse_refund"
    RETURN_MONEY = "return_money"


class Form(StrEnum):
    """Actions with a form."""

    CHANGES = "changes"
    PART = "part"
    REFUND = "refund"
    BONUS = "bonus"


@dataclass(frozen=True, slots=True)
class Wording:
    """What a form is called, and what is said once it was sent."""

    title: str
    button: str
    done: str


WORDINGS: dict[Form, Wording] = {
    Form.CHANGES: Wording(
        N_("Request changes"), N_("Send the list"), N_("{other} sees what should be changed. The review time ends.")
    ),
    Form.PART: Wording(N_("Accept a part"), N_("Accept and release"), N_("The part is accepted.")),
    Form.REFUND: Wording(N_("Ask for a refund"), N_("Ask for a refund"), N_("{other} is asked to agree.")),
    Form.BONUS: Wording(N_("Pay a bonus"), N_("Pay"), N_("The bonus is paid.")),
}


def _answer(*, agree: bool) -> Callable[[UnitOfWork, Actor, UUID, int], Awaitable[object]]:
    def act(uow: UnitOfWork, actor: Actor, key: UUID, version: int) -> Awaitable[object]:
        return service.answer_refund(uow, actor, key, RefundAnswer(version=version or NEVER, agree=agree))

    return act


STEPS: dict[Step, tuple[Callable[[UnitOfWork, Actor, UUID, int], Awaitable[object]], str]] = {
    Step.FUND: (service.fund_milestone, N_("The milestone is paid in. The money is held.")),
    Step.START: (service.start_milestone, N_("Work on the milestone has begun.")),
    Step.ACCEPT: (service.accept_milestone, N_("The work is accepted and paid.")),
    Step.WITHDRAW_REFUND: (service.withdraw_refund, N_("The refund request is withdrawn.")),
    Step.AGREE_REFUND: (_answer(agree=True), N_("The money goes back.")),
    Step.REFUSE_REFUND: (_answer(agree=False), N_("The refund is refused. Work goes on.")),
    Step.RETURN_MONEY: (service.return_money, N_("The money is returned to the client.")),
}


@router.get("/milestones/{milestone_id}")
async def find_milestone(milestone_id: UUID, actor: CurrentActor, session: ReadSession) -> Response:
    """Lead to a milestone on the page of its contract."""
    contract_id, number = await service.find_milestone(session, actor, milestone_id)
    return redirect(f"/contracts/{contract_id}#milestone-{number}")


@router.get(f"{ONE}/forms/{{form}}")
async def show_form(
    request: Request, contract_id: UUID, milestone_id: UUID, form: Form, actor: CurrentActor, session: ReadSession
) -> Response:
    """Show the form of an action."""
    return await _page(request, session, actor, contract_id, milestone_id, form, FormState())


@router.post(f"{ONE}/forms/{{form}}")
async def send_form(  # noqa: PLR0913, PLR0917 - each is parsed by its own dependency
    request: Request,
    contract_id: UUID,
    milestone_id: UUID,
    form: Form,
    actor: CurrentActor,
    posted: PostedForm,
    uow: Uow,
    once: OnceRequired,
) -> Response:
    """Do what a form asks for, or show it again with its errors."""

    async def act() -> object:
        contract, _milestone = await _find(uow, actor, contract_id, milestone_id)
        return await _ACTS[form](uow, actor, milestone_id, posted, contract.currency)

    done = await uow.attempt(act(), ConflictError, InvalidError)
    if isinstance(done, InvalidError):
        state = FormState.posted(posted, _at_fields(done, "line"))
        return await _page(request, uow.session, actor, contract_id, milestone_id, form, state)
    address = f"/contracts/{contract_id}"
    if isinstance(done, DomainError):
        return redirect(address, done.text(), "warn")
    return once.led_to(redirect(address, _(WORDINGS[form].done).format(other=_("The freelancer"))))


@router.get(f"{ONE}/submit")
async def submit_form(
    request: Request, contract_id: UUID, milestone_id: UUID, actor: CurrentActor, session: ReadSession
) -> Response:
    """Show the form that submits work."""
    return await _submit_page(request, session, actor, contract_id, milestone_id, FormState())


@router.post(f"{ONE}/submit")
async def submit_work(  # noqa: PLR0913, PLR0917 - each is parsed by its own dependency
    request: Request,
    contract_id: UUID,
    milestone_id: UUID,
    actor: CurrentActor,
    form: PostedForm,
    _submittable: SubmittableMilestone,
    sent: SubmissionFiles,
    uow: Uow,
) -> Response:
    """Submit work, or show the form again with its errors."""

    async def submit() -> object:
        _contract, milestone = await _find(uow, actor, contract_id, milestone_id)
        answers: list[dict[str, Any]] = [
            {"text": str(form.get(f"answer-{line}") or "")} for line in range(len(milestone.checklist))
        ]
        line = read_whole(form.get("files_line")) or 0
        if sent.ids and line < len(answers):
            answers[line]["files"] = [str(file_id) for file_id in sent.ids]
        values = {"version": _version(form), "note": str(form.get("note") or ""), "answers": answers}
        return await service.submit_work(uow, actor, milestone_id, _command(SubmissionCreate, values))

    done = await uow.attempt(submit(), ConflictError, InvalidError)
    if isinstance(done, InvalidError):
        state = FormState.posted(form, _at_fields(done, "answer"))
        return await _submit_page(request, uow.session, actor, contract_id, milestone_id, state)
    address = f"/contracts/{contract_id}"
    if isinstance(done, DomainError):
        return redirect(address, done.text(), "warn")
    return redirect(address, _("The work is submitted. The client is notified."))


@router.post(f"{ONE}/pay")
async def pay_milestone(
    contract_id: UUID, milestone_id: UUID, actor: CurrentActor, form: PostedForm, uow: Uow, once: OnceRequired
) -> Response:
    """Begin a payment by card, and lead to its page."""
    done = await uow.attempt(service.pay_milestone(uow, actor, milestone_id, _version(form)), ConflictError)
    if isinstance(done, DomainError):
        return redirect(f"/contracts/{contract_id}", done.text(), "warn")
    return once.led_to(redirect(opening_page(done.id)))


@router.post(f"{ONE}/{{step}}")
async def move_milestone(  # noqa: PLR0913, PLR0917 - each is parsed by its own dependency
    contract_id: UUID,
    milestone_id: UUID,
    step: Step,
    actor: CurrentActor,
    form: PostedForm,
    uow: Uow,
    once: OnceRequired,
) -> Response:
    """Do what a button says."""
    act, said = STEPS[step]
    version = read_whole(form.get("version")) or UNREAD
    address = f"/contracts/{contract_id}"
    done = await uow.attempt(act(uow, actor, milestone_id, version), ConflictError)
    if isinstance(done, DomainError):
        return redirect(address, done.text(), "warn")
    return once.led_to(redirect(address, _(said)))


async def _find(
    uow: UnitOfWork, actor: Actor, contract_id: UUID, milestone_id: UUID
) -> tuple[ContractRead, MilestoneRead]:
    return _milestone_in(await service.get_contract(uow.session, actor, contract_id), milestone_id)


def _milestone_in(contract: ContractRead, milestone_id: UUID) -> tuple[ContractRead, MilestoneRead]:
    milestones = contract.deal.milestones if contract.deal is not None else []
    found = next((it for it in milestones if it.id == milestone_id), None)
    if found is None:
        raise MilestoneNotFoundError
    return contract, found


async def _page(  # noqa: PLR0913, PLR0917 - what the page depends on
    request: Request,
    session: ReadSession,
    actor: Actor,
    contract_id: UUID,
    milestone_id: UUID,
    form: Form,
    state: FormState,
) -> Response:
    contract, milestone = _milestone_in(await service.get_contract(session, actor, contract_id), milestone_id)
    wording = WORDINGS[form]
    context = {
        "contract": contract,
        "it": milestone,
        "form_name": form.value,
        "title": _(wording.title),
        "button_text": _(wording.button),
        "f": state,
        "amount": amounts_in(contract.currency),
    }
    return render(request, "contracts/form.html", context, 422 if state.has_errors else 200)


async def _submit_page(
    request: Request, session: ReadSession, actor: Actor, contract_id: UUID, milestone_id: UUID, state: FormState
) -> Response:
    contract, milestone = _milestone_in(await service.get_contract(session, actor, contract_id), milestone_id)
    lines = [(str(place), line) for place, line in enumerate(milestone.checklist)]
    context = {"contract": contract, "it": milestone, "lines": lines, "f": state}
    return render(request, "contracts/submit.html", context, 422 if state.has_errors else 200)


def _at_fields(error: InvalidError, prefix: str) -> list[FieldError] | InvalidError:
    """Return the errors at the fields of a form, which has one for each line of the checklist."""
    found: list[FieldError] = []
    for fault in error.errors:
        name, *rest = [part for part in fault.loc if part != "body"]
        line = rest[0] if rest and name in ("answers", "lines") else None
        found.append(FieldError((name if line is None else f"{prefix}-{line}",), fault.message, fault.params))
    return found or error


def _version(form: FormData) -> int:
    return read_whole(form.get("version")) or UNREAD


def _command[C: BaseModel](schema: type[C], values: dict[str, Any]) -> C:
    """Return the values of a form as a command.

    Raises:
        InvalidSubmissionError: A value is not what its field takes.
    """
    try:
        return schema.model_validate(values | {"version": values["version"] or NEVER})
    except ValidationError as wrong:
        raise InvalidSubmissionError(errors=field_errors([dict(error) for error in wrong.errors()])) from wrong


def _amount(form: FormData, currency: Currency) -> int | None:
    """Return a typed amount in minor units.

    Raises:
        InvalidSubmissionError: It is not an amount.
    """
    typed = str(form.get("amount") or "").strip()
    try:
        return typed_amount(typed, currency) if typed else None
    except AmountError as wrong:
        raise InvalidSubmissionError(errors=[wrong.at("amount")]) from wrong


async def _request_changes(uow: UnitOfWork, actor: Actor, key: UUID, form: FormData, _currency: Currency) -> object:
    lines = [
        {"line": place, "text": text.strip()}
        for place in range(len(form))
        if isinstance(text := form.get(f"line-{place}"), str) and text.strip()
    ]
    values = {"version": _version(form), "note": str(form.get("note") or ""), "lines": lines}
    return await service.request_changes(uow, actor, key, _command(ChangesRequest, values))


async def _accept_part(uow: UnitOfWork, actor: Actor, key: UUID, form: FormData, currency: Currency) -> object:
    chosen = [place for value in form.getlist("lines") if (place := read_whole(value)) is not None]
    amount = _amount(form, currency)
    values = {"version": _version(form), "amount": amount, "lines": chosen or (None if amount else [])}
    command = _command(MilestoneAccept, values)
    return await service.accept_milestone(uow, actor, key, command.version, amount=command.amount, lines=command.lines)


async def _ask_refund(uow: UnitOfWork, actor: Actor, key: UUID, form: FormData, currency: Currency) -> object:
    values = {
        "version": _version(form),
        "amount": _amount(form, currency),
        "reason": str(form.get("reason") or ""),
    }
    return await service.ask_refund(uow, actor, key, _command(RefundAsk, values))


async def _pay_bonus(uow: UnitOfWork, actor: Actor, key: UUID, form: FormData, currency: Currency) -> object:
    command = _command(BonusPay, {"version": _version(form), "amount": _amount(form, currency)})
    return await service.pay_bonus(uow, actor, key, command.amount, command.version)


_ACTS: dict[Form, Callable[[UnitOfWork, Actor, UUID, FormData, Currency], Awaitable[object]]] = {
    Form.CHANGES: _request_changes,
    Form.PART: _accept_part,
    Form.REFUND: _ask_refund,
    Form.BONUS: _pay_bonus,
}

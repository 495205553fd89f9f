"""Pages that propose a change of the work, and answer one."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from fastapi import Request
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.responses import Response

from app.core.actor import Actor
from app.core.errors import ConflictError, DomainError, InvalidError
from app.core.http.dependencies import FeatureRouter, PostedForm, ReadSession, Uow
from app.core.http.problem_details import field_errors
from app.core.http.request_keys import OnceRequired
from app.core.i18n import N_, _
from app.core.money import Currency, amount_as_typed, typed_amount
from app.core.text.amounts import AmountError
from app.core.text.whole_numbers import read_whole_or_text
from app.features.authentication.dependencies import CurrentActor
from app.features.contracts import service
from app.features.contracts.errors import InvalidChangeOrderError
from app.features.contracts.schemas import ChangeOrderCreate, ContractRead
from app.web.flash import redirect
from app.web.forms import FormState
from app.web.templating import render

router = FeatureRouter()


class Answer(StrEnum):
    """Answers to a proposed change, as the last part of their addresses."""

    SIGN = "sign"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


SAID = {
    Answer.SIGN: N_("The change is signed by both sides and holds now."),
    Answer.REFUSE: N_("The change is refused. Everything stays as it was agreed."),
    Answer.WITHDRAW: N_("The change is withdrawn."),
}


@router.get("/contracts/{contract_id}/change")
async def change_form(request: Request, contract_id: UUID, actor: CurrentActor, session: ReadSession) -> Response:
    """Show the form for a change of a milestone, or for a new one."""
    contract = await service.get_contract(session, actor, contract_id)
    chosen = request.query_params.get("milestone")
    known = next((it for it in _milestones(contract) if str(it.id) == chosen), None)
    state = FormState()
    if known is not None:
        state = FormState.start(
            milestone=str(known.id),
            title=known.title,
            amount=amount_as_typed(known.amount, contract.currency),
            days=known.days,
            checklist="\n".join(known.checklist),
        )
    return _page(request, contract, state)


@router.post("/contracts/{contract_id}/change")
async def propose_change(
    request: Request, contract_id: UUID, actor: CurrentActor, form: PostedForm, uow: Uow
) -> Response:
    """Propose a change, or show the form again with its errors."""

    async def propose() -> object:
        contract = await service.get_contract(uow.session, actor, contract_id)
        command = _read(form, contract.currency)
        return await service.propose_change(uow, actor, contract_id, command)

    done = await uow.attempt(propose(), ConflictError, InvalidError)
    if isinstance(done, InvalidError):
        contract = await service.get_contract(uow.session, actor, contract_id)
        return _page(request, contract, FormState.posted(form, _flat(done)))
    if isinstance(done, DomainError):
        return redirect(f"/contracts/{contract_id}", done.text(), "warn")
    return redirect(
        f"/contracts/{contract_id}", _("The change is proposed. It holds once the other side has signed it.")
    )


@router.post("/contracts/{contract_id}/changes/{change_order_id}/{answer}")
async def answer_change(
    contract_id: UUID,
    change_order_id: UUID,
    answer: Answer,
    actor: CurrentActor,
    _form: PostedForm,
    uow: Uow,
    once: OnceRequired,
) -> Response:
    """Sign, refuse or withdraw a change."""
    done = await uow.attempt(_decide(uow, actor, change_order_id, answer), ConflictError, InvalidError)
    address = f"/contracts/{contract_id}"
    if isinstance(done, DomainError):
        return redirect(address, done.text(), "warn")
    return once.led_to(redirect(address, _(SAID[answer])))


async def _decide(uow: Uow, actor: Actor, change_order_id: UUID, answer: Answer) -> object:
    if answer is Answer.WITHDRAW:
        return await service.withdraw_change(uow, actor, change_order_id)
    return await service.answer_change(uow, actor, change_order_id, agree=answer is Answer.SIGN)


def _milestones(contract: ContractRead) -> list[Any]:
    return list(contract.deal.milestones) if contract.deal is not None else []


def _page(request: Request, contract: ContractRead, state: FormState) -> Response:
    options = [(str(it.id), f"{it.number}. {it.title}") for it in _milestones(contract)]
    context = {"contract": contract, "options": options, "f": state}
    return render(request, "contracts/change.html", context, 422 if state.has_errors else 200)


def _read(form: FormData, currency: Currency) -> ChangeOrderCreate:
    """Return the form as a command.

    Raises:
        InvalidChangeOrderError: A value is not what its field takes.
    """
    try:
        amount = typed_amount(_text(form, "amount"), currency)
    except AmountError as wrong:
        raise InvalidChangeOrderError(errors=[wrong.at("amount")]) from wrong
    change = {
        "id": form.get("milestone") or None,
        "title": _text(form, "title"),
        "amount": amount,
        "days": read_whole_or_text(form.get("days")),
        "checklist": [line for line in _text(form, "checklist").splitlines() if line.strip()],
    }
    try:
        return ChangeOrderCreate.model_validate({"note": _text(form, "note"), "changes": [change]})
    except ValidationError as wrong:
        raise InvalidChangeOrderError(errors=field_errors([dict(error) for error in wrong.errors()])) from wrong


def _text(form: FormData, name: str) -> str:
    return str(form.get(name) or "")


def _flat(error: InvalidError) -> InvalidError:
    """Return the errors at the fields of the form, which has one change."""
    names = {"id": "milestone"}
    found = []
    for fault in error.errors:
        parts = [str(part) for part in fault.loc if not isinstance(part, int) and part not in ("body", "changes")]
        name = parts[0] if parts else "milestone"
        found.append(type(fault)((names.get(name, name),), fault.message, fault.params))
    return InvalidChangeOrderError(errors=found)

"""The list of contracts, the page of one contract, and the actions on it as a whole."""

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from app.core.errors import ConflictError, DomainError
from app.core.http.dependencies import FeatureRouter, ReadSession, Uow
from app.core.i18n import N_, _
from app.core.money import Currency, Money
from app.features.authentication.dependencies import CurrentActor
from app.features.contracts import service
from app.features.contracts.schemas import ContractRead
from app.models import DealStatus, MilestoneStatus
from app.web.flash import redirect
from app.web.formatting import money
from app.web.templating import render

router = FeatureRouter()
PAGE_SIZE = 20
TONES: dict[MilestoneStatus, str] = {
    MilestoneStatus.FUNDED: "note",
    MilestoneStatus.IN_WORK: "note",
    MilestoneStatus.SUBMITTED: "warn",
    MilestoneStatus.REVISION: "warn",
    MilestoneStatus.REFUND_REQUESTED: "warn",
    MilestoneStatus.ACCEPTED: "good",
}
DEAL_TONES: dict[DealStatus, str] = {
    DealStatus.AWAITING_FUNDING: "warn",
    DealStatus.ACTIVE: "note",
    DealStatus.PAUSED: "warn",
    DealStatus.CLOSED: "good",
}
WAITING: dict[tuple[str, str], str] = {
    ("customer", "planned"): N_("Pay this milestone in. {other} gets the money only after you accept the work."),
    ("customer", "funding"): N_("Your payment has not arrived yet. Go on with it, or cancel it on its page."),
    ("customer", "funded"): N_(
        "The money is held, and {other} can start. Nothing happens by itself: until work is submitted you can ask for "
        "a refund."
    ),
    ("customer", "in_work"): N_(
        "{other} is working on it. The money is held until you accept the work; until it is submitted you can ask for "
        "a refund."
    ),
    ("customer", "submitted"): N_("Check the submitted work. Accept it, or request changes."),
    ("customer", "revision"): N_("{other} is making the changes that you requested."),
    ("customer", "refund_requested"): N_("{other} has to answer your refund request."),
    ("freelancer", "planned"): N_("{other} has not paid this milestone in yet. Do not start before that."),
    ("freelancer", "funding"): N_("The payment of {other} has not arrived yet. Do not start before that."),
    ("freelancer", "funded"): N_("The money is held for you. Press “Start work” when you begin."),
    ("freelancer", "in_work"): N_("When the work is done, submit it with an answer to each line of the checklist."),
    ("freelancer", "submitted"): N_("{other} is checking your work. The money is held meanwhile."),
    ("freelancer", "revision"): N_("Make the requested changes, then submit the work again."),
    ("freelancer", "refund_requested"): N_("{other} asks for money back. Agree, refuse, or submit the work."),
}
"""What a side has to do in each state of a milestone, or what it waits for."""


class ContractStep(StrEnum):
    """Actions on a whole contract, as the last part of their addresses."""

    PAUSE = "pause"
    RESUME = "resume"
    END = "end"


STEPS = {
    ContractStep.PAUSE: (service.pause_contract, N_("The contract is paused.")),
    ContractStep.RESUME: (service.resume_contract, N_("The contract goes on.")),
    ContractStep.END: (service.end_contract, N_("The contract ends: nothing more is paid in.")),
}


@router.get("/contracts")
async def list_contracts(
    request: Request,
    actor: CurrentActor,
    session: ReadSession,
    cursor: Annotated[str | None, Query(max_length=300)] = None,
) -> Response:
    """Show the reader's contracts, newest first."""
    found = await service.list_contracts(session, actor, PAGE_SIZE, cursor)
    older = f"/contracts?cursor={found.next_cursor}" if found.next_cursor else None
    rows = [(it, money(Money(it.price_amount, it.currency)), money(Money(it.held, it.currency))) for it in found.items]
    return render(request, "contracts/list.html", {"rows": rows, "older": older, "tones": DEAL_TONES})


@router.get("/contracts/{contract_id}")
async def show_contract(request: Request, contract_id: UUID, actor: CurrentActor, session: ReadSession) -> Response:
    """Show a contract: its milestones, what happens next and when, its money and its timeline."""
    contract = await service.get_contract(session, actor, contract_id)
    return render(request, "contracts/show.html", workspace(contract))


@router.post("/contracts/{contract_id}/{step}")
async def move_contract(contract_id: UUID, step: ContractStep, actor: CurrentActor, uow: Uow) -> Response:
    """Pause, resume or end a contract."""
    act, said = STEPS[step]
    done = await uow.attempt(act(uow, actor, contract_id), ConflictError)
    address = f"/contracts/{contract_id}"
    if isinstance(done, DomainError):
        return redirect(address, done.text(), "warn")
    return redirect(address, _(said))


def workspace(contract: ContractRead) -> dict[str, object]:
    """Return what the page of a contract shows."""
    other = contract.freelancer_name if contract.side == "customer" else contract.customer_name
    milestones = contract.deal.milestones if contract.deal is not None else []
    return {
        "contract": contract,
        "other": other,
        "amount": amounts_in(contract.currency),
        "tones": TONES,
        "deal_tones": DEAL_TONES,
        "in_review": sum(it.held for it in milestones if it.status is MilestoneStatus.SUBMITTED),
        "waiting": {
            it.id: _(WAITING[contract.side, it.status]).format(other=other)
            for it in milestones
            if (contract.side, it.status) in WAITING
        },
    }


def amounts_in(currency: Currency) -> Callable[[int], str]:
    """Return what formats minor units of a currency."""

    def formatted(minor: int) -> str:
        return money(Money(minor, currency))

    return formatted

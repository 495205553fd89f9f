"""The page of one order with its proposals, and every step of both sides; each decision has a page that names it."""

from datetime import UTC, datetime, time
from typing import Annotated, Any
from urllib.parse import quote, urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from app.core.actor import Actor
from app.core.errors import FieldError, InvalidError
from app.core.http import ProcessResources, ReadSession, Uow
from app.core.i18n import N_, _, current_locale
from app.core.money import Currency, amount_as_typed, typed_amount
from app.core.problems import field_errors
from app.core.resources import Resources
from app.features.catalog import service as catalog
from app.features.identity.access import CurrentActor, OptionalActor
from app.features.orders import service as orders
from app.features.orders.schemas import KIND_WORDS, OrderRead
from app.features.orders.schemas import STATUS_WORDS as ORDER_WORDS
from app.features.proposals import service
from app.features.proposals.errors import InvalidProposalError, ProposalChangedError
from app.features.proposals.schemas import (
    CUSTOMER_REASONS,
    ProposalCreate,
    ProposalDecline,
    ProposalPatch,
    ProposalRead,
)
from app.models import DeclineReason, OrderStatus, ProposalStatus
from app.web.cards import budget_words
from app.web.flash import redirect
from app.web.formats import ago, day, exact, number
from app.web.forms import FormState
from app.web.render import render

router = APIRouter()
PAGE_SIZE = 20
LONGEST_NUMBER = 9
STATUS_WORDS: dict[ProposalStatus, tuple[str, str]] = {
    ProposalStatus.SENT: (N_("Waiting for a decision"), "note"),
    ProposalStatus.ACCEPTED: (N_("Chosen"), "good"),
    ProposalStatus.DECLINED: (N_("Declined"), ""),
    ProposalStatus.WITHDRAWN: (N_("Withdrawn"), ""),
}
REASON_WORDS: dict[DeclineReason, str] = {
    DeclineReason.PRICE: N_("The price does not fit"),
    DeclineReason.TERM: N_("The term does not fit"),
    DeclineReason.EXPERIENCE: N_("Other experience is needed"),
    DeclineReason.LETTER: N_("The letter does not answer the task"),
    DeclineReason.OTHER: N_("Another reason"),
    DeclineReason.ANOTHER_CHOSEN: N_("Another freelancer was chosen"),
    DeclineReason.ORDER_CANCELLED: N_("The customer closed the order"),
    DeclineReason.ORDER_EXPIRED: N_("The order expired without a choice"),
}


@router.get("/orders/{order_id}")
async def show_order(
    request: Request,
    order_id: UUID,
    actor: OptionalActor,
    session: ReadSession,
    resources: ProcessResources,
) -> Response:
    """Show an order: to its customer with the proposals, to a freelancer with their own or the form for one."""
    return await _order_page(request, session, resources, actor, order_id, FormState())


@router.get("/orders/{order_id}/proposals")
async def order_proposals_elsewhere(order_id: UUID, _actor: OptionalActor) -> Response:
    """Lead to the page that shows them."""
    return RedirectResponse(f"/orders/{order_id}#proposals", status_code=303)


@router.post("/orders/{order_id}/proposals")
async def send_proposal(request: Request, order_id: UUID, actor: CurrentActor, uow: Uow) -> Response:
    """Send a proposal, or show the form again with what is wrong."""
    form = await request.form()
    order = await orders.get_order(uow.session, actor, order_id)
    try:
        async with uow.session.begin_nested():
            await service.send_proposal(uow, actor, order_id, read_form(form, order.currency))
    except InvalidError as error:
        state = FormState.posted(form, error)
        return await _order_page(request, uow.session, uow.resources, actor, order_id, state)
    return redirect(
        f"/orders/{order_id}", _("Your proposal is sent. The customer sees it now."), done=f"proposal-{order_id}"
    )


@router.get("/proposals/mine")
async def own_proposals_elsewhere(_actor: CurrentActor) -> Response:
    """Lead to the page that the site links to."""
    return RedirectResponse("/my/proposals", status_code=308)


@router.get("/my/proposals")
async def list_own_proposals(
    request: Request,
    actor: CurrentActor,
    session: ReadSession,
    cursor: Annotated[str | None, Query(max_length=300)] = None,
) -> Response:
    """Show a freelancer's own proposals in every state."""
    page = await service.list_own_proposals(session, actor, cursor, PAGE_SIZE)
    context = {
        "proposals": [_shown(item) for item in page.items],
        "older": f"/my/proposals?{urlencode({'cursor': page.next_cursor})}" if page.next_cursor else None,
        "newer": "/my/proposals" if cursor else None,
    }
    return render(request, "proposals/mine.html", context)


@router.get("/proposals/{proposal_id}")
async def show_proposal(proposal_id: UUID, actor: CurrentActor, session: ReadSession) -> Response:
    """Lead to the order's page, at this proposal."""
    proposal = await service.get_proposal(session, actor, proposal_id)
    return RedirectResponse(f"/orders/{proposal.order.id}#proposal-{proposal.id}", status_code=303)


@router.get("/proposals/{proposal_id}/edit")
async def edit_proposal_form(
    request: Request, proposal_id: UUID, actor: CurrentActor, session: ReadSession
) -> Response:
    """Show the form with what the proposal says now."""
    proposal = await service.get_proposal(session, actor, proposal_id)
    if "edit" not in proposal.actions:
        return _too_late(proposal)
    start = FormState.start(
        price=amount_as_typed(proposal.price.amount, proposal.price.currency),
        term_days=proposal.term_days,
        letter=proposal.letter,
    )
    return render(request, "proposals/edit.html", {"proposal": proposal, "f": start})


@router.post("/proposals/{proposal_id}/edit")
async def edit_proposal(request: Request, proposal_id: UUID, actor: CurrentActor, uow: Uow) -> Response:
    """Save a changed proposal."""
    form = await request.form()
    proposal = await service.get_proposal(uow.session, actor, proposal_id)
    try:
        async with uow.session.begin_nested():
            given = read_form(form, proposal.price.currency)
            command = ProposalPatch(**given.model_dump(), version=_number(form, "version"))
            await service.edit_proposal(uow, actor, proposal_id, command)
    except (InvalidError, ProposalChangedError) as error:
        context = {"proposal": proposal, "f": FormState.posted(form, error)}
        return render(request, "proposals/edit.html", context, status_code=422)
    return redirect(f"/orders/{proposal.order.id}", _("The changes are saved."), done=f"proposal-{proposal_id}")


@router.get("/proposals/{proposal_id}/withdraw")
async def withdraw_proposal_form(
    request: Request, proposal_id: UUID, actor: CurrentActor, session: ReadSession
) -> Response:
    """Say what withdrawing means."""
    proposal = await service.get_proposal(session, actor, proposal_id)
    if "withdraw" not in proposal.actions:
        return _too_late(proposal)
    return render(request, "proposals/withdraw.html", {"proposal": proposal})


@router.post("/proposals/{proposal_id}/withdraw")
async def withdraw_proposal(proposal_id: UUID, actor: CurrentActor, uow: Uow) -> Response:
    """Take a proposal back."""
    proposal = await service.withdraw_proposal(uow, actor, proposal_id)
    return redirect(f"/orders/{proposal.order_id}", _("Your proposal is withdrawn."))


@router.get("/proposals/{proposal_id}/accept")
async def accept_proposal_form(
    request: Request, proposal_id: UUID, actor: CurrentActor, session: ReadSession
) -> Response:
    """Name what choosing this proposal means, before it happens."""
    proposal = await service.get_proposal(session, actor, proposal_id)
    if "accept" not in proposal.actions:
        return _too_late(proposal)
    others = await service.count_waiting(session, proposal.order.id) - 1
    return render(request, "proposals/accept.html", {"proposal": proposal, "others": others})


@router.post("/proposals/{proposal_id}/accept")
async def accept_proposal(request: Request, proposal_id: UUID, actor: CurrentActor, uow: Uow) -> Response:
    """Choose a proposal."""
    form = await request.form()
    try:
        async with uow.session.begin_nested():
            proposal = await service.accept_proposal(uow, actor, proposal_id, _number(form, "version"))
    except ProposalChangedError as error:
        return redirect(f"/proposals/{proposal_id}/accept", error.text(), "warn")
    return redirect(f"/orders/{proposal.order_id}", _("You have chosen a freelancer. Both sides see it now."))


@router.get("/proposals/{proposal_id}/decline")
async def decline_proposal_form(
    request: Request, proposal_id: UUID, actor: CurrentActor, session: ReadSession
) -> Response:
    """Ask for a reason, which the freelancer will read."""
    proposal = await service.get_proposal(session, actor, proposal_id)
    if "decline" not in proposal.actions:
        return _too_late(proposal)
    start = FormState.start(reason=DeclineReason.OTHER.value)
    return render(request, "proposals/decline.html", {"proposal": proposal, "reasons": _reasons(), "f": start})


@router.post("/proposals/{proposal_id}/decline")
async def decline_proposal(request: Request, proposal_id: UUID, actor: CurrentActor, uow: Uow) -> Response:
    """Say no to a proposal."""
    form = await request.form()
    try:
        command = ProposalDecline.model_validate({"reason": form.get("reason"), "note": form.get("note") or ""})
    except ValidationError as wrong:
        error = InvalidProposalError(errors=field_errors([dict(item) for item in wrong.errors()]))
        proposal = await service.get_proposal(uow.session, actor, proposal_id)
        context = {"proposal": proposal, "reasons": _reasons(), "f": FormState.posted(form, error)}
        return render(request, "proposals/decline.html", context, status_code=422)
    declined = await service.decline_proposal(uow, actor, proposal_id, command)
    return redirect(f"/orders/{declined.order_id}", _("The proposal is declined. The freelancer will be told."))


def read_form(form: FormData, currency: Currency) -> ProposalCreate:
    """Translate the form's fields into the command.

    Raises:
        InvalidProposalError: Some of them cannot be read; all are named at once.
    """
    faults: list[FieldError] = []
    amount = 0
    try:
        amount = typed_amount(str(form.get("price") or ""), currency)
    except ValueError as wrong:
        faults.append(FieldError(("price",), str(wrong)))
    content: dict[str, Any] = {
        "price": {"amount": amount, "currency": currency},
        "term_days": _number(form, "term_days"),
        "letter": str(form.get("letter") or ""),
    }
    try:
        command = ProposalCreate.model_validate(content)
    except ValidationError as wrong:
        faults += field_errors([dict(error) for error in wrong.errors()])
        raise InvalidProposalError(errors=faults) from wrong
    if faults:
        raise InvalidProposalError(errors=faults)
    return command


def _number(form: FormData, name: str) -> int | None:
    text = str(form.get(name) or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else None


def _reasons() -> list[tuple[str, str, None]]:
    return [(reason.value, _(REASON_WORDS[reason]), None) for reason in CUSTOMER_REASONS]


def _too_late(proposal: ProposalRead) -> Response:
    return redirect(f"/orders/{proposal.order.id}", _("This is not possible any more. See where it stands."), "warn")


def _shown(proposal: ProposalRead) -> dict[str, Any]:
    """Return a proposal with its state in words."""
    label, tone = STATUS_WORDS[proposal.status]
    reason = _(REASON_WORDS[proposal.decline_reason]) if proposal.decline_reason else None
    return {"it": proposal, "badge": (_(label), tone), "reason": reason}


async def _order_page(
    request: Request,
    session: ReadSession,
    resources: Resources,
    actor: Actor | None,
    order_id: UUID,
    form: FormState,
) -> Response:
    cursor = request.query_params.get("cursor")
    order = await orders.get_order(session, actor, order_id)
    shown = await orders.present(session, resources, actor, order)
    catalogue = await catalog.read_catalogue(session, resources)
    is_own = actor is not None and actor.id == order.customer_id
    own: list[ProposalRead] = []
    desk: list[ProposalRead] = []
    older = None
    if actor is not None and is_own and order.published_at is not None:
        page = await service.list_order_proposals(session, actor, order_id, cursor, PAGE_SIZE)
        desk = page.items
        older = f"/orders/{order_id}?{urlencode({'cursor': page.next_cursor})}#proposals" if page.next_cursor else None
    elif actor is not None and not is_own:
        own = await service.own_proposals_for(session, actor, order_id)
    label, tone = ORDER_WORDS[order.status]
    live = next((item for item in own if item.status in (ProposalStatus.SENT, ProposalStatus.ACCEPTED)), None)
    refused = any(item.decline_reason in CUSTOMER_REASONS for item in own)
    context = {
        "order": shown,
        "budget": budget_words(shown.budget_kind, shown.budget, shown.budget_max),
        "badge_words": (_(label), tone),
        "details": _details(shown),
        "skills": _skill_names(shown, catalogue),
        "category": _category_names(shown, catalogue),
        "is_own": is_own,
        "own": [_shown(item) for item in own],
        "desk": [_shown(item) for item in desk],
        "older": older,
        "newer": f"/orders/{order_id}#proposals" if cursor else None,
        "may_propose": "propose" in shown.actions and live is None and not refused,
        "next": _next_step(shown, is_own=is_own, live=live),
        "sign_in": f"/sign-in?next={quote(f'/orders/{order_id}')}",
        "revisions": await orders.list_revisions(session, actor, order_id) if shown.version > 1 else [],
        "currency": order.currency.value,
        "f": form,
    }
    return render(request, "proposals/order.html", context, status_code=422 if form.has_errors else 200)


def _skill_names(order: OrderRead, catalogue: catalog.Catalogue) -> list[str]:
    locale = current_locale()
    return [*(skill.name(locale) for skill in map(catalogue.skill, order.skills) if skill), *order.tags]


def _category_names(order: OrderRead, catalogue: catalog.Catalogue) -> list[tuple[str, str]]:
    """Return the category and what it is a part of, widest first, with the addresses of their lists."""
    found: list[tuple[str, str]] = []
    entry = catalogue.category(order.category) if order.category else None
    while entry:
        found.insert(0, (entry.name(current_locale()), f"/orders?{urlencode({'category': entry.slug})}"))
        entry = catalogue.category_by_id(entry.parent_id)
    return found


def _details(order: OrderRead) -> list[tuple[str, str]]:
    """Return the facts beside an order."""
    found = [(_("Payment"), _(KIND_WORDS[order.budget_kind]))]
    if order.deadline:
        found.append((_("Needed by"), day(datetime.combine(order.deadline, time(), UTC))))
    if order.published_at:
        found.append((_("Published"), ago(order.published_at)))
        found.append((_("Proposals"), number(order.proposals_count)))
    if order.expires_at:
        found.append((_("Open until"), day(order.expires_at)))
    return found


NEXT_FOR_CUSTOMER: dict[OrderStatus, str] = {
    OrderStatus.DRAFT: N_("Nobody but you sees this draft. Publish it, and freelancers can answer."),
    OrderStatus.OPEN: N_("Freelancers answer, and you choose one. If you do nothing until {date}, the order expires."),
    OrderStatus.AWARDED: N_("You have chosen a freelancer. The order takes no more proposals; the others are told."),
    OrderStatus.CANCELLED: N_("The order is closed and takes no more proposals. Those who answered it are told."),
    OrderStatus.EXPIRED: N_("Nobody acted in time, so the order expired. Publish it again if you still need it."),
}
NEXT_FOR_OTHERS: dict[OrderStatus, str] = {
    OrderStatus.OPEN: N_("Send a price, a term and a letter. The customer chooses one; open until {date}."),
    OrderStatus.AWARDED: N_("The customer has chosen a freelancer. The order takes no more proposals."),
    OrderStatus.CANCELLED: N_("The customer has closed the order. It takes no more proposals."),
    OrderStatus.EXPIRED: N_("The customer did not choose in time, so the order expired. It takes no more proposals."),
}
WAITING = N_(
    "The customer reads the proposals and chooses one. If nothing is decided until {date}, the order expires and "
    "your proposal with it."
)
CHOSEN = N_("The customer has chosen you. Both of you see the same price and term on this page.")


def _next_step(order: OrderRead, *, is_own: bool, live: ProposalRead | None) -> str:
    """Return the one sentence that says what happens next."""
    if is_own:
        text = NEXT_FOR_CUSTOMER[order.status]
    elif live and live.status is ProposalStatus.ACCEPTED:
        text = CHOSEN
    elif live and order.status is OrderStatus.OPEN:
        text = WAITING
    else:
        text = NEXT_FOR_OTHERS.get(order.status, "")
    date = exact(order.expires_at) if order.expires_at else ""
    return _(text).format(date=date)

"""Pages of offers: one offer, the forms for an offer and a counter-offer, declining and withdrawing."""

from typing import Any
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData
from starlette.responses import Response

from app.core.actor import Actor
from app.core.errors import DomainError, FieldError, InvalidError
from app.core.http.dependencies import FeatureRouter, PostedForm, ProcessResources, ReadSession, Uow
from app.core.http.problem_details import field_errors
from app.core.http.submissions import Once
from app.core.i18n import N_, _, ngettext
from app.core.money import Currency, Money
from app.core.resources import Resources
from app.core.text.whole_numbers import read_whole_or_text
from app.features.authentication.dependencies import CurrentActor
from app.features.legal import service as legal
from app.features.moderation.service import describe_contacts
from app.features.orders import service as orders
from app.features.profiles import service as profiles
from app.features.proposals import service
from app.features.proposals.errors import (
    InvalidProposalError,
    OfferLapsedError,
    OfferPendingError,
    OfferStateError,
    ProposalChangedError,
)
from app.features.proposals.presenters import (
    form_for_terms,
    milestone_rows,
    read_terms,
    redirect_too_late,
)
from app.features.proposals.schemas import OfferCounter, OfferCreate, OfferDecline, OfferRead, ProposalRead
from app.models import Offer, OfferSide, OfferStatus
from app.web.flash import redirect
from app.web.forms import FormState
from app.web.templating import render

router = FeatureRouter()

ANSWER_CHOICES = (24, 48, 72, 120, 168)
"""Hours to answer an offer, as the form lists them."""
OFFER_STATUS_LABELS: dict[OfferStatus, tuple[str, str]] = {
    OfferStatus.OPEN: (N_("Waits for an answer"), "note"),
    OfferStatus.ACCEPTED: (N_("Agreed"), "good"),
    OfferStatus.DECLINED: (N_("Declined"), ""),
    OfferStatus.COUNTERED: (N_("Answered with other terms"), ""),
    OfferStatus.WITHDRAWN: (N_("Taken back"), ""),
    OfferStatus.LAPSED: (N_("Not answered in time"), ""),
}


@router.get("/proposals/{proposal_id}/offer")
async def offer_form(
    request: Request, proposal_id: UUID, actor: CurrentActor, session: ReadSession, resources: ProcessResources
) -> Response:
    """Show the client's form for an offer, filled with the terms of the proposal."""
    proposal = await service.get_proposal(session, actor, proposal_id)
    if "offer" not in proposal.actions:
        return redirect_too_late(proposal)
    start = form_for_terms(proposal, version=proposal.version, answer_hours=_usual(resources))
    return await _form(request, session, proposal, start, None)


@router.post("/proposals/{proposal_id}/offer")
async def make_offer(
    request: Request, proposal_id: UUID, actor: CurrentActor, form: PostedForm, uow: Uow, once: Once
) -> Response:
    """Make the offer, or show the form again with its errors."""

    async def make() -> Offer:
        currency = await service.currency_of_proposal(uow.session, actor, proposal_id)
        command = _command(OfferCreate, _read(form, currency) | {"version": read_whole_or_text(form.get("version"))})
        return await service.make_offer(uow, actor, proposal_id, command)

    offer = await uow.attempt(make(), InvalidError, ProposalChangedError, OfferPendingError)
    if isinstance(offer, DomainError):
        proposal = await service.get_proposal(uow.session, actor, proposal_id)
        return await _form(request, uow.session, proposal, FormState.posted(form, offer), None)
    draft = f"offer-{proposal_id}"
    said = _("Your terms are before the freelancer now.")
    return once.led_to(redirect(f"/offers/{offer.id}", said, done=draft), draft)


@router.get("/offers/{offer_id}")
async def show_offer(
    request: Request, offer_id: UUID, actor: CurrentActor, session: ReadSession, resources: ProcessResources
) -> Response:
    """Show an offer beside the proposal, with the earlier offers and the actions the reader has.

    Who may accept it is asked for legal details, which the papers and payouts of a safe deal need.
    """
    settings = resources.settings
    asks = settings.has_payments and not await legal.frozen_kinds(session, settings, [actor.id])
    return await _page(request, session, actor, offer_id, FormState(), asks=asks)


@router.post("/offers/{offer_id}/decline")
async def decline_offer(request: Request, offer_id: UUID, actor: CurrentActor, form: PostedForm, uow: Uow) -> Response:
    """Decline an offer."""
    try:
        command = _command(OfferDecline, {"note": form.get("note") or ""})
    except InvalidError as error:
        return await _page(request, uow.session, actor, offer_id, FormState.posted(form, error))
    declining = service.decline_offer(uow, actor, offer_id, command)
    offer = await uow.attempt(declining, OfferStateError, OfferLapsedError)
    if isinstance(offer, DomainError):
        return redirect(f"/offers/{offer_id}", offer.text(), "warn")
    return redirect(f"/offers/{offer.id}", _("The terms are declined. The proposal stays as it stands."))


@router.post("/offers/{offer_id}/withdraw")
async def withdraw_offer(offer_id: UUID, actor: CurrentActor, uow: Uow) -> Response:
    """Withdraw an offer."""
    offer = await uow.attempt(service.withdraw_offer(uow, actor, offer_id), OfferStateError, OfferLapsedError)
    if isinstance(offer, DomainError):
        return redirect(f"/offers/{offer_id}", offer.text(), "warn")
    return redirect(f"/offers/{offer.id}", _("Your terms are taken back. The proposal stays as it stands."))


@router.get("/offers/{offer_id}/counter")
async def counter_form(
    request: Request, offer_id: UUID, actor: CurrentActor, session: ReadSession, resources: ProcessResources
) -> Response:
    """Show the form for a counter-offer, filled with the terms of the offer it answers."""
    offer = await service.get_offer(session, actor, offer_id)
    if "counter" not in offer.actions:
        return redirect(f"/offers/{offer_id}")
    proposal = await service.get_proposal(session, actor, offer.proposal_id)
    return await _form(request, session, proposal, form_for_terms(offer, answer_hours=_usual(resources)), offer)


@router.post("/offers/{offer_id}/counter")
async def counter_offer(
    request: Request, offer_id: UUID, actor: CurrentActor, form: PostedForm, uow: Uow, once: Once
) -> Response:
    """Make the counter-offer, or show the form again with its errors."""

    async def counter() -> Offer:
        currency = await service.currency_of_offer(uow.session, actor, offer_id)
        return await service.counter_offer(uow, actor, offer_id, _command(OfferCounter, _read(form, currency)))

    made = await uow.attempt(counter(), InvalidError, OfferStateError, OfferLapsedError)
    if isinstance(made, InvalidError):
        offer = await service.get_offer(uow.session, actor, offer_id)
        proposal = await service.get_proposal(uow.session, actor, offer.proposal_id)
        return await _form(request, uow.session, proposal, FormState.posted(form, made), offer)
    if isinstance(made, DomainError):
        return redirect(f"/offers/{offer_id}", made.text(), "warn")
    draft = f"offer-{offer_id}"
    said = _("Your terms are before the other side now.")
    return once.led_to(redirect(f"/offers/{made.id}", said, done=draft), draft)


def _usual(resources: Resources) -> int:
    """Return the choice of the form that is closest to the default time to answer."""
    usual = resources.settings.offer_answer_hours
    return min(ANSWER_CHOICES, key=lambda hours: abs(hours - usual))


def _read(form: FormData, currency: Currency) -> dict[str, Any]:
    """Convert the form's fields into those of the command.

    Raises:
        InvalidProposalError: Some fields are invalid; the error lists all of them.
    """
    errors: list[FieldError] = []
    content = read_terms(form, currency, errors)
    if errors:
        raise InvalidProposalError(errors=errors)
    return content | {
        "message": str(form.get("message") or ""),
        "answer_hours": read_whole_or_text(form.get("answer_hours")),
    }


def _command[C: BaseModel](kind: type[C], content: dict[str, Any]) -> C:
    try:
        return kind.model_validate(content)
    except ValidationError as wrong:
        raise InvalidProposalError(errors=field_errors([dict(error) for error in wrong.errors()])) from wrong


async def _form(
    request: Request, session: ReadSession, proposal: ProposalRead, f: FormState, answers: OfferRead | None
) -> Response:
    context = {
        "proposal": proposal,
        "people": await profiles.person_cards(session, {proposal.freelancer.id}),
        "answers": answers,
        "f": f,
        "rows": milestone_rows(f),
        "hours": [(str(hours), _hours(hours)) for hours in ANSWER_CHOICES],
    }
    return render(request, "proposals/offer_form.html", context, status_code=422 if f.has_errors else 200)


def _hours(hours: int) -> str:
    days = hours // 24
    return ngettext("{count} day", "{count} days", days).format(count=days)


async def _page(
    request: Request, session: ReadSession, actor: Actor, offer_id: UUID, f: FormState, *, asks: bool = False
) -> Response:
    offer = await service.get_offer(session, actor, offer_id)
    proposal = await service.get_proposal(session, actor, offer.proposal_id)
    order = await orders.get_order(session, actor, offer.order_id)
    people = await orders.people(session, [order.customer_id])
    is_customer = actor.id == order.customer_id
    every = await service.list_offers(session, actor, proposal.id)
    earlier = [item for item in every if item.number != offer.number]
    context = {
        "order": order,
        "customer": people[order.customer_id].name,
        "proposal": proposal,
        "shown": _shown(offer, proposal),
        "earlier": [_shown(item, proposal) for item in reversed(earlier)],
        "is_customer": is_customer,
        "is_mine": offer.made_by is (OfferSide.CUSTOMER if is_customer else OfferSide.FREELANCER),
        "asks": asks,
        "f": f,
    }
    return render(request, "proposals/offer.html", context, status_code=422 if f.has_errors else 200)


def _shown(offer: OfferRead, proposal: ProposalRead) -> dict[str, Any]:
    """Return an offer with its labels and its differences from the proposal."""
    label, tone = OFFER_STATUS_LABELS[offer.status]
    return {
        "it": offer,
        "badge": (_(label), tone),
        "contacts": describe_contacts(offer.contacts),
        "other_price": offer.price.amount != proposal.price.amount,
        "other_term": offer.term_days != proposal.term_days,
        "milestones": [(part.title, Money(part.amount, offer.price.currency), part.days) for part in offer.milestones],
    }

"""Pages of direct deals: the form for terms, the list, one invitation, and the answers to it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData
from starlette.responses import Response

from app.core.actor import Actor
from app.core.errors import ConflictError, DomainError, FieldError, ForbiddenError, InvalidError, RateLimitedError
from app.core.http.dependencies import FeatureRouter, PostedForm, ProcessResources, ReadSession, Uow
from app.core.http.problem_details import field_errors
from app.core.http.submissions import Once
from app.core.i18n import N_, _, ngettext
from app.core.money import UNKNOWN_CURRENCY, Currency, Money, amount_as_typed, typed_amount
from app.core.text.amounts import AmountError
from app.core.text.whole_numbers import read_whole, read_whole_or_text
from app.features.authentication.dependencies import CurrentActor, OptionalActor
from app.features.contracts import service as contracts
from app.features.hiring import service
from app.features.hiring.errors import DirectDealChangedError, InvalidDirectDealError
from app.features.hiring.schemas import (
    MAX_KEY,
    STATUS_LABELS,
    DealMilestone,
    DirectDealAccept,
    DirectDealCounter,
    DirectDealCreate,
    DirectDealDecline,
    DirectDealRead,
)
from app.features.moderation.service import describe_contacts
from app.features.profiles.errors import PersonNotFoundError
from app.models import DirectDeal
from app.web.flash import redirect
from app.web.formatting import money
from app.web.forms import FormState
from app.web.templating import render

router = FeatureRouter()
PAGE_SIZE = 20
MIN_BLOCKS = 1
MAX_BLOCKS = 20
MORE = "more"
"""The value of the button that adds a milestone to the form."""
ANSWER_CHOICES = (3, 7, 14, 30)
PARTS = ("title", "amount", "days", "checklist")
UNREAD = 0
"""The version of a form that does not say what its reader has seen: it is never the current one."""
Key = Annotated[str | None, Query(max_length=MAX_KEY)]
SIDES = [
    ("customer", N_("I hire"), N_("You are the client and pay for the work")),
    ("freelancer", N_("I do the work"), N_("You are the freelancer and get paid")),
]


class Step(StrEnum):
    """Actions on a direct deal that need no form, as the last part of their addresses."""

    WITHDRAW = "withdraw"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the form shows beside its values: the deal that it answers, if any."""

    deal: DirectDealRead | None = None
    key: str = ""
    more: bool = False


@router.get("/deals")
async def list_direct_deals(
    request: Request,
    actor: CurrentActor,
    session: ReadSession,
    cursor: Annotated[str | None, Query(max_length=300)] = None,
) -> Response:
    """Show the direct deals that the reader made or received, newest first."""
    found = await service.list_direct_deals(session, actor, cursor, PAGE_SIZE)
    rows = [(it, STATUS_LABELS[it.status], money(Money(it.price, it.currency))) for it in found.items]
    older = f"/deals?cursor={found.next_cursor}" if found.next_cursor else None
    return render(request, "hiring/list.html", {"rows": rows, "older": older})


@router.get("/deals/new")
async def new_direct_deal(
    request: Request,
    actor: CurrentActor,
    session: ReadSession,
    again: UUID | None = None,
    to: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """Show the form, filled with the terms of an earlier contract: the one named, or the last one with this person."""
    earlier = await contracts.terms_to_repeat(session, actor, again, to)
    if earlier is None:
        return _form(request, FormState.start(side="customer", currency=Currency.RUB.value, username=to), _Shown())
    parts = [DealMilestone.model_validate(part) for part in earlier.milestones]
    state = _filled(earlier.title, earlier.description, earlier.currency, parts)
    filled = FormState({**state.values, "side": (earlier.side.value,), "username": (earlier.username,)})
    return _form(request, filled, _Shown())


@router.post("/deals/new")
async def invite(request: Request, actor: CurrentActor, form: PostedForm, uow: Uow, once: Once) -> Response:
    """Propose the terms, or show the form again: with its errors, or with room for another milestone."""
    if form.get("step") == MORE:
        return _form(request, FormState.posted(form), _Shown(more=True))

    async def make() -> DirectDeal:
        return await service.invite(uow, actor, _command(DirectDealCreate, _read(form) | _person(form)))

    deal = await uow.attempt(make(), InvalidError, PersonNotFoundError, RateLimitedError, ForbiddenError)
    if isinstance(deal, DomainError):
        return _form(request, FormState.posted(form, _at_field(deal)), _Shown())
    said = _("Your terms are sent.") if deal.other_id or deal.email else _("Your link is ready. Send it to the person.")
    return once.led_to(redirect(f"/deals/{deal.id}", said))


@router.get("/deals/{deal_id}")
async def show_direct_deal(
    request: Request,
    deal_id: UUID,
    actor: OptionalActor,
    session: ReadSession,
    resources: ProcessResources,
    key: Key = None,
) -> Response:
    """Show the terms to one of their people, or to whoever has the link, also without an account."""
    deal = await service.get_direct_deal(session, resources.settings, actor, deal_id, key)
    asks = False
    if actor is not None and "accept" in deal.actions:
        asks = bool(await contracts.without_details(session, resources.settings, {actor.id}))
    has_safe_deals = resources.settings.has_payments
    return _page(request, actor, deal, key or "", {"asks": asks, "has_safe_deals": has_safe_deals})


@router.post("/deals/{deal_id}/accept")
async def accept(deal_id: UUID, actor: CurrentActor, form: PostedForm, uow: Uow) -> Response:
    """Accept the terms, and lead to the contract."""
    command = DirectDealAccept(version=read_whole(form.get("version")) or 1, key=_key(form) or None)
    if read_whole(form.get("version")) is None:
        return redirect(_address(deal_id, form), DirectDealChangedError().text(), "warn")
    deal = await uow.attempt(service.accept(uow, actor, deal_id, command), ConflictError)
    if isinstance(deal, DomainError):
        return redirect(_address(deal_id, form), deal.text(), "warn")
    return redirect(f"/contracts/{deal.contract_id}", _("You have agreed. The contract begins."))


@router.post("/deals/{deal_id}/decline")
async def decline(deal_id: UUID, actor: CurrentActor, form: PostedForm, uow: Uow) -> Response:
    """Decline the terms."""

    async def answer() -> DirectDeal:
        content = {"note": str(form.get("note") or ""), "key": _key(form) or None}
        return await service.decline(uow, actor, deal_id, _command(DirectDealDecline, content))

    deal = await uow.attempt(answer(), ConflictError, InvalidError)
    if isinstance(deal, DomainError):
        return redirect(_address(deal_id, form), deal.text(), "warn")
    return redirect(f"/deals/{deal_id}", _("You have declined. Nothing is agreed."))


@router.get("/deals/{deal_id}/counter")
async def counter_form(
    request: Request,
    deal_id: UUID,
    actor: CurrentActor,
    session: ReadSession,
    resources: ProcessResources,
    key: Key = None,
) -> Response:
    """Show the form for other terms, filled with the current ones."""
    deal = await service.get_direct_deal(session, resources.settings, actor, deal_id, key)
    if "counter" not in deal.actions:
        return redirect(f"/deals/{deal_id}")
    terms = deal.terms
    state = _filled(terms.title, terms.description, terms.currency, terms.milestones)
    return _form(request, state, _Shown(deal, key or ""))


@router.post("/deals/{deal_id}/counter")
async def counter(
    request: Request, deal_id: UUID, actor: CurrentActor, form: PostedForm, uow: Uow, once: Once
) -> Response:
    """Propose other terms, or show the form again: with its errors, or with room for another milestone."""
    settings, key = uow.resources.settings, _key(form)
    if form.get("step") == MORE:
        deal = await service.get_direct_deal(uow.session, settings, actor, deal_id, key)
        return _form(request, FormState.posted(form), _Shown(deal, key, more=True))

    async def answer() -> DirectDeal:
        more = {"version": read_whole(form.get("version")) or UNREAD, "key": key or None}
        return await service.counter(uow, actor, deal_id, _command(DirectDealCounter, _read(form) | more))

    done = await uow.attempt(answer(), InvalidError, ConflictError, RateLimitedError)
    if isinstance(done, ConflictError):
        return redirect(_address(deal_id, form), done.text(), "warn")
    if isinstance(done, DomainError):
        deal = await service.get_direct_deal(uow.session, settings, actor, deal_id, key)
        return _form(request, FormState.posted(form, done), _Shown(deal, key))
    return once.led_to(redirect(f"/deals/{deal_id}", _("Your changes are sent.")))


@router.post("/deals/{deal_id}/{step}")
async def move(deal_id: UUID, step: Step, actor: CurrentActor, uow: Uow) -> Response:
    """Withdraw the terms, or replace the link."""
    act: Callable[..., Any] = service.withdraw if step is Step.WITHDRAW else service.renew_link
    done = await uow.attempt(act(uow, actor, deal_id), ConflictError)
    address = f"/deals/{deal_id}"
    if isinstance(done, DomainError):
        return redirect(address, done.text(), "warn")
    said = N_("Your terms are withdrawn.") if step is Step.WITHDRAW else N_("The old link opens nothing any more.")
    return redirect(address, _(said))


def _page(request: Request, actor: Actor | None, deal: DirectDealRead, key: str, more: dict[str, object]) -> Response:
    terms, currency = deal.terms, deal.terms.currency
    here = f"/deals/{deal.id}" + (f"?key={quote(key)}" if key else "")

    def amount(minor: int) -> str:
        return money(Money(minor, currency))

    waits_for_reader = "accept" in deal.actions
    context = {
        "deal": deal,
        "terms": terms,
        "amount": amount,
        "badge_of": STATUS_LABELS[deal.status],
        "contacts": describe_contacts(deal.contacts),
        "key": key if waits_for_reader and deal.other is None else "",
        "here": quote(here, safe=""),
        "is_guest": actor is None,
        "can_report": actor is not None and any(it.made_by is not deal.side for it in (terms, *deal.earlier)),
        "f": FormState(),
        **more,
    }
    return render(request, "hiring/show.html", context)


def _form(request: Request, state: FormState, shown: _Shown) -> Response:
    typed = [state.all(f"milestone_{part}") for part in PARTS]
    blocks = [block for block in zip(*typed, strict=False) if any(text.strip() for text in block)]
    room = max(MIN_BLOCKS - len(blocks), int(shown.more))
    blocks += [("", "", "", "")] * min(room, MAX_BLOCKS - len(blocks))
    context = {
        "f": state,
        "blocks": blocks,
        "deal": shown.deal,
        "key": shown.key,
        "sides": [(value, _(words), _(note)) for value, words, note in SIDES],
        "currencies": [(one.value, one.value) for one in Currency],
        "days": [(str(days), _days(days)) for days in ANSWER_CHOICES],
        "can_add": len(blocks) < MAX_BLOCKS,
    }
    return render(request, "hiring/form.html", context, status_code=422 if state.has_errors else 200)


def _days(count: int) -> str:
    return ngettext("{count} day", "{count} days", count).format(count=count)


def _filled(title: str, description: str, currency: Currency, milestones: list[DealMilestone]) -> FormState:
    return FormState.start(
        title=title,
        description=description,
        currency=currency.value,
        milestone_title=[part.title for part in milestones],
        milestone_amount=[amount_as_typed(part.amount, currency) for part in milestones],
        milestone_days=[part.days for part in milestones],
        milestone_checklist=["\n".join(part.checklist) for part in milestones],
    )


def _read(form: FormData) -> dict[str, Any]:
    """Convert the form's fields into those of the terms.

    Raises:
        InvalidDirectDealError: Some fields are invalid; the error lists all of them.
    """
    errors: list[FieldError] = []
    typed = str(form.get("currency") or Currency.RUB.value)
    currency = Currency(typed) if typed in set(Currency) else Currency.RUB
    if currency.value != typed:
        errors.append(FieldError(("currency",), UNKNOWN_CURRENCY))
    milestones = _milestones(form, currency, errors)
    if errors:
        raise InvalidDirectDealError(errors=errors)
    text = {name: str(form.get(name) or "") for name in ("title", "description", "message")}
    return {**text, "currency": currency, "milestones": milestones}


def _milestones(form: FormData, currency: Currency, errors: list[FieldError]) -> list[dict[str, Any]]:
    """Return the milestones that are not empty."""
    blocks = zip(*(map(str, form.getlist(f"milestone_{part}")) for part in PARTS), strict=False)
    filled = [block for block in blocks if any(text.strip() for text in block)]
    if not filled:
        errors.append(FieldError(("milestones",), N_("Give at least one milestone an amount and its days.")))
    try:
        return [_milestone(form, currency, *block) for block in filled]
    except AmountError as wrong:
        errors.append(wrong.at("milestones"))
        return []


def _milestone(
    form: FormData, currency: Currency, title: str, amount: str, days: str, checklist: str
) -> dict[str, Any]:
    """Return one milestone; the title of the whole is that of a milestone without its own.

    Raises:
        AmountError: The amount is none.
    """
    return {
        "title": title.strip() or str(form.get("title") or ""),
        "amount": typed_amount(amount, currency),
        "days": read_whole_or_text(days),
        "checklist": [line for line in checklist.splitlines() if line.strip()],
    }


def _person(form: FormData) -> dict[str, Any]:
    text = {name: str(form.get(name) or "") for name in ("side", "username", "email")}
    return text | {"answer_days": read_whole(form.get("answer_days"))}


def _command[C: BaseModel](kind: type[C], content: dict[str, Any]) -> C:
    try:
        return kind.model_validate(content)
    except ValidationError as wrong:
        raise InvalidDirectDealError(errors=field_errors([dict(error) for error in wrong.errors()])) from wrong


def _at_field(error: DomainError) -> DomainError | list[FieldError]:
    """Return the error of an unknown user name at its field."""
    return [FieldError(("username",), error.detail)] if isinstance(error, PersonNotFoundError) else error


def _key(form: FormData) -> str:
    return str(form.get("key") or "")[:MAX_KEY]


def _address(deal_id: UUID, form: FormData) -> str:
    key = _key(form)
    return f"/deals/{deal_id}" + (f"?key={quote(key)}" if key else "")

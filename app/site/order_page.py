"""The page of one order with its proposals."""

from datetime import UTC, datetime, time
from enum import StrEnum
from urllib.parse import quote, urlencode
from uuid import UUID

from fastapi import Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from app.core.actor import Actor
from app.core.errors import InvalidError
from app.core.http.dependencies import FeatureRouter, PostedForm, ProcessResources, ReadSession, Uow
from app.core.http.submissions import Once
from app.core.i18n import N_, _, current_locale
from app.core.resources import Resources
from app.features.authentication.dependencies import CurrentActor, OptionalActor
from app.features.catalog import service as catalog
from app.features.contracts import service as contracts
from app.features.files import service as files
from app.features.files.dependencies import ProposalFiles, ids_in
from app.features.orders import service as orders
from app.features.orders.schemas import (
    BUDGET_KIND_LABELS,
    EXPERIENCE_LABELS,
    TIMEOUT_TEXTS,
    VISIBILITY_LABELS,
    OrderRead,
)
from app.features.orders.schemas import STATUS_LABELS as ORDER_WORDS
from app.features.profiles import service as profiles
from app.features.proposals import service
from app.features.proposals.dependencies import OpenOrder
from app.features.proposals.presenters import (
    FILTER_LABELS,
    PAGE_SIZE,
    SORT_LABELS,
    labelled_proposal,
    milestone_rows,
    page_error,
    read_form,
)
from app.features.proposals.schemas import (
    CUSTOMER_REASONS,
    CoverLetterTemplateRead,
    OfferRead,
    ProposalListView,
    ProposalRead,
)
from app.models import OfferSide, OrderStatus, ProposalStatus, Visibility
from app.models.proposal import UNDECIDED
from app.site.order_history import NEWEST_EDITS, order_edits
from app.web.flash import redirect
from app.web.formatting import ago, day, exact, number
from app.web.forms import FormState
from app.web.order_cards import budget_label
from app.web.share_images import share_image_url
from app.web.templating import render

router = FeatureRouter()


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
async def redirect_to_order(order_id: UUID, _actor: OptionalActor) -> Response:
    """Redirect to the page that shows the proposals."""
    return RedirectResponse(f"/orders/{order_id}#proposals", status_code=303)


@router.post("/orders/{order_id}/proposals")
async def send_proposal(  # noqa: PLR0913, PLR0917 - each is parsed by its own dependency
    request: Request,
    order_id: UUID,
    actor: CurrentActor,
    form: PostedForm,
    _open: OpenOrder,
    sent: ProposalFiles,
    uow: Uow,
    once: Once,
) -> Response:
    """Send a proposal, or show the form again with the errors."""
    key = _key(request)

    async def send() -> None:
        order = await orders.get_order(uow.session, actor, order_id, key)
        await service.send_proposal(uow, actor, order_id, read_form(form, order.currency, sent.ids), key)

    refused = await uow.attempt(send(), InvalidError)
    if refused is not None:
        state = FormState.posted(form, page_error(refused))
        return await _order_page(request, uow.session, uow.resources, actor, order_id, state)
    draft = f"proposal-{order_id}"
    said = _("Your proposal is sent. The customer sees it now.")
    return once.led_to(redirect(f"/orders/{order_id}", said, done=draft), draft)


def _view(request: Request) -> ProposalListView:
    """Return the sort order and filter of the customer's list of proposals; invalid values mean the default."""
    asked = request.query_params
    try:
        return ProposalListView.model_validate({name: asked[name] for name in ("sort", "show") if name in asked})
    except ValidationError:
        return ProposalListView()


def _choices[K: StrEnum](
    order_id: UUID, view: ProposalListView, name: str, words: dict[K, str]
) -> list[tuple[str, str, bool]]:
    """Return the options of `name` as (label, address, is selected)."""
    found: list[tuple[str, str, bool]] = []
    for value, label in words.items():
        query = view.model_copy(update={name: value}).model_dump(mode="json", exclude_defaults=True)
        address = f"/orders/{order_id}" + (f"?{urlencode(query)}" if query else "") + "#proposals"
        found.append((_(label), address, getattr(view, name) == value))
    return found


def address_of(order_id: UUID, key: str | None, part: str = "") -> str:
    """Return the address of an order, with the share key if there is one."""
    return f"/orders/{order_id}{part}" + (f"?{urlencode({'key': key})}" if key else "")


def _key(request: Request) -> str | None:
    """Return the share key from the address."""
    return request.query_params.get("key")


async def _order_page(
    request: Request,
    session: ReadSession,
    resources: Resources,
    actor: Actor | None,
    order_id: UUID,
    form: FormState,
) -> Response:
    cursor = request.query_params.get("cursor")
    key = _key(request)
    order = await orders.get_order(session, actor, order_id, key)
    catalogue = await catalog.read_catalogue(session, resources)
    is_own = actor is not None and actor.id == order.customer_id
    files.expect(session, [orders.files_of(order_id), profiles.photo_subject(order.customer_id)])
    own: list[ProposalRead] = []
    received: list[ProposalRead] = []
    view = _view(request)
    chosen = view.model_dump(mode="json", exclude_defaults=True)
    older = None
    if actor is not None and is_own and order.published_at is not None:
        page = await service.proposals_for_client(session, actor, order, view, (cursor, PAGE_SIZE), photos=True)
        received = page.items
        older = (
            f"/orders/{order_id}?{urlencode(chosen | {'cursor': page.next_cursor})}#proposals"
            if page.next_cursor
            else None
        )
    elif actor is not None and not is_own:
        own = await service.own_proposals_for(session, actor, order_id)
    offer = next((item.offer for item in (*own, *received) if item.offer), None)
    # An order has at most one open offer. It can be on another page of the list, or hidden by the filter.
    if actor is not None and is_own and offer is None and (older or cursor or chosen):
        offer = await service.waiting_offer(session, actor, order_id)
    shown = await orders.present(session, resources, actor, order)
    people, facts = await profiles.cards_with_stats(
        session, {order.customer_id, *(item.freelancer.id for item in received)}
    )
    edits, more_edits = (
        await order_edits(session, order, catalogue, limit=NEWEST_EDITS) if shown.version > 1 else ([], None)
    )
    contract_id = (
        await contracts.find_contract(session, actor, order_id)
        if actor is not None and order.status is OrderStatus.AWARDED
        else None
    )
    label, tone = ORDER_WORDS[order.status]
    live = next((item for item in own if item.status in (*UNDECIDED, ProposalStatus.ACCEPTED)), None)
    refused = any(item.decline_reason in CUSTOMER_REASONS for item in own)
    may_propose = "propose" in shown.actions and live is None and not refused
    letters = await service.list_cover_letter_templates(session, actor) if actor is not None and may_propose else []
    form = _prefilled(request, form, letters)
    canonical = f"{resources.settings.origin}/orders/{order_id}"
    is_shared = order.visibility is Visibility.PUBLIC and order.published_at is not None
    context = {
        "letters": letters,
        "begin_with": lambda letter: (
            f"/orders/{order_id}?{urlencode(_query_to_keep(request) | {'letter': letter})}#propose"
        ),
        "order": shown,
        "contract_id": contract_id,
        "budget": budget_label(shown.budget_kind, shown.budget, shown.budget_max),
        "badge_words": (_(label), tone),
        "visibility": None if order.visibility is Visibility.PUBLIC else _(VISIBILITY_LABELS[order.visibility][0]),
        "details": _details(shown),
        "customer_facts": facts.get(order.customer_id),
        "skills": _skill_names(shown, catalogue),
        "category": _category_names(shown, catalogue),
        "is_own": is_own,
        "own": [labelled_proposal(item) for item in own],
        "people": people,
        "received": [labelled_proposal(item) for item in received],
        "older": older,
        "newer": f"/orders/{order_id}?{urlencode(chosen)}#proposals" if cursor else None,
        "unseen": [item.id for item in received if item.status is ProposalStatus.SENT],
        "narrowed": bool(chosen) or bool(cursor),
        "sorts": _choices(order_id, view, "sort", SORT_LABELS) if is_own else [],
        "shows": _choices(order_id, view, "show", FILTER_LABELS) if is_own else [],
        "rows": milestone_rows(form),
        "may_propose": may_propose,
        "next": _next_step(shown, is_own=is_own, live=live, offer=offer),
        "sign_in": f"/sign-in?next={quote(address_of(order_id, key))}",
        "edits": edits,
        "all_edits": address_of(order_id, key, "/history") if more_edits else None,
        "currency": order.currency.value,
        "answer": address_of(order_id, key, "/proposals"),
        "share": address_of(order_id, order.share_key if is_own and order.visibility is Visibility.LINK else key),
        "canonical": canonical,
        "picture": share_image_url(canonical, current_locale()) if is_shared else None,
        "f": form,
        "files": await files.own_files(session, actor, ids_in(form.all("files"))) if actor else [],
    }
    return render(request, "proposals/order.html", context, status_code=422 if form.has_errors else 200)


def _query_to_keep(request: Request) -> dict[str, str]:
    """Return the query parameters to keep in addresses of the order: the share key."""
    key = _key(request)
    return {"key": key} if key else {}


def _prefilled(request: Request, form: FormState, letters: list[CoverLetterTemplateRead]) -> FormState:
    """Prefill an untouched form with the cover letter template from the address, if it is one of the reader's own."""
    named = request.query_params.get("letter")
    found = next((item for item in letters if str(item.id) == named), None)
    return FormState.start(letter=found.letter) if found and not form.touched else form


def _skill_names(order: OrderRead, catalogue: catalog.Catalogue) -> list[str]:
    locale = current_locale()
    return [*(skill.name(locale) for skill in map(catalogue.skill, order.skills) if skill), *order.tags]


def _category_names(order: OrderRead, catalogue: catalog.Catalogue) -> list[tuple[str, str]]:
    """Return the category and its parents, from the top, as (name, address of its list)."""
    found: list[tuple[str, str]] = []
    entry = catalogue.category(order.category) if order.category else None
    while entry:
        found.insert(0, (entry.name(current_locale()), f"/orders?{urlencode({'category': entry.slug})}"))
        entry = catalogue.category_by_id(entry.parent_id)
    return found


def _details(order: OrderRead) -> list[tuple[str, str]]:
    """Return the details shown beside an order, as (label, value)."""
    found = [(_("Payment"), _(BUDGET_KIND_LABELS[order.budget_kind]))]
    if order.weekly_hours:
        found.append((_("Hours a week"), number(order.weekly_hours)))
    if order.experience:
        found.append((_("Experience"), _(EXPERIENCE_LABELS[order.experience])))
    if order.deadline:
        found.append((_("Needed by"), day(datetime.combine(order.deadline, time(), UTC))))
    if order.published_at:
        found.append((_("Published"), ago(order.published_at)))
        came = number(order.proposals_count)
        most = order.proposals_limit
        found.append((_("Proposals"), _("{count} of {limit}").format(count=came, limit=most) if most else came))
    if order.status is OrderStatus.OPEN and order.expires_at:
        found.append((_("Open until"), day(order.expires_at)))
    return found


NEXT_FOR_CUSTOMER: dict[OrderStatus, str] = {
    OrderStatus.DRAFT: N_("Nobody but you sees this draft. Publish it, and freelancers can answer."),
    OrderStatus.MODERATION: N_("The operator looks at the order first. Nobody but you sees it until then."),
    OrderStatus.OPEN: N_("Freelancers answer, and you choose one."),
    OrderStatus.PAUSED: N_("The order stands in no list and takes no new proposals. Those that came are kept."),
    OrderStatus.AWARDED: N_("You have chosen a freelancer. The order takes no more proposals; the others are told."),
    OrderStatus.CANCELLED: N_("The order is closed and takes no more proposals. Those who answered it are told."),
    OrderStatus.EXPIRED: N_("Nobody acted in time, so the order expired. Publish it again if you still need it."),
}
NEXT_FOR_OTHERS: dict[OrderStatus, str] = {
    OrderStatus.OPEN: N_("Send a price, a term and a letter. The customer chooses one."),
    OrderStatus.PAUSED: N_("The order is paused. It takes no new proposals for now."),
    OrderStatus.AWARDED: N_("The customer has chosen a freelancer. The order takes no more proposals."),
    OrderStatus.CANCELLED: N_("The customer has closed the order. It takes no more proposals."),
    OrderStatus.EXPIRED: N_("The customer did not choose in time, so the order expired. It takes no more proposals."),
}
OFFERED = N_("The customer offers you terms: agree to them, answer with your own, or decline.")
COUNTERED = N_("The customer reads your terms and agrees, declines, or answers with others.")
OFFER_SENT_TEXT = N_("Your terms lie before a freelancer. Until they are answered nobody else can be chosen.")
OFFER_RECEIVED_TEXT = N_("A freelancer has answered your terms with others. Agree to them, answer, or decline.")
WAITING = N_("The customer reads the proposals and chooses one. Your proposal lasts as long as the order.")
CHOSEN = N_("The customer has chosen you. Both of you see the same price and term on this page.")


def _next_step(order: OrderRead, *, is_own: bool, live: ProposalRead | None, offer: OfferRead | None) -> str:
    """Return the sentence that says what happens next."""
    if offer is not None and offer.expires_at is not None:
        by_customer = offer.made_by is OfferSide.CUSTOMER
        texts = (OFFER_SENT_TEXT, OFFER_RECEIVED_TEXT) if is_own else (OFFERED, COUNTERED)
        ends = _("If nobody acts until {date}, the terms lapse.").format(date=exact(offer.expires_at))
        return f"{_(texts[0] if by_customer else texts[1])} {ends}"
    if is_own:
        text = NEXT_FOR_CUSTOMER[order.status]
    elif live and live.status is ProposalStatus.ACCEPTED:
        text = CHOSEN
    elif live and order.status is OrderStatus.OPEN:
        text = WAITING
    else:
        text = NEXT_FOR_OTHERS.get(order.status, "")
    default = order.if_nobody_acts
    ends = _(TIMEOUT_TEXTS[order.status]).format(date=exact(default.at)) if default else ""
    return " ".join(part for part in (_(text), ends) if part)

"""Pages of order lists: all open orders, and the customer's own."""

from collections.abc import Container
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from app.core.actor import Actor
from app.core.errors import FieldError, InvalidError
from app.core.http.dependencies import FeatureRouter, ProcessResources, ReadSession, connection_resources
from app.core.http.problem_details import field_errors
from app.core.i18n import N_, _, current_locale
from app.core.money import Currency, Money, typed_amount
from app.core.pagination import BadCursorError
from app.core.resources import ContextState, Resources
from app.core.text.amounts import AmountError
from app.core.text.whole_numbers import read_whole
from app.features.authentication.dependencies import CurrentActor, OptionalActor
from app.features.catalog import service as catalog
from app.features.catalog.schemas import Searched
from app.features.orders import service
from app.features.orders.errors import InvalidOrderError
from app.features.orders.pages._filter_options import filter_options
from app.features.orders.presenters import card_of, customers_of, own_card
from app.features.orders.schemas import (
    ANSWERED_LABELS,
    BUDGET_KIND_LABELS,
    NOTHING_OR_CURSOR,
    FacetsRead,
    OrderListQuery,
    default_sort,
)
from app.features.orders.service.sorting import days_label, proposal_count_label
from app.web import order_cards
from app.web.forms import FormState
from app.web.fragment_cache import GuestPageCache
from app.web.templating import current_theme, is_plain_guest, render

router = FeatureRouter()
PAGE_SIZE = 20
_GUEST_PAGES = ContextState(lambda _resources: GuestPageCache())
SKILLS_OFFERED = 8
RANKING: tuple[tuple[str, str], ...] = (
    (N_("All words stand in the title"), "200"),
    (N_("All words stand in the title, the skills and the field"), "120"),
    (N_("All words stand in the text"), "40"),
    (N_("The words stand near each other, or more than once; at most"), "100"),
    (N_("Each skill that you have too, up to five"), "5"),
    (N_("Published today; one point less each day"), "20"),
    (N_("No proposals yet; one point less for each"), "10"),
)
"""The best-match formula as text, the same as in docs/search.md. A test compares both with the code."""


@router.get("/orders")
async def list_orders(
    request: Request, actor: OptionalActor, session: ReadSession, resources: ProcessResources
) -> Response:
    """Show open orders. The address contains every filter and the sort order, so it can be saved and shared."""
    return await _list_page(request, session, resources, actor)


async def _list_page(
    request: Request, session: ReadSession, resources: Resources, actor: Actor | None = None
) -> Response:
    catalogue = await catalog.read_catalogue(session, resources)
    typed = TypedFilter(request)
    found, wrong, better = service.OrderSearchResult(service.NO_PAGE, 0, None), None, None
    try:
        wanted = typed.wanted()
        found = await service.search_orders(session, resources, wanted, actor, facets=bool(typed.values))
        if not found.count and wanted.q:
            better = await catalog.did_you_mean(session, Searched.ORDERS, wanted.q)
    except BadCursorError:
        return RedirectResponse(typed.address(cursor=None), status_code=303)
    except InvalidError as error:
        wrong = error
    form = typed.form(wrong)
    page, facets = found.page, found.facets
    facts = await customers_of(session, page.items)
    context = {
        "cards": [card_of(order, catalogue, facts) for order in page.items],
        "count": found.count,
        "count_limit": service.COUNT_LIMIT,
        "older": typed.address(cursor=page.older) if page.older else None,
        "newer": _newer(typed, page),
        "first": typed.address(cursor=None),
        "f": form,
        "chips": typed.chips(catalogue, without=form.errors),
        "q": typed.values.get("q", ""),
        "wordless": typed.is_wordless,
        "better": (better, typed.address(cursor=None, words=better)) if better else None,
        "sorts": typed.sorts(),
        "sort": typed.sort,
        "chosen_sort": typed.chosen_sort,
        "skills_offered": typed.offered(facets),
        "facets_capped": facets is not None and facets.capped,
        **filter_options(catalogue, facets, typed.values),
    }
    return render(request, "orders/list.html", context, status_code=422 if wrong else 200)


def _newer(typed: "TypedFilter", page: service.OrderPage) -> str | None:
    """Return the link to the previous page, or to the first page in sort orders without backward cursors."""
    if typed.sort != "newest":
        return typed.address(cursor=None) if typed.cursor else None
    return typed.address(cursor=page.newer) if page.newer else None


async def fast_guest_order_list(request: Request) -> Response | None:
    """Show the newest orders to a guest before routing, because this page is requested most."""
    resources = connection_resources(request)
    asked = NOTHING_OR_CURSOR.fullmatch(request.scope["query_string"])
    if asked is None or not is_plain_guest(request):
        return None
    cursor = asked["cursor"].decode("ascii") if asked["cursor"] else None
    items = await service.list_newest_json(resources, cursor)
    if items is None:
        return None
    count = await service.count_newest(resources)

    async def write() -> Response:
        async with resources.read_sessions() as session:
            return await _list_page(request, session, resources)

    packed = "gzip" in request.headers.get("accept-encoding", "")
    return await _GUEST_PAGES.of(resources).get(
        "orders", cursor, items, count, packed, current_theme(request), write=write
    )


@router.get("/ranking")
async def show_ranking(request: Request) -> Response:
    """Show how the best-match score is computed."""
    return render(request, "orders/ranking.html", {"rules": RANKING})


@router.get("/orders/mine")
async def redirect_to_own_orders(_actor: CurrentActor) -> Response:
    """Redirect to the customer's own orders."""
    return RedirectResponse("/my/orders", status_code=308)


@router.get("/my/orders")
async def list_own_orders(
    request: Request,
    actor: CurrentActor,
    session: ReadSession,
    resources: ProcessResources,
    cursor: Annotated[str | None, Query(max_length=300)] = None,
) -> Response:
    """Show the customer's own orders in all states."""
    page = await service.list_own_orders(session, resources, actor, cursor, PAGE_SIZE)
    catalogue = await catalog.read_catalogue(session, resources)
    context = {
        "cards": [own_card(order, catalogue) for order in page.items],
        "older": f"/my/orders?{urlencode({'cursor': page.next_cursor})}" if page.next_cursor else None,
        "newer": "/my/orders" if cursor else None,
    }
    return render(request, "orders/mine.html", context)


class TypedFilter:
    """The filters in the address of the list, as typed."""

    NAMES = (
        "q", "category", "skills", "skills_mode", "budget_kind", "budget_min", "budget_max", "currency", "days",
        "answers_below", "answered",
    )  # fmt: skip
    BOUNDS = frozenset({"budget_min", "budget_max"})

    def __init__(self, request: Request) -> None:
        query = request.query_params
        self.values: dict[str, str] = {}
        for name in self.NAMES:
            text = ", ".join(part.strip() for part in query.getlist(name) if part.strip())
            if text:
                self.values[name] = text
        self._chosen = query.get("sort") or None
        self._drop_idle(self.values)
        self.cursor = query.get("cursor") or None

    @property
    def sort(self) -> str:
        """The sort order that applies: the chosen one, or the default."""
        return self._chosen or default_sort(self.values.get("q", ""))

    @property
    def chosen_sort(self) -> str | None:
        """The chosen sort order, if it is another than the default."""
        return self._chosen if self._chosen != default_sort(self.values.get("q", "")) else None

    @property
    def words(self) -> list[str]:
        """The typed skills."""
        return [word for word in (part.strip() for part in self.values.get("skills", "").split(",")) if word]

    @property
    def is_wordless(self) -> bool:
        """Whether the search has signs but no word to look for."""
        return "q" in self.values and not catalog.has_words(self.values["q"])

    @property
    def currency(self) -> str:
        """The currency of the budget bounds."""
        return self.values.get("currency", Currency.RUB.value)

    def wanted(self) -> OrderListQuery:
        """Return the filters as the use case expects them.

        Raises:
            InvalidOrderError: Some filters are invalid; `errors` lists all of them.
        """
        content: dict[str, Any] = {**self.values, "skills": self.words, "cursor": self.cursor, "limit": PAGE_SIZE}
        content["sort"] = self.sort
        if self.sort == "budget":
            content["currency"] = self.currency
        errors: list[FieldError] = []
        for name in self.BOUNDS & set(self.values):
            content["currency"] = self.currency
            try:
                content[name] = self._amount(name)
            except AmountError as wrong:
                errors.append(wrong.at(name))
                content.pop(name)
        try:
            wanted = OrderListQuery.model_validate(content)
        except ValidationError as wrong:
            errors += field_errors([dict(error) for error in wrong.errors()])
            raise InvalidOrderError(errors=errors) from wrong
        if errors:
            raise InvalidOrderError(errors=errors)
        return wanted

    def _drop_idle(self, values: dict[str, str]) -> None:
        """Remove filters without effect: a currency without amounts, and the skills mode with fewer than two skills."""
        if not self.BOUNDS & set(values) and self.sort != "budget":
            values.pop("currency", None)
        if "," not in values.get("skills", ""):
            values.pop("skills_mode", None)

    def sorts(self) -> list[tuple[str, str, bool]]:
        """Return the sort orders as (label, address, is selected)."""
        named = {"newest": _("Newest"), "match": _("Best match"), "budget": _("Budget"), "closing": _("Closing soon")}
        return [(words, self.address(cursor=None, sort=name), name == self.sort) for name, words in named.items()]

    def offered(self, facets: FacetsRead | None) -> list[tuple[str, int, str]]:
        """Return skills that narrow the list further, as (name, count, address)."""
        if facets is None:
            return []
        chosen = {word.casefold() for word in self.words}
        found = [
            (item.name, item.count, self.address(cursor=None, more_skill=item.name))
            for item in facets.skills
            if item.name.casefold() not in chosen and item.value not in chosen and item.count < facets.counted
        ]
        return found[:SKILLS_OFFERED]

    def address(
        self,
        *,
        cursor: str | None,
        without: tuple[str, str] | None = None,
        sort: str | None = None,
        more_skill: str | None = None,
        words: str | None = None,
    ) -> str:
        """Return the address of the list with another cursor or sort order, or with a filter added or removed."""
        left = dict(self.values)
        if words:
            left["q"] = words
        if more_skill:
            left["skills"] = ", ".join([*self.words, more_skill])
        if without and without[0] == "skills":
            left["skills"] = ", ".join(word for word in self.words if word != without[1])
        elif without:
            left.pop(without[0], None)
        self._drop_idle(left)
        pairs = [(name, value) for name, value in left.items() if value]
        order = sort or self._chosen
        if order and order != default_sort(left.get("q", "")):
            pairs.append(("sort", order))
        if cursor:
            pairs.append(("cursor", cursor))
        return f"/orders?{urlencode(pairs)}" if pairs else "/orders"

    def form(self, wrong: InvalidError | None) -> FormState:
        """Return the state of the filter form."""
        state = FormState.start(**self.values)
        return state.with_error(wrong) if wrong else state

    def chips(self, catalogue: catalog.Catalogue, *, without: Container[str]) -> list[tuple[str, str]]:
        """Return (label, address without it) for each active filter, except the invalid ones in `without`."""
        locale = current_locale()
        found: list[tuple[str, tuple[str, str]]] = []
        for name, value in self.values.items():
            if name not in ("currency", "skills", "skills_mode", "q") and name not in without:
                found.append((self._words(name, value, catalogue), (name, value)))
        for word in self.words:
            skill = catalogue.resolve(word)
            if skill is None and "skills" in without:
                continue
            found.append((skill.name(locale) if skill else word, ("skills", word)))
        return [(words, self.address(cursor=None, without=pair)) for words, pair in found]

    def _amount(self, name: str) -> int:
        currency = Currency(self.currency) if self.currency in set(Currency) else Currency.RUB
        return typed_amount(self.values[name], currency)

    def _words(self, name: str, value: str, catalogue: catalog.Catalogue) -> str:
        if name == "category":
            entry = catalogue.category(value)
            return entry.name(current_locale()) if entry else value
        if name == "skills_mode":
            return _("any of them") if value == "any" else _("all of them")
        if name in ("days", "answers_below"):
            words = days_label if name == "days" else proposal_count_label
            count = read_whole(value)
            return value if count is None else words(count)
        if name in ("budget_kind", "answered"):
            named = BUDGET_KIND_LABELS if name == "budget_kind" else ANSWERED_LABELS
            return next((_(words) for key, words in named.items() if key == value), value)
        try:
            money = Money(self._amount(name), Currency(self.currency))
        except ValueError:
            return value
        return order_cards.lower_bound_label(money) if name == "budget_min" else order_cards.upper_bound_label(money)

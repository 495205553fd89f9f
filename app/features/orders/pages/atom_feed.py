"""Atom feed of open orders; accepts the filters of the list."""

from datetime import UTC, datetime

from fastapi import Request
from starlette.responses import Response

from app.core.http.dependencies import FeatureRouter, ProcessResources, ReadSession
from app.core.i18n import _, current_locale, negotiate, use_locale
from app.features.catalog import service as catalog
from app.features.orders import service
from app.features.orders.pages.search import TypedFilter
from app.features.orders.schemas import OrderCard
from app.web import atom, order_cards

router = FeatureRouter()
EMPTY_SINCE = datetime(2026, 1, 1, tzinfo=UTC)
"""The `updated` time of an empty feed. It is constant, so that feed readers do not fetch the feed again."""


@router.get("/orders.atom")
async def feed_orders(request: Request, session: ReadSession, resources: ProcessResources) -> Response:
    """Return the newest orders of a list as a feed, in the language of the `Accept-Language` header.

    The sort order of the list does not matter.
    """
    typed = TypedFilter(request)
    wanted = typed.wanted().model_copy(update={"cursor": None, "sort": "newest"})
    page = await service.list_open_orders(session, resources, wanted)
    catalogue = await catalog.read_catalogue(session, resources)
    origin, address = resources.settings.origin, typed.address(cursor=None)
    with use_locale(negotiate(request.headers.get("accept-language"))):
        narrowed = [f"“{typed.values['q']}”"] if "q" in typed.values else []
        narrowed += [words for words, _href in typed.chips(catalogue, without=())]
        feed = atom.Feed(
            title=" · ".join([_("ipLance: new orders"), *narrowed]),
            href=origin + address.replace("/orders", "/orders.atom", 1),
            page=origin + address,
            language=current_locale(),
            updated=EMPTY_SINCE,
            entries=[_entry(order, origin, catalogue) for order in page.items],
        )
        return atom.answer(request, feed)


def _entry(order: OrderCard, origin: str, catalogue: catalog.Catalogue) -> atom.Entry:
    locale = current_locale()
    known = [skill.name(locale) for skill in map(catalogue.skill, order.skills) if skill]
    price = order_cards.budget_label(order.budget_kind, order.budget, order.budget_max) or _("Price by agreement")
    return atom.Entry(
        key=f"urn:uuid:{order.id}",
        title=order.title,
        href=f"{origin}/orders/{order.id}",
        author=order.customer.name,
        published=order.published_at or order.created_at,
        summary="\n\n".join(part for part in (price, order.description) if part),
        terms=(*known, *order.tags),
    )

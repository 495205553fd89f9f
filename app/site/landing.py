"""The landing page, with an invented example: an order and three proposals."""

from dataclasses import dataclass

from fastapi import Request
from starlette.responses import Response

from app.core.http.dependencies import FeatureRouter, ProcessResources, ReadSession
from app.core.i18n import _
from app.core.money import Currency, Money
from app.features.catalog import service as catalog
from app.features.orders import service
from app.features.orders.presenters import card_of, customers_of
from app.features.orders.schemas import OrderListQuery
from app.web.templating import render

router = FeatureRouter()
LANDING_SIZE = 3
"""Number of orders on the landing page."""


@router.get("/")
async def landing(request: Request, session: ReadSession, resources: ProcessResources) -> Response:
    """Show the landing page."""
    page = await service.list_open_orders(session, resources, OrderListQuery(limit=LANDING_SIZE))
    catalogue = await catalog.read_catalogue(session, resources)
    facts = await customers_of(session, page.items)
    shown = [card_of(order, catalogue, facts) for order in page.items]
    return render(request, "web/landing.html", {"orders": shown, "scene": landing_example()})


@dataclass(frozen=True, slots=True)
class SceneProposal:
    """One example proposal below the order."""

    name: str
    note: str
    price: Money
    days: int
    won: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """The content of the illustration beside the headline."""

    budget: Money
    proposals: tuple[SceneProposal, ...]


def landing_example() -> Scene:
    """Return the example in the reader's language."""

    def roubles(amount: int) -> Money:
        return Money(amount * 100, Currency.RUB)

    return Scene(
        roubles(150_000),
        (
            SceneProposal(_("Anna Kovaleva"), _("Shops and their back ends"), roubles(140_000), 21, won=True),
            SceneProposal(_("Timur Garayev"), _("Python, nine years"), roubles(165_000), 14),
            SceneProposal(_("Studio North"), _("Three people, design included"), roubles(150_000), 30),
        ),
    )

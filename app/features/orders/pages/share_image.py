"""The share image (Open Graph) of an order."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from app.core.http.dependencies import FeatureRouter, ProcessResources
from app.core.i18n import _, current_locale, use_locale
from app.features.catalog import service as catalog
from app.features.orders import service
from app.features.orders.errors import OrderNotFoundError
from app.features.orders.schemas import OrderRead
from app.gateways.share_images.renderer import ShareCard, draw
from app.models import Visibility
from app.web.order_cards import budget_label
from app.web.share_images import content_hash, share_image_response

router = FeatureRouter()
MAX_CHIPS = 8
MAX_TEXT = 300


@router.get("/orders/{order_id}/card.png")
async def share_order(
    request: Request, order_id: UUID, resources: ProcessResources, lang: Annotated[str, Query(max_length=10)] = ""
) -> Response:
    """Return an image with the title, text and budget of an order. Responds 404 for orders that are not public."""
    async with resources.read_sessions() as session:
        order = await service.get_order(session, None, order_id)
        if order.visibility is not Visibility.PUBLIC:
            raise OrderNotFoundError
        with use_locale(lang):
            shown = await service.present(session, resources, None, order)
            card = _card(shown, await catalog.read_catalogue(session, resources))
    mark = content_hash(card)
    return await share_image_response(request, mark, lambda: draw(resources, card, mark))


def _card(order: OrderRead, catalogue: catalog.Catalogue) -> ShareCard:
    locale = current_locale()
    category = catalogue.category(order.category) if order.category else None
    skills = [skill.name(locale) for skill in map(catalogue.skill, order.skills) if skill]
    chips = [category.name(locale)] if category else []
    return ShareCard(
        title=order.title,
        text=(order.description or "")[:MAX_TEXT],
        chips=tuple([*chips, *skills, *order.tags][:MAX_CHIPS]),
        corner=budget_label(order.budget_kind, order.budget, order.budget_max) or _("Price by agreement"),
    )

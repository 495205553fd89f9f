"""Proposals: visible to their freelancer and to the customer."""

from collections.abc import Mapping
from typing import Any

from app.features.proposals import service
from app.features.proposals.schemas import CoverLetterTemplateWrite
from tests.contract.permissions.fixtures import Scene
from tests.contract.permissions.table import OFFER, PRICE, SIGNED_IN, Row, page

TERMS = {"price": PRICE, "term_days": 6}
TERMS_FORM = {"price": "50 000", "term_days": "6", "answer_hours": "72"}
OFFER_FORM = {"price": "50 000", "term_days": "5", "letter": "Сделаю за пять дней."}


def seen(ids: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the body that marks the proposal as seen."""
    return {"proposals": [str(ids["proposal_id"])]}


def seen_form(ids: Mapping[str, Any]) -> dict[str, str]:
    """Return the same as the fields of the form."""
    return {"proposal": str(ids["proposal_id"])}


async def _offer(scene: Scene, row: Row, role: str) -> dict[str, Any]:
    """Create an order whose customer has made the freelancer an offer."""
    made = await scene.market_of(row, role)
    customer = scene.people["banned" if role == "banned" else "customer"]
    offer = await scene.market.offer(customer, made["proposal_id"])
    return made | {"offer_id": offer.id}


COVER_LETTER_TEMPLATE = {"name": "О магазинах", "letter": "Делал похожие магазины."}


async def _cover_letter_template(scene: Scene, _row: Row, _role: str) -> Any:
    """Create the only cover letter template of the freelancer."""
    freelancer = scene.people["freelancer"]
    async with scene.market.uow() as work:
        for kept in await service.list_cover_letter_templates(work.session, freelancer):
            await service.delete_cover_letter_template(work, freelancer, kept.id)
        content = CoverLetterTemplateWrite.model_validate(COVER_LETTER_TEMPLATE)
        return (await service.save_cover_letter_template(work, freelancer, content)).id


MAKERS: dict[str, Any] = {"offer_id": _offer, "letter_id": _cover_letter_template}


def declined(ids: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body that declines several proposals, this one included."""
    return {"proposals": [str(ids["proposal_id"])], "reason": "price"}


def declined_form(ids: Mapping[str, Any]) -> dict[str, str]:
    """Return the same as the fields of the form."""
    return {"ids": str(ids["proposal_id"]), "reason": "price"}


ROWS = [
    Row("POST /orders/{order_id}/proposals", (401, 201, 409, 409, 403), body=OFFER),
    Row("POST /orders/{order_id}/proposals", (401, 404, 404, 404, 409), "draft", OFFER),
    Row("GET /orders/{order_id}/proposals", (401, 404, 200, 200, 200)),
    Row("GET /orders/{order_id}/proposals", (401, 404, 404, 404, 200), "draft"),
    Row("GET /proposals/mine", SIGNED_IN),
    Row("GET /proposals/{proposal_id}", (401, 404, 404, 200, 200)),
    Row("PATCH /proposals/{proposal_id}", (401, 404, 404, 200, 403), body={"term_days": 9}),
    Row("POST /proposals/{proposal_id}/decline", (401, 404, 404, 403, 200)),
    Row("GET /orders/{order_id}/proposals/compared", (401, 404, 404, 404, 422)),
    Row("POST /orders/{order_id}/proposals/seen", (401, 404, 404, 404, 200), body=seen),
    Row("POST /orders/{order_id}/proposals/decline", (401, 404, 404, 404, 200), body=declined, about=("proposal_id",)),
    Row("GET /proposals/{proposal_id}/revisions", (401, 404, 404, 200, 200)),
    Row("PUT /proposals/{proposal_id}/shortlist", (401, 404, 404, 403, 200)),
    Row("DELETE /proposals/{proposal_id}/shortlist", (401, 404, 404, 403, 409)),
    Row("PUT /proposals/{proposal_id}/note", (401, 404, 404, 403, 200), body={"text": "Спросить о сроках."}),
    Row("POST /proposals/{proposal_id}/withdraw", (401, 404, 404, 200, 403)),
    Row("GET /letter-templates", SIGNED_IN),
    Row("POST /letter-templates", (401, 201, 201, 201, 201), body=COVER_LETTER_TEMPLATE),
    Row("PUT /letter-templates/{letter_id}", (401, 404, 404, 200, 404), body=COVER_LETTER_TEMPLATE),
    Row("DELETE /letter-templates/{letter_id}", (401, 404, 404, 204, 404)),
    Row("POST /proposals/{proposal_id}/offers", (401, 404, 404, 403, 201), body=TERMS),
    Row("GET /proposals/{proposal_id}/offers", (401, 404, 404, 200, 200)),
    Row("GET /offers/{offer_id}", (401, 404, 404, 200, 200)),
    Row("POST /offers/{offer_id}/counter", (401, 404, 404, 201, 403), body=TERMS),
    Row("POST /offers/{offer_id}/decline", (401, 404, 404, 200, 403)),
    Row("POST /offers/{offer_id}/withdraw", (401, 404, 404, 403, 200)),
]

PAGES = [
    page("GET /orders/{order_id}", 200, 200),
    page("GET /orders/{order_id}", 404, 404, 404, 404, 200, state="draft"),
    page("GET /orders/{order_id}/history", 200, 200),
    page("GET /orders/{order_id}/history", 404, 404, 404, 404, 200, state="draft"),
    page("GET /orders/{order_id}/proposals", 303, 303),
    page("GET /orders/{order_id}/proposals", 303, 303, state="draft"),
    page("POST /orders/{order_id}/proposals", 401, 303, 409, 409, 403, body=OFFER_FORM),
    page("POST /orders/{order_id}/proposals", 401, 404, 404, 404, 409, state="draft", body=OFFER_FORM),
    page("GET /orders/{order_id}/compare", 401, 404, 404, 404, 303),
    page("POST /orders/{order_id}/seen", 401, 404, 404, 404, 303, body=seen_form),
    page("GET /orders/{order_id}/decline", 401, 404, 404, 404, 303),
    page("POST /orders/{order_id}/decline", 401, 404, 404, 404, 303, body=declined_form),
    page("GET /proposals/{proposal_id}/history", 401, 404, 404, 200, 200),
    page("POST /proposals/{proposal_id}/shortlist", 401, 404, 404, 403, 303),
    page("POST /proposals/{proposal_id}/unlist", 401, 404, 404, 403, 409),
    page("POST /proposals/{proposal_id}/note", 401, 404, 404, 403, 303, body={"note": "Спросить о сроках."}),
    page("GET /proposals/mine", 401, 308),
    page("GET /my/proposals", 401, 200),
    page("GET /proposals/{proposal_id}", 401, 404, 404, 303, 303),
    page("GET /proposals/{proposal_id}/edit", 401, 404, 404, 200, 303),
    page("POST /proposals/{proposal_id}/edit", 401, 404, 404, 303, 403, body=OFFER_FORM),
    page("GET /proposals/{proposal_id}/withdraw", 401, 404, 404, 200, 303),
    page("POST /proposals/{proposal_id}/withdraw", 401, 404, 404, 303, 403),
    page("GET /my/letters", 401, 200),
    page("GET /my/letters/new", 401, 200),
    page("POST /my/letters/new", 401, 303, body=COVER_LETTER_TEMPLATE),
    page("GET /my/letters/{letter_id}", 401, 404, 404, 200, 404),
    page("POST /my/letters/{letter_id}", 401, 404, 404, 303, 404, body=COVER_LETTER_TEMPLATE),
    page("POST /my/letters/{letter_id}/delete", 401, 404, 404, 303, 404),
    page("GET /proposals/{proposal_id}/offer", 401, 404, 404, 303, 200),
    page("POST /proposals/{proposal_id}/offer", 401, 404, 404, 403, 303, body=TERMS_FORM),
    page("GET /offers/{offer_id}", 401, 404, 404, 200, 200),
    page("GET /offers/{offer_id}/counter", 401, 404, 404, 200, 303),
    page("POST /offers/{offer_id}/counter", 401, 404, 404, 303, 403, body=TERMS_FORM),
    page("POST /offers/{offer_id}/decline", 401, 404, 404, 303, 403),
    page("POST /offers/{offer_id}/withdraw", 401, 404, 404, 403, 303),
    page("GET /proposals/{proposal_id}/decline", 401, 404, 404, 303, 200),
    page("POST /proposals/{proposal_id}/decline", 401, 404, 404, 403, 303, body={"reason": "price"}),
]

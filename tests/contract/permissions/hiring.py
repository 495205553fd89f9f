"""Direct deals: seen and answered by who made them, who was invited, and whoever has the link while nobody answered."""

from typing import Any

from app.features.hiring import service
from app.features.hiring.schemas import DirectDealCreate
from tests.contract.permissions.fixtures import Scene
from tests.contract.permissions.table import SIGNED_IN, Row, page

MILESTONES = [{"title": "Catalogue", "amount": 3_000_000, "days": 7}]
TERMS: dict[str, Any] = {"title": "Shop for a bakery", "currency": "RUB", "milestones": MILESTONES}
FORM = {
    "side": "customer",
    "title": "Shop for a bakery",
    "currency": "RUB",
    "milestone_title": "Catalogue",
    "milestone_amount": "30000",
    "milestone_days": "7",
    "milestone_checklist": "",
}


async def _deal(scene: Scene, row: Row, role: str) -> dict[str, Any]:
    """Make a direct deal of the client, for the freelancer by name or, in the state `link`, for whoever has its link.

    The banned person made one a moment before.
    """
    author = scene.people["banned" if role == "banned" else "customer"]
    name = "" if row.state == "link" else scene.people["freelancer"].username
    command = DirectDealCreate.model_validate(TERMS | {"side": "customer", "username": name})
    async with scene.market.uow() as work:
        deal = await service.invite(work, author, command)
    return {"deal_id": deal.id}


MAKERS: dict[str, Any] = {"deal_id": _deal}
ONE = "/direct-deals/{deal_id}"
READ = {"version": 1}
ROWS = [
    Row("POST /direct-deals", (401, 201, 201, 201, 201), body=TERMS | {"side": "customer"}),
    Row("GET /direct-deals", SIGNED_IN),
    Row(f"GET {ONE}", (404, 404, 404, 200, 200)),
    Row(f"POST {ONE}/accept", (401, 404, 404, 200, 403), body=READ),
    Row(f"POST {ONE}/decline", (401, 404, 404, 200, 403), body={}),
    Row(f"POST {ONE}/counter", (401, 404, 404, 200, 403), body=TERMS | READ),
    Row(f"POST {ONE}/withdraw", (401, 404, 404, 403, 200)),
    Row(f"POST {ONE}/link", (401, 404, 404, 404, 200), "link"),
]
PAGES = [
    page("GET /deals", 401, 200),
    page("GET /deals/new", 401, 200),
    page("POST /deals/new", 401, 303, body=FORM),
    page("GET /deals/{deal_id}", 404, 404, 404, 200, 200),
    page("POST /deals/{deal_id}/accept", 401, 404, 404, 303, 403, body={"version": "1"}),
    page("POST /deals/{deal_id}/decline", 401, 404, 404, 303, 403),
    page("GET /deals/{deal_id}/counter", 401, 404, 404, 200, 303),
    page("POST /deals/{deal_id}/counter", 401, 404, 404, 303, 403, body=FORM | {"version": "1"}),
    page("POST /deals/{deal_id}/{step}", 401, 404, 404, 403, 303, fixed={"step": "withdraw"}),
]

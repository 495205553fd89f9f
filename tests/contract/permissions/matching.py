"""Saved searches: everybody sees their own; those of others respond 404."""

from typing import Any

from app.features.matching import service
from app.features.matching.schemas import SavedSearchCreate
from app.features.orders.schemas import OrderFilter
from tests.contract.permissions.fixtures import Scene
from tests.contract.permissions.table import SIGNED_IN, Row, own, page

SEARCH = {"name": "Ботинки", "filter": {"q": "ботинки"}, "frequency": "weekly"}
# The saved search in an address belongs to the freelancer.
OWNERS = (401, 404, 404, 200, 404)


async def search_of_the_freelancer(scene: Scene, _row: Row, _role: str) -> Any:
    """Save a new search for each request."""
    async with scene.market.uow() as work:
        for kept in (await service.list_searches(work.session, work.resources, scene.people["freelancer"])).items:
            await service.remove_search(work, scene.people["freelancer"], kept.id)
        wanted = SavedSearchCreate(name="Сайты", filter=OrderFilter(q="сайт"))
        return (await service.save_search(work, scene.people["freelancer"], wanted)).id


async def no_token(_scene: Scene, _row: Row, _role: str) -> Any:
    """Return an invalid unsubscribe token; the tests of the feature cover valid ones."""
    return "not-a-token"


MAKERS = {"search_id": search_of_the_freelancer, "token": no_token}
ROWS = [
    Row("GET /saved-searches", SIGNED_IN),
    Row("GET /recommendations/orders", SIGNED_IN),
    Row("GET /orders/{order_id}/recommended-freelancers", (401, 403, 403, 403, 200)),
    Row("GET /orders/{order_id}/recommended-freelancers", (401, 404, 404, 404, 200), "draft"),
    own("POST /saved-searches", 201, SEARCH),
    Row("GET /saved-searches/settings", SIGNED_IN),
    own("PATCH /saved-searches/settings", 200, {"digest_hour": 8}),
    Row("GET /saved-searches/{search_id}", OWNERS),
    Row("PATCH /saved-searches/{search_id}", OWNERS, body={"frequency": "off"}),
    Row("DELETE /saved-searches/{search_id}", (401, 404, 404, 204, 404)),
    Row("POST /saved-searches/{search_id}/run", (401, 404, 404, 303, 404)),
]
PAGES = [
    page("GET /orders/for-you", 401, 200),
    page("GET /orders/{order_id}/people", 401, 403, 403, 403, 200),
    page("GET /my/searches", 401, 200),
    page("POST /my/searches/settings", 401, 303, body={"digest_hour": "8", "time_zone": "Europe/Moscow"}),
    page("GET /my/searches/new", 401, 200),
    page("POST /my/searches/new", 401, 303, body={"name": "Ботинки", "q": "ботинки", "frequency": "weekly"}),
    page("GET /my/searches/{search_id}/edit", 401, 404, 404, 200, 404),
    page("POST /my/searches/{search_id}/edit", 401, 404, 404, 303, 404, body={"name": "Туфли", "frequency": "off"}),
    page("GET /my/searches/{search_id}/delete", 401, 404, 404, 200, 404),
    page("POST /my/searches/{search_id}/delete", 401, 404, 404, 303, 404),
    page("POST /my/searches/{search_id}/open", 401, 404, 404, 303, 404),
    page("GET /orders.atom", 200, 200),
    page("GET /unsubscribe/{token}", 404, 404),
    page("POST /unsubscribe/{token}", 404, 404),
]

"""Who may call what: one table of every JSON route, every kind of person and every state that matters.

A route without a row fails, and a row without a route does too. What a person may not see is not there: 404, not 403.
The rows stand in `tests/contract/permissions/`, one file per room.
"""

from collections.abc import Awaitable, Callable

import httpx
import pytest
import pytest_asyncio

from app import main
from tests.contract.permissions.scene import Scene
from tests.contract.permissions.table import ROLES, Row, rows
from tests.factories.market import Market

TABLE = rows()


@pytest_asyncio.fixture(loop_scope="session")
async def scene(market: Market, new_client: Callable[[], Awaitable[httpx.AsyncClient]]) -> Scene:
    """Everybody, and nothing yet."""
    made = Scene(market, new_client)
    await made.fill()
    return made


def routes() -> set[str]:
    """Return every JSON route as the table names it."""
    return {
        f"{method} {route.path_format}"
        for router in main.API_ROUTERS
        for route in main.plain_routes(router)
        for method in route.methods or ()
    }


def test_every_route_has_its_row() -> None:
    assert {row.route for row in TABLE} == routes()
    assert len(routes()) > 30


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.route} {row.state}")
async def test_who_may(scene: Scene, row: Row) -> None:
    method, route = row.route.split(" ")
    found: dict[str, int] = {}
    for role in ROLES:
        ids = await scene.ids(row, role)
        client = await scene.client(role)
        answer = await client.request(method, f"/api/v1{route.format(**ids)}", json=row.sent(ids))
        found[role] = answer.status_code
        if answer.status_code in (403, 404):
            assert answer.json()["code"] != "csrf-failed"
            assert "@" not in answer.text
    assert found == row.cells


async def test_each_sees_only_their_own_proposals(scene: Scene) -> None:
    order = await scene.market.order(scene.people["customer"])
    for role in ("freelancer", "rival"):
        await scene.market.proposal(order, scene.people[role])
    seen: dict[str, list[str]] = {}
    for role in ROLES[2:5]:
        items = (await (await scene.client(role)).get(f"/api/v1/orders/{order.id}/proposals")).json()["items"]
        seen[role] = sorted(item["freelancer"]["id"] for item in items)
    rival, freelancer = str(scene.people["rival"].id), str(scene.people["freelancer"].id)
    assert seen == {
        "rival": [rival],
        "freelancer": [freelancer],
        "customer": sorted([rival, freelancer]),
    }


async def test_nobody_reads_an_address_or_a_number_of_somebody_else(scene: Scene) -> None:
    order = await scene.market.order(scene.people["customer"])
    proposal = await scene.market.proposal(order, scene.people["freelancer"])
    pages = ["/orders", f"/orders/{order.id}", f"/orders/{order.id}/proposals", f"/proposals/{proposal.id}"]
    for role in ROLES:
        client = await scene.client(role)
        for page in pages:
            assert "@" not in (await client.get(f"/api/v1{page}")).text

"""Who may call each JSON route: one table for every kind of person and every relevant state.

A route without a row fails, and a row without a route does too. Objects that a person may not see respond 404, not 403.
The rows are in `tests/contract/permissions/`, one file per feature.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from app import main
from app.core.http.dependencies import iter_routes
from app.core.ids import new_id
from tests.contract.permissions.fixtures import Scene
from tests.contract.permissions.table import ROLES, Row, rows
from tests.factories.orders import Market

TABLE = rows()


@pytest.fixture
def scene(market: Market, new_client: Callable[[], Awaitable[httpx.AsyncClient]]) -> Scene:
    """The permission table's people and objects, still empty."""
    return Scene(market, new_client)


def routes() -> set[str]:
    """Return every JSON route as the table names it."""
    return {
        f"{method} {route.path_format}"
        for router in main.API_ROUTERS
        for route in iter_routes(router)
        for method in route.methods or ()
    }


def test_every_route_has_its_row() -> None:
    assert {row.route for rows_of in TABLE.values() for row in rows_of} == routes()
    assert len(routes()) > 30


async def ask(client: httpx.AsyncClient, row: Row, ids: dict[str, Any]) -> int:
    """Send one request; a refusal must contain no data of a person and must not be that of the CSRF token."""
    method, route = row.route.split(" ")
    keyed = {"Idempotency-Key": new_id().hex}
    answer = await client.request(method, f"/api/v1{route.format(**ids)}", json=row.sent(ids), headers=keyed)
    if answer.status_code in (403, 404):
        assert answer.json()["code"] != "csrf-failed"
        assert "@" not in answer.text
    return answer.status_code


@pytest.mark.parametrize("feature", TABLE)
async def test_who_may(scene: Scene, feature: str) -> None:
    assert await scene.walk(TABLE[feature], ask) == {}, "found, then expected"


async def test_each_sees_only_their_own_proposals(scene: Scene) -> None:
    await scene.fill()
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
    await scene.fill()
    order = await scene.market.order(scene.people["customer"])
    proposal = await scene.market.proposal(order, scene.people["freelancer"])
    pages = ["/orders", f"/orders/{order.id}", f"/orders/{order.id}/proposals", f"/proposals/{proposal.id}"]
    for role in ROLES:
        client = await scene.client(role)
        for page in pages:
            assert "@" not in (await client.get(f"/api/v1{page}")).text

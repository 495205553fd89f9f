"""Who may call what: one table of every JSON route, every kind of person and every state that matters.

A route without a row fails, and a row without a route does too. What a person may not see is not there: 404, not 403.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from fastapi.routing import APIRoute

from app import main
from app.core.actor import Actor
from app.features.identity import service as identity
from app.models import User
from tests.factories.market import Market
from tests.factories.users import PASSWORD

ROLES = ("nobody", "stranger", "rival", "freelancer", "customer")
PRICE = {"amount": 5_000_000, "currency": "RUB"}
ORDER = {"title": "Новый заказ", "description": "Что сделать.", "budget": PRICE}
OFFER = {"price": PRICE, "term_days": 5, "letter": "Сделаю."}
PROOF = {"current_password": PASSWORD}
type Statuses = tuple[int, int, int, int, int]

EVERYBODY: Statuses = (200, 200, 200, 200, 200)
SIGNED_IN: Statuses = (401, 200, 200, 200, 200)


@dataclass(frozen=True)
class Row:
    """What each kind of person is answered, in the order of ROLES."""

    route: str
    statuses: Statuses
    state: str = "open"
    body: Any = None


def own(route: str, status: int, body: Any = None, *, nobody: int = 401) -> Row:
    """A row where everybody signed in acts on what is theirs."""
    return Row(route, (nobody, status, status, status, status), body=body)


# nobody, stranger, rival (has proposed too), freelancer (whose proposal it is), customer (whose order it is)
TABLE = [
    Row("GET /categories", EVERYBODY),
    Row("GET /skills", EVERYBODY),
    Row("GET /orders", EVERYBODY),
    Row("POST /orders", (401, 201, 201, 201, 201), body=ORDER),
    Row("GET /orders/mine", SIGNED_IN),
    Row("GET /orders/{order_id}", EVERYBODY),
    Row("GET /orders/{order_id}", (404, 404, 404, 404, 200), "draft"),
    Row("PATCH /orders/{order_id}", (401, 403, 403, 403, 200), body={"title": "Другое имя"}),
    Row("PATCH /orders/{order_id}", (401, 404, 404, 404, 200), "draft", {"title": "Другое имя"}),
    Row("POST /orders/{order_id}/publish", (401, 403, 403, 403, 409)),
    Row("POST /orders/{order_id}/publish", (401, 404, 404, 404, 200), "draft"),
    Row("POST /orders/{order_id}/renew", (401, 403, 403, 403, 200)),
    Row("POST /orders/{order_id}/renew", (401, 404, 404, 404, 409), "draft"),
    Row("POST /orders/{order_id}/close", (401, 403, 403, 403, 200)),
    Row("POST /orders/{order_id}/close", (401, 404, 404, 404, 200), "draft"),
    Row("GET /orders/{order_id}/revisions", EVERYBODY),
    Row("GET /orders/{order_id}/revisions", (404, 404, 404, 404, 200), "draft"),
    Row("POST /orders/{order_id}/proposals", (401, 201, 409, 409, 403), body=OFFER),
    Row("POST /orders/{order_id}/proposals", (401, 404, 404, 404, 409), "draft", OFFER),
    Row("GET /orders/{order_id}/proposals", (401, 404, 200, 200, 200)),
    Row("GET /orders/{order_id}/proposals", (401, 404, 404, 404, 200), "draft"),
    Row("GET /proposals/mine", SIGNED_IN),
    Row("GET /proposals/{proposal_id}", (401, 404, 404, 200, 200)),
    Row("PATCH /proposals/{proposal_id}", (401, 404, 404, 200, 403), body={"term_days": 9}),
    Row("POST /proposals/{proposal_id}/accept", (401, 404, 404, 403, 200)),
    Row("POST /proposals/{proposal_id}/decline", (401, 404, 404, 403, 200)),
    Row("POST /proposals/{proposal_id}/withdraw", (401, 404, 404, 200, 403)),
    Row("GET /notifications", SIGNED_IN),
    Row("GET /notifications/unread-count", SIGNED_IN),
    Row("POST /notifications/read-all", SIGNED_IN),
    Row("POST /notifications/{notice_id}/read", (401, 404, 404, 404, 404)),
    Row("POST /auth/register", (422, 422, 422, 422, 422), body={"username": "x", "password": PASSWORD}),
    Row("POST /auth/login", (401, 401, 401, 401, 401), body={"username": "nobody-here", "password": "wrong password"}),
    own("POST /auth/refresh", 401),
    own("POST /auth/logout", 200, nobody=200),
    own("GET /auth/me", 200),
    own("PATCH /auth/me", 200, {"display_name": "Анна"}),
    own("POST /auth/reauthenticate", 200, {"password": PASSWORD}),
    own("GET /auth/sessions", 200),
    own("POST /auth/sessions/end-others", 200, PROOF),
    own("DELETE /auth/sessions/{session_id}", 404, PROOF),
    own("POST /auth/confirm-email", 422, {"code": "000000"}, nobody=422),
    own("POST /auth/confirm-email/resend", 200),
    own("POST /auth/confirm-phone", 422, {"code": "000000"}),
    own("POST /auth/confirm-phone/resend", 409),
    own("POST /auth/password/reset", 202, {"identifier": "nobody-here"}, nobody=202),
    own("POST /auth/password/reset/confirm", 422, {"password": "another long one", "token": "x"}, nobody=422),
    own("POST /auth/password", 200, PROOF | {"new_password": "quite another long password"}),
    own("POST /auth/email", 202, PROOF | {"email": "new-address@example.com"}),
    own("POST /auth/phone", 202, PROOF | {"phone": "+79161234567"}),
    own("POST /auth/deactivate", 200, {"password": PASSWORD}),
    own("GET /auth/history", 200),
    own("POST /auth/password-strength", 200, {"password": "whatever it is"}, nobody=200),
]


@dataclass
class Scene:
    """Four people and what they made."""

    market: Market
    make_client: Callable[[], Awaitable[httpx.AsyncClient]]
    people: dict[str, Actor] = field(default_factory=dict)

    async def client(self, role: str) -> httpx.AsyncClient:
        """Return this person's browser, freshly signed in: an earlier row may have ended the session."""
        made = await self.make_client()
        if role != "nobody":
            await self.market.sign_in(made, self.people[role])
        return made

    async def path(self, row: Row) -> str:
        """Make what the row is about and return its address."""
        ids: dict[str, Any] = {"notice_id": uuid4(), "session_id": uuid4()}
        route = row.route.split(" ")[1]
        if "{order_id" in route or "{proposal_id" in route:
            customer = self.people["customer"]
            if row.state == "draft":
                order = await self.market.draft(customer)
            else:
                order = await self.market.order(customer)
                ids["proposal_id"] = (await self.market.proposal(order, self.people["freelancer"])).id
                await self.market.proposal(order, self.people["rival"])
            ids["order_id"] = order.id
        if "{session_id" in route:
            ids["session_id"] = await self.session_of_somebody_else()
        return f"/api/v1{route.format(**ids)}"

    async def session_of_somebody_else(self) -> Any:
        """Return a living session of somebody none of the roles is."""
        person = await self.market.person()
        async with self.market.uow() as work:
            user = await work.session.get(User, person.id)
            assert user is not None
            return (await identity.open_session(work, user, identity.Caller())).session_id


@pytest_asyncio.fixture(loop_scope="session")
async def scene(market: Market, new_client: Callable[[], Awaitable[httpx.AsyncClient]]) -> AsyncGenerator[Scene]:
    """Everybody, and nothing yet."""
    made = Scene(market, new_client)
    for role in ROLES[1:]:
        made.people[role] = await market.person(with_password=True)
    yield made


def routes() -> set[str]:
    """Return every JSON route as the table names it."""
    return {
        f"{method} {route.path_format}"
        for router in main.API_ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }


def test_every_route_has_its_row() -> None:
    assert {row.route for row in TABLE} == routes()
    assert len(routes()) > 30


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.route} {row.state}")
async def test_who_may(scene: Scene, row: Row) -> None:
    method = row.route.split(" ")[0]
    found: dict[str, int] = {}
    for role in ROLES:
        client, path = await scene.client(role), await scene.path(row)
        answer = await client.request(method, path, json=row.body)
        found[role] = answer.status_code
        if answer.status_code in (403, 404):
            assert answer.json()["code"] != "csrf-failed"
            assert "@" not in answer.text
    assert found == dict(zip(ROLES, row.statuses, strict=True))


async def test_each_sees_only_their_own_proposals(scene: Scene) -> None:
    order = await scene.market.order(scene.people["customer"])
    for role in ("freelancer", "rival"):
        await scene.market.proposal(order, scene.people[role])
    seen: dict[str, list[str]] = {}
    for role in ROLES[2:]:
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

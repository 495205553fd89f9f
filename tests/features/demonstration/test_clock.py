"""The clock of a demonstration: what people and the command turn, and what then happens by itself."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from app.cli.shared import Refusal
from app.core.audit import AuditEntry
from app.core.clock import turned_forward
from app.core.config import Settings
from app.core.resources import Resources
from app.features.demonstration.rules import is_allowed, typed_step
from app.features.orders.tasks import close_stale, remind
from app.features.proposals.tasks import lapse_offers
from tests.factories.commands import Command
from tests.factories.orders import Market

type Settle = Callable[..., Awaitable[object]]
DAY = 86_400


@pytest.fixture
def triggered(resources: Resources) -> list[str]:
    """The periodic tasks that were triggered."""
    names: list[str] = []
    resources.trigger_task = names.append
    return names


@pytest.mark.parametrize(
    ("text", "hours"),
    [("+3d", 72), ("3D", 72), (" +90m ", 1.5), ("12h", 12), ("+2w", 336), ("0d", 0)],
)
def test_typed_steps(text: str, hours: float) -> None:
    assert typed_step(text) == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["", "3", "d", "-3d", "3 d", "1.5h", "+3y", "9999999d", "٣d"])
def test_what_is_no_step(text: str) -> None:
    assert typed_step(text) is None


def test_steps_are_bounded() -> None:
    none, ten_years = timedelta(), timedelta(days=3653)
    assert is_allowed(timedelta(minutes=1), none)
    assert is_allowed(timedelta(days=366), none)
    assert not is_allowed(timedelta(seconds=59), none)
    assert not is_allowed(-timedelta(days=1), timedelta(days=5))
    assert not is_allowed(timedelta(days=367), none)
    assert is_allowed(timedelta(days=1), ten_years - timedelta(days=1))
    assert not is_allowed(timedelta(days=1), ten_years)


async def test_every_default_happens_after_a_turn(
    market: Market, client: httpx.AsyncClient, resources: Resources, settle: Settle, triggered: list[str]
) -> None:
    customer, freelancer = await market.person(), await market.person()
    order, other = await market.order(customer), await market.order()
    proposal = await market.proposal(order, freelancer)
    await market.offer(customer, proposal.id)
    await market.proposal(other, freelancer)
    await market.sign_in(client, customer)
    assert [await close_stale(resources), await lapse_offers(resources)] == [0, 0], "nothing is due yet"

    answer = await client.post("/api/v1/clock", json={"seconds": 2 * DAY})
    assert answer.status_code == 200, answer.text
    assert answer.json()["turned_seconds"] == 2 * DAY
    assert answer.json()["payments_followed"] is False, "no sandbox runs beside this test"
    assert "2 days ago" in (await client.get("/orders")).text
    triggered.clear()
    await settle()
    assert {"orders.close_stale", "orders.remind", "proposals.lapse_offers", "notifications.send_mail"} <= set(
        triggered
    )

    assert (await client.post("/api/v1/clock", json={"seconds": 60 * DAY})).status_code == 200
    assert await lapse_offers(resources) == 1
    await remind(resources)
    assert await close_stale(resources) == 2
    await settle()
    shown = (await client.get(f"/api/v1/orders/{order.id}")).json()
    assert (shown["status"], shown["close_reason"]) == ("expired", "silence")
    notices = [item["kind"] for item in (await client.get("/api/v1/notifications")).json()["items"]]
    assert {"order_expired", "offer_lapsed"} <= set(notices)
    assert (await client.get("/api/v1/auth/sessions")).status_code == 200, "nobody was signed out"
    assert "62 days" not in (await client.get("/settings/devices")).text, "the session has the time of the world"


async def test_what_is_written_after_a_turn_is_from_now(market: Market, client: httpx.AsyncClient) -> None:
    customer = await market.person()
    await market.sign_in(client, customer)
    await client.post("/api/v1/clock", json={"seconds": 30 * DAY})
    order = await market.order(customer)
    clock = (await client.get("/api/v1/clock")).json()
    shown = (await client.get(f"/api/v1/orders/{order.id}")).json()
    assert clock["real_now"] < shown["published_at"] <= clock["now"]
    assert order.created_at.isoformat()[:16] == clock["now"][:16]


async def test_the_page_turns_and_goes_back(market: Market, client: httpx.AsyncClient) -> None:
    guest = await client.get("/demo/clock")
    assert "Sign in to turn the clock" in guest.text
    assert 'name="by"' not in guest.text
    await market.sign_in(client, await market.person())
    token = client.headers["X-CSRF-TOKEN"]
    there = await client.get("/demo/clock", params={"next": "/my/orders"})
    assert 'value="/my/orders"' in there.text
    form = {"by": "3d", "next": "/my/orders", "csrf_token": token}
    turned = await client.post("/demo/clock", data=form)
    assert (turned.status_code, turned.headers["location"]) == (303, "/my/orders")
    assert turned_forward() == timedelta(days=3)
    assert "turned forward by 3 days" in (await client.get("/my/orders")).text
    wrong = await client.post("/demo/clock", data=form | {"by": "yesterday", "next": "https://evil.example"})
    assert wrong.status_code == 422
    assert "at least one minute" in wrong.text
    assert "evil.example" not in wrong.text
    del client.headers["X-CSRF-TOKEN"]
    assert (await client.post("/demo/clock", data={"by": "3d"})).status_code == 403
    assert turned_forward() == timedelta(days=3)


async def test_the_command_turns_and_never_back(command: Command, resources: Resources) -> None:
    assert "turned forward by 0:00:00" in await command("clock")
    assert "turned forward by 3 days" in await command("clock", "+3d")
    assert "turned forward by 3 days, 1:30" in await command("clock", "90m")
    for words in (["reset"], ["--", "-3d"]):
        with pytest.raises(Refusal, match="never turned back"):
            await command("clock", *words)
    with pytest.raises(Refusal, match="no time"):
        await command("clock", "soon")
    with pytest.raises(Refusal, match="366 days"):
        await command("clock", "500d")
    async with resources.sessions() as session:
        entry = (await session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1))).one()
    assert (entry.action, entry.new_values) == ("clock.turn", {"seconds": 3 * DAY + 5400})


async def test_production_refuses(
    client: httpx.AsyncClient, command: Command, market: Market, resources: Resources, settings: Settings
) -> None:
    await market.sign_in(client, await market.person())
    resources.settings = settings.model_copy(update={"environment": "production"})
    for method, path in (("GET", "/api/v1/clock"), ("POST", "/api/v1/clock"), ("GET", "/demo/clock")):
        answer = await client.request(method, path, json={"seconds": DAY} if method == "POST" else None)
        assert answer.status_code == 404, path
    assert (await client.post("/demo/clock", data={"by": "3d"})).status_code == 404
    assert "/demo/clock" not in (await client.get("/my/orders")).text, "no strip either"
    for words in ([], ["+3d"]):
        with pytest.raises(Refusal, match="production"):
            await command("clock", *words)
    assert turned_forward() == timedelta()

"""The money of a person's contracts: held now, in review, and by month, in the API and on the wallet page."""

import re
from collections.abc import Awaitable, Callable

import httpx

from app.core.clock import utc_now
from app.features.contracts import service
from app.models import TimerKind
from tests.factories.deals import make_deal
from tests.factories.orders import Market

MONEY = "/api/v1/contracts/money"


async def test_the_money_of_both_sides(market: Market, new_client: Callable[[], Awaitable[httpx.AsyncClient]]) -> None:
    scene = await make_deal(market)
    customer = await market.sign_in(await new_client(), scene.customer)
    freelancer = await market.sign_in(await new_client(), scene.freelancer)
    assert (await customer.get(MONEY)).json() == {"held": [], "earned": [], "spent": []}
    await scene.submitted()
    await scene.fund(1)
    [held] = (await freelancer.get(MONEY)).json()["held"]
    assert (held["side"], held["held"], held["in_review"]) == ("freelancer", 7_000_000, 3_000_000)
    assert held["review_until"] > utc_now().isoformat()
    page = await _read(freelancer)
    assert "₽70,000 Held for you" in page
    assert "₽30,000 is in review; the first review ends on" in page
    async with market.uow() as work:
        version = (await scene.milestone()).version
        await service.accept_milestone(work, scene.customer, scene.milestones[0], version)
    async with market.uow() as work:
        await service.pay_bonus(work, scene.customer, scene.milestones[1], 50_000, (await scene.milestone(1)).version)
    shown = (await customer.get(MONEY)).json()
    month = utc_now().date().replace(day=1).isoformat()
    assert shown["spent"] == [{"month": month, "currency": "RUB", "accepted": 3_000_000, "bonus": 50_000}]
    assert (shown["earned"], [it["held"] for it in shown["held"]]) == ([], [4_000_000])
    assert re.search(r"Spent by month .* ₽30,000 ₽500 ₽30,500", await _read(customer))
    [earned] = (await freelancer.get(MONEY)).json()["earned"]
    assert (earned["available"], earned["maturing"]) == (0, 3_050_000)
    await scene.sweep(TimerKind.SECURITY)
    [earned] = (await freelancer.get(MONEY)).json()["earned"]
    assert (earned["available"], earned["maturing"]) == (3_050_000, 0)
    assert re.search(r"Earned by month .* ₽30,500 ₽0 ₽30,500", await _read(freelancer))
    stranger = await market.sign_in(await new_client(), await market.person())
    assert (await stranger.get(MONEY)).json() == {"held": [], "earned": [], "spent": []}
    assert "by month" not in await _read(stranger)


async def _read(client: httpx.AsyncClient) -> str:
    """Return the text of the wallet page."""
    answer = await client.get("/wallet")
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))

"""Days: a deadline keeps its day as it was written, and "today" is the today of the person who asks."""

from datetime import UTC, date, datetime, timedelta

import httpx
import pytest
import time_machine

from app.core.clock import local_today, set_time_zone
from tests.factories.orders import Market

BODY = {"title": "Сайт пекарни"}
NIGHT = datetime(2026, 12, 1, 22, 30, tzinfo=UTC)
"""The 2nd of December in Moscow and Kamchatka, the 1st in London and Los Angeles."""


@pytest.mark.parametrize(
    "written",
    [
        "2100-12-31",
        "2100-12-31T00:30:00+03:00",
        "2100-12-31T23:30:00-08:00",
        "2100-12-31T23:59:59+14:00",
        "2100-12-31T00:00:00Z",
        "2100-12-31T00:00:00.000Z",
        "2100-12-31T12:00:00",
    ],
)
async def test_a_deadline_with_a_zone_keeps_its_day(market: Market, client: httpx.AsyncClient, written: str) -> None:
    await market.sign_in(client, await market.person())
    made = await client.post("/api/v1/orders", json=BODY | {"deadline": written})
    assert (made.status_code, made.json().get("deadline")) == (201, "2100-12-31"), made.text


@pytest.mark.parametrize(
    ("zone", "day", "accepted"),
    [
        ("Europe/Moscow", "2026-12-02", True),
        ("Europe/Moscow", "2026-12-01", False),
        ("Asia/Kamchatka", "2026-12-01", False),
        ("America/Los_Angeles", "2026-12-01", True),
        ("America/Los_Angeles", "2026-11-30", False),
        ("Etc/GMT+12", "2026-12-01", True),
        # Unknown zones: a day that is still today somewhere is not over.
        ("", "2026-12-01", True),
        ("", "2026-11-30", False),
        ("Nowhere/Atlantis", "2026-12-01", True),
        ("../../etc/passwd", "2026-12-01", True),
        ("Europe", "2026-11-30", False),
        ("a" * 3000, "2026-11-30", False),
    ],
)
async def test_today_is_the_persons_today(
    market: Market, client: httpx.AsyncClient, zone: str, day: str, *, accepted: bool
) -> None:
    with time_machine.travel(NIGHT, tick=False):
        await market.sign_in(client, await market.person())
        client.cookies.set("time_zone", zone)
        made = await client.post("/api/v1/orders", json=BODY | {"deadline": day})
        assert made.status_code == (201 if accepted else 422), made.text
        profile = await client.patch("/api/v1/profiles/me", json={"available_from": day})
        assert profile.status_code == (200 if accepted else 422), profile.text


async def test_the_zone_of_the_profile_counts_where_the_browser_tells_none(
    market: Market, client: httpx.AsyncClient
) -> None:
    with time_machine.travel(NIGHT, tick=False):
        await market.sign_in(client, await market.person())
        told = {"time_zone": "Europe/Moscow", "available_from": "2026-12-01"}
        assert (await client.patch("/api/v1/profiles/me", json=told)).status_code == 422
        assert (
            await client.patch("/api/v1/profiles/me", json=told | {"available_from": "2026-12-02"})
        ).status_code == 200


async def test_the_zone_of_the_profile_counts_for_deadlines_too(market: Market, client: httpx.AsyncClient) -> None:
    with time_machine.travel(NIGHT, tick=False):
        await market.sign_in(client, await market.person())
        moscow = {"time_zone": "Europe/Moscow"}
        early = await client.post("/api/v1/orders", json=BODY | {"deadline": "2026-12-01"})
        assert early.status_code == 201, "without any zone a day that is still today somewhere is not over"
        assert (await client.patch("/api/v1/profiles/me", json=moscow)).status_code == 200
        for day, status in (("2026-12-01", 422), ("2026-12-02", 201)):
            made = await client.post("/api/v1/orders", json=BODY | {"deadline": day})
            assert made.status_code == status, made.text
        assert (await client.post(f"/api/v1/orders/{early.json()['id']}/publish")).status_code == 422
        copied = await client.post(f"/api/v1/orders/{early.json()['id']}/copy")
        assert copied.json()["deadline"] is None
        client.cookies.set("time_zone", "America/Los_Angeles")
        made = await client.post("/api/v1/orders", json=BODY | {"deadline": "2026-12-01"})
        assert made.status_code == 422, "a zone that the person has chosen counts before the browser's"
        assert (await client.patch("/api/v1/profiles/me", json=moscow)).status_code == 200
        free = {"available_from": "2026-12-01"}
        assert (await client.patch("/api/v1/profiles/me", json=free)).status_code == 422
        assert (await client.patch("/api/v1/profiles/me", json={"time_zone": None})).status_code == 200
        assert (await client.patch("/api/v1/profiles/me", json=free)).status_code == 200
        made = await client.post("/api/v1/orders", json=BODY | {"deadline": "2026-12-01"})
        assert made.status_code == 201, "the browser's zone counts where none is chosen"


def test_no_day_is_over_before_it_is_over_everywhere() -> None:
    set_time_zone("")
    with time_machine.travel(datetime(2026, 12, 2, 11, 59, tzinfo=UTC), tick=False):
        assert local_today() == date(2026, 12, 1)
    with time_machine.travel(datetime(2026, 12, 2, 12, tzinfo=UTC), tick=False):
        assert local_today() == date(2026, 12, 2)
        assert local_today("Pacific/Kiritimati") - local_today("Etc/GMT+12") == timedelta(days=1)


@pytest.mark.parametrize(
    "address",
    ["/orders?sort=nonsense", "/orders.atom?sort=nonsense", "/api/v1/orders?sort=nonsense", "/freelancers?sort=x"],
)
async def test_a_refused_choice_is_told_in_the_readers_language(client: httpx.AsyncClient, address: str) -> None:
    for accept in ("text/html", "application/json"):
        answer = await client.get(address, headers={"Accept": accept, "Accept-Language": "ru"})
        if answer.status_code == 200:  # a page that takes the default instead
            continue
        assert answer.status_code == 422
        assert " or " not in answer.text
        assert "Выберите" in answer.text

"""The demonstration data is complete: photos, portfolios, attached files with variants; loading twice is safe."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import httpx

from app.cli.seeding import load_catalogue
from app.cli.seeding.deals import load_deals, read_deals
from app.cli.seeding.demo import load_demo, read_world
from app.core.resources import Resources
from app.features.files.tasks import process_files
from app.features.identity.service import find_actor
from app.features.ledger import service as ledger
from app.features.ledger.rules.checks import CheckResult
from tests.factories.commands import OPERATOR
from tests.factories.orders import Market

type MakeClient = Callable[[], Awaitable[httpx.AsyncClient]]


async def test_the_demonstration_shows_faces_work_and_files(client: httpx.AsyncClient, resources: Resources) -> None:
    await load_catalogue(resources, OPERATOR)
    world = read_world()
    assert await load_demo(resources, OPERATOR) == len(world.people) + len(world.orders)
    assert await load_demo(resources, OPERATOR) == 0
    for _turn in range(len(world.people)):  # the task yields to others after some files
        await process_files(resources)
    for person in world.people:
        if person.profile or person.photo:
            shown = (await client.get(f"/api/v1/profiles/{person.username}")).json()
            assert bool(shown["avatar_url"]) == bool(person.photo), person.username
            pictures = [file["preview_url"] for item in shown["portfolio"] for file in item["files"]]
            assert len(pictures) == sum(len(work.pictures) for work in person.portfolio)
            for address in filter(None, [shown["avatar_url"], *pictures]):
                assert (await client.get(address)).headers["content-type"] == "image/webp"
    given = next(order for order in world.orders if order.files)
    listed = (await client.get("/api/v1/orders", params={"q": given.title})).json()["items"]
    order = (await client.get(f"/api/v1/orders/{listed[0]['id']}")).json()
    assert [(file["name"], file["version"]) for file in order["files"]] == [
        (versions[-1], len(versions)) for versions in given.files
    ]


async def test_the_demonstration_shows_deals_in_every_state(
    market: Market, new_client: MakeClient, resources: Resources, tmp_path: Path
) -> None:
    playing = replace(resources, settings=resources.settings.model_copy(update={"data_dir": tmp_path}))
    await load_catalogue(resources, OPERATOR)
    assert await load_deals(playing, OPERATOR) == 0, "there is nobody yet"
    await load_demo(resources, OPERATOR)
    given = read_deals()
    assert await load_deals(playing, OPERATOR) == len(given.deals)
    assert await load_deals(playing, OPERATOR) == 0

    statuses, invited = set[str](), 0
    for person in ({deal.by for deal in given.deals} | {deal.to for deal in given.deals}) - {""}:
        async with resources.read_sessions() as session:
            actor = await find_actor(session, person)
        assert actor is not None
        http = await market.sign_in(await new_client(), actor)
        for contract in (await http.get("/api/v1/contracts")).json()["items"]:
            deal = (await http.get(f"/api/v1/contracts/{contract['id']}")).json()["deal"]
            statuses |= {deal["status"], *(milestone["status"] for milestone in deal["milestones"])}
        invited += len((await http.get("/api/v1/direct-deals")).json()["items"])
        if person == "anna_dev":
            [payout] = (await http.get("/api/v1/payouts")).json()["items"]
            assert payout["state"] == "paid"
            assert (await http.get("/api/v1/wallet")).json()["items"][0]["available"]["amount"] == 33_000_00
    assert {"closed", "active"} <= statuses
    assert {"funded", "in_work", "submitted", "revision", "accepted", "refunded", "refund_requested"} <= statuses
    assert invited > len(given.deals)
    async with resources.read_sessions() as session:
        assert (await ledger.check(session)).result is CheckResult.HOLDS

"""The demonstration data is complete: photos, portfolios, attached files with variants; loading twice is safe."""

import httpx

from app.cli.seeding import load_catalogue
from app.cli.seeding.demo import load_demo, read_world
from app.core.resources import Resources
from app.features.files.tasks import process_files
from tests.factories.commands import OPERATOR


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

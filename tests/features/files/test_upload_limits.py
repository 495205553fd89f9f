"""Limits of uploads: per hour, per day, after a check that took too long, and of the free space of the disk."""

from typing import Any

import httpx
import pytest

from app.core.resources import Resources
from app.features.files import rules, workflows
from app.features.files.tasks import process_files
from app.gateways.file_inspection import inspector
from tests.conftest import SignIn
from tests.factories.files import Files
from tests.factories.orders import Market

API = "/api/v1/files"
UPLOADS = f"{API}/uploads"


async def send(client: httpx.AsyncClient, content: bytes = b"text", name: str = "a.txt") -> httpx.Response:
    """Upload a file."""
    return await client.post(API, files={"file": (name, content)}, data={"kind": "order"})


def limited(resources: Resources, **settings: int) -> None:
    """Change settings of the site."""
    resources.settings = resources.settings.model_copy(update=settings)


async def test_uploads_of_an_hour_are_counted_with_refused_and_removed_ones(
    client: httpx.AsyncClient, sign_in: SignIn, resources: Resources
) -> None:
    await sign_in(client)
    limited(resources, uploads_per_hour=3)
    first = (await send(client)).json()
    assert (await client.delete(f"{API}/{first['id']}")).status_code == 204
    assert (await send(client, b"MZ\0", "wrong.pdf")).status_code == 201
    await process_files(resources)
    made = await client.post(UPLOADS, json={"kind": "order", "name": "b.txt", "size": 3})
    assert (await client.delete(f"{UPLOADS}/{made.json()['id']}")).status_code == 204
    for locale, words in (("en", "Please try again in"), ("ru", "Попробуйте снова через")):
        client.cookies.set("locale", locale)
        refused = await send(client)
        assert (refused.status_code, refused.json()["code"]) == (429, "too-many-uploads")
        assert words in refused.json()["detail"]
        assert 3_000 < int(refused.headers["retry-after"]) <= 3_601
    announced = await client.post(UPLOADS, json={"kind": "order", "name": "b.txt", "size": 3})
    assert announced.status_code == 429
    await sign_in(client)
    assert (await send(client)).status_code == 201, "the limit is one person's"


async def test_bytes_of_a_day_are_counted_when_they_are_announced(
    client: httpx.AsyncClient, sign_in: SignIn, resources: Resources
) -> None:
    await sign_in(client)
    limited(resources, upload_bytes_per_day=10 * rules.MEGABYTE)
    for size, status in ((6, 201), (5, 429), (4, 201), (1, 429)):
        body = {"kind": "order", "name": "a.txt", "size": size * rules.MEGABYTE}
        made = await client.post(UPLOADS, json=body)
        assert made.status_code == status
        if status == 201:
            await client.delete(f"{UPLOADS}/{made.json()['id']}")


async def test_a_form_over_the_limit_says_so_and_stores_nothing(
    market: Market, client: httpx.AsyncClient, resources: Resources, files: Files
) -> None:
    anna = await market.person("anna")
    await market.sign_in(client, anna)
    limited(resources, uploads_per_hour=1)
    await files.make(anna)
    assert (await send(client)).status_code == 429
    assert len((await client.get(API)).json()["items"]) == 1


async def test_a_reserve_of_the_disk_is_kept(client: httpx.AsyncClient, sign_in: SignIn, resources: Resources) -> None:
    await sign_in(client)
    begun = await client.post(UPLOADS, json={"kind": "order", "name": "b.txt", "size": 3})
    limited(resources, disk_reserve_bytes=2**60)
    refused = await send(client)
    assert (refused.status_code, refused.json()["code"]) == (507, "insufficient-storage")
    headers = {"Content-Type": "application/octet-stream", "Upload-Offset": "0"}
    piece = await client.patch(f"{UPLOADS}/{begun.json()['id']}", content=b"abc", headers=headers)
    assert piece.status_code == 507
    limited(resources, disk_reserve_bytes=0)
    piece = await client.patch(f"{UPLOADS}/{begun.json()['id']}", content=b"abc", headers=headers)
    assert piece.json()["whole"] is True


async def test_a_check_that_takes_too_long_costs_its_owner_a_waiting_time(
    client: httpx.AsyncClient,
    sign_in: SignIn,
    resources: Resources,
    files: Files,
    as_actor: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client.headers["Accept-Language"] = "en"
    await sign_in(client)
    slow = (await send(client, b"slow", "slow.txt")).json()
    second = (await send(client)).json()
    other = await as_actor()
    theirs = await files.send(other)
    with monkeypatch.context() as hurried:
        hurried.setattr(inspector, "SECONDS", 0.02)
        # No second file in this run.
        hurried.setattr(workflows, "PROCESS_SECONDS", 0.01)
        await process_files(resources)
    await process_files(resources)
    found = (await client.get(f"{API}/{slow['id']}")).json()
    assert (found["status"], found["note"]) == (
        "refused",
        "The check took too long. Make the file simpler or smaller.",
    )
    assert (await client.get(f"{API}/{second['id']}")).json()["status"] == "processing"
    assert (await files.read(other, theirs.id)).status == "ready", "others do not wait for it"
    refused = await send(client)
    assert (refused.status_code, refused.json()["code"]) == (429, "too-many-uploads")
    assert "Checking one of your files took too long." in refused.json()["detail"]
    assert 0 < int(refused.headers["retry-after"]) <= rules.SLOW.seconds + 1

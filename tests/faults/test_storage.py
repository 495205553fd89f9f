"""Files when the storage is killed, answers wrongly or is full (reliability.md F09, F26, F28, F36).

In every case: no row points to a missing or short object, an upload continues where it stopped, the quota is charged
once, and cleanup never deletes a complete file.
"""

import asyncio
import hashlib
import os
import random
import resource
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import update

from app.core.resources import Resources
from app.features.files import rules
from app.features.files.tasks import process_files, remove_orphans, sweep_files
from app.gateways.storage import DiskStorage, StorageUnavailableError, make_storage, s3, storage_of
from app.gateways.upload_spool import spool_of
from app.models import File, FileObject, FileStatus
from tests.conftest import SignIn
from tests.e2e.api_clients import Person, somebody
from tests.e2e.stack import Stack
from tests.factories.orders import Market
from tests.faults.storage_proxy import Fault, StorageProxy
from tests.features.files.test_uploads import API, begin, piece
from tests.gateways.s3_server import S3Server

pytestmark = pytest.mark.timeout(600)
SMALL, IN_PARTS = 40_000, s3.PART_BYTES + 1_000_000
ALIVE = (FileStatus.PROCESSING, FileStatus.QUARANTINED, FileStatus.READY)
KILLS, KILLS_OF_A_CAMPAIGN = 3, 200
SENDERS = 3


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[S3Server]:
    with S3Server(tmp_path_factory.mktemp("s3")) as made:
        yield made


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time out after one second when a storage does not answer, and retry at once."""
    monkeypatch.setattr(s3, "TIMEOUT", "1s")
    monkeypatch.setattr(rules, "next_delay", lambda _attempts: timedelta(0))


@pytest_asyncio.fixture(loop_scope="session")
async def proxy(server: S3Server, live_resources: Resources) -> AsyncGenerator[StorageProxy]:
    """The proxy in front of the storage server, which the site uses from now on."""
    async with StorageProxy(server.address) as made:
        storage = make_storage(server.configure(live_resources.settings, made.address))
        live_resources.storage = storage
        yield made
        await storage.close()


@pytest_asyncio.fixture(loop_scope="session")
async def sender(live_client: httpx.AsyncClient, live_market: Market) -> httpx.AsyncClient:
    """A person who uploads."""
    await live_market.sign_in(live_client, await live_market.person())
    return live_client


async def rows(resources: Resources) -> list[tuple[File, list[FileObject]]]:
    async with resources.sessions() as session:
        files = (await session.execute(File.__table__.select())).mappings().all()
        objects = (await session.execute(FileObject.__table__.select())).mappings().all()
    return [(File(**row), [FileObject(**item) for item in objects if item["file_id"] == row["id"]]) for row in files]


async def broken(resources: Resources) -> list[str]:
    """Return the files whose rows exist but whose bytes are missing or different in the storage."""
    found: list[str] = []
    for file, objects in await rows(resources):
        for item in objects if file.status in ALIVE else ():
            whole, size = hashlib.sha256(), 0
            try:
                async for part in storage_of(resources).read(item.key):
                    whole.update(part)
                    size += len(part)
            except Exception as error:  # noqa: BLE001 - each is reported with its file
                found.append(f"{file.status} {item.role}: {type(error).__name__}")
                continue
            if (size, whole.hexdigest()) != (item.size, item.sha256):
                found.append(f"{file.status} {item.role}: {size} of {item.size}")
    return found


async def sweep(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run every cleanup task as if all grace periods had passed."""
    with monkeypatch.context() as patch:
        patch.setattr(rules, "GRACE", timedelta(0))
        await sweep_files(resources)
        await remove_orphans(resources)


async def finish(client: httpx.AsyncClient, resources: Resources, upload: dict[str, Any], content: bytes) -> None:
    """Continue an upload as a browser does, have it inspected, and compare the download."""
    known = (await client.get(f"{API}/{upload['id']}")).json()
    if not known["whole"]:
        answer = await piece(client, upload, known["offset"], content[known["offset"] :])
        assert answer.json()["whole"] is True, answer.text
    await process_files(resources)
    file = (await client.get(f"/api/v1/files/{upload['id']}")).json()
    assert file["status"] == "ready"
    assert (await client.get(file["url"])).content == content


@pytest.mark.parametrize("size", [SMALL, IN_PARTS], ids=["in one piece", "in parts"])
@pytest.mark.parametrize("fault", list(Fault))
async def test_f26_a_storage_that_lies_costs_time_and_no_file(
    fault: Fault,
    size: int,
    sender: httpx.AsyncClient,
    proxy: StorageProxy,
    live_resources: Resources,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = os.urandom(size // 2).hex().encode()
    proxy.choose = lambda method, target: fault if method == "PUT" or "upload" in target else None
    upload = await begin(sender, len(content))
    answer = await piece(sender, upload, 0, content)
    assert any(done is fault for _request, done in proxy.done)
    if fault is not Fault.WRONG_ETAG:  # may be ignored: our own hash decides
        assert (answer.status_code, answer.json()["code"]) == (503, "storage-unavailable"), answer.text
    await sweep(live_resources, monkeypatch)
    assert await broken(live_resources) == []
    proxy.choose = lambda _method, _target: None
    await finish(sender, live_resources, upload, content)
    await sweep(live_resources, monkeypatch)
    assert await broken(live_resources) == []
    assert (await sender.get("/api/v1/files/limits")).json()["used_bytes"] == len(content)
    file = (await sender.get(f"/api/v1/files/{upload['id']}")).json()
    assert (await sender.get(file["url"])).content == content


async def test_f26_a_server_that_fails_while_it_is_looked_at(
    sender: httpx.AsyncClient, proxy: StorageProxy, live_resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"x" * SMALL
    upload = await begin(sender, len(content))
    assert (await piece(sender, upload, 0, content)).json()["whole"] is True
    for fault in (Fault.REFUSED, Fault.ANSWER_LOST):
        proxy.choose = partial(_always, fault)
        monkeypatch.setattr(rules, "next_delay", lambda _attempts: timedelta(seconds=5))
        await process_files(live_resources)
        assert (await sender.get(f"/api/v1/files/{upload['id']}")).json()["status"] == "processing"
        async with live_resources.sessions() as session:
            await session.execute(update(File).values(next_try_at=File.created_at))
            await session.commit()
    proxy.choose = lambda _method, _target: None
    await finish(sender, live_resources, upload, content)


def _always(fault: Fault, _method: str, _target: str) -> Fault:
    return fault


async def _killed_rounds(sender: httpx.AsyncClient, server: S3Server, resources: Resources, kills: int) -> None:
    """Kill and restart the server repeatedly during uploads, and continue each of them."""
    chance = random.Random(kills)  # noqa: S311 - no secret
    uploads: dict[str, tuple[dict[str, Any], bytes]] = {}
    for _kill in range(kills):
        fresh: list[tuple[dict[str, Any], bytes]] = []
        for _sender in range(SENDERS):
            content = chance.randbytes(chance.choice((SMALL, SMALL, IN_PARTS)) // 2).hex().encode()
            fresh.append((await begin(sender, len(content)), content))
        sending = [asyncio.create_task(piece(sender, upload, 0, content)) for upload, content in fresh]
        await asyncio.sleep(chance.uniform(0, 0.25))
        await asyncio.to_thread(server.kill)
        for answer in await asyncio.gather(*sending):
            assert answer.is_success or answer.json()["code"] == "storage-unavailable", answer.text
        await asyncio.to_thread(server.start)
        assert await broken(resources) == []
        for upload, content in fresh:
            await finish(sender, resources, upload, content)
            uploads[upload["id"]] = (upload, content)
            if len(uploads) > 2 * SENDERS:  # the quota is not tested here
                await _remove(sender, resources, next(iter(uploads)), uploads)
    for upload, content in uploads.values():
        await finish(sender, resources, upload, content)


async def _remove(sender: httpx.AsyncClient, resources: Resources, key: str, uploads: dict[str, Any]) -> None:
    assert (await sender.delete(f"/api/v1/files/{key}")).status_code == 204
    del uploads[key]
    await sweep_files(resources)


async def test_f09_a_server_killed_among_uploads(
    sender: httpx.AsyncClient, server: S3Server, proxy: StorageProxy, live_resources: Resources
) -> None:
    assert proxy.address
    await _killed_rounds(sender, server, live_resources, KILLS)


@pytest.mark.campaign
@pytest.mark.timeout(3600)
async def test_f09_two_hundred_kills(
    sender: httpx.AsyncClient, server: S3Server, proxy: StorageProxy, live_resources: Resources
) -> None:
    assert proxy.address
    await _killed_rounds(sender, server, live_resources, KILLS_OF_A_CAMPAIGN)


@contextmanager
def disk_of(size: int) -> Generator[None]:
    """Limit the size of every file by the kernel: it acts like a full disk and needs no privilege."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_f28_a_full_disk_keeps_what_fits_and_charges_nothing_for_the_rest(
    client: httpx.AsyncClient, sign_in: SignIn, resources: Resources, tmp_path: Path
) -> None:
    await sign_in(client)
    resources.storage = DiskStorage(tmp_path / "objects")
    content, space = os.urandom(2_000_000).hex().encode(), 1_500_000
    upload = await begin(client, len(content))
    with disk_of(space):
        answer = await piece(client, upload, 0, content)
        assert (answer.status_code, answer.json()["code"]) == (503, "storage-unavailable")
        whole = await client.post(
            "/api/v1/files", data={"kind": "order"}, files={"file": ("b.txt", content, "text/plain")}
        )
        assert (whole.status_code, whole.json()["code"]) == (503, "unavailable"), whole.text
    known = (await client.get(f"{API}/{upload['id']}")).json()
    assert 0 < known["offset"] <= space
    spool = spool_of(resources.settings)
    assert spool.path(UUID(upload["id"])).read_bytes() == content[: known["offset"]], "what is kept is what was sent"
    used = (await client.get("/api/v1/files/limits")).json()["used_bytes"]
    assert used == len(content), "the upload that goes on has its space, the other one gave it back"
    assert [item async for item in storage_of(resources).objects()] == []
    await finish(client, resources, upload, content)


async def test_f28_a_storage_without_room_shows_no_part_of_a_file(tmp_path: Path) -> None:
    source, storage = tmp_path / "source", DiskStorage(tmp_path / "objects")
    source.write_bytes(bytes(3_000_000))
    key = "a" * 40
    with disk_of(1_000_000), pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "hardlink_to", _another_disk)
        with pytest.raises(StorageUnavailableError):
            await storage.put(key, source)
    assert [item async for item in storage.objects()] == []
    assert not any(path.is_file() for path in (tmp_path / "objects").rglob("*"))
    await storage.put(key, source)
    assert await storage.size(key) == 3_000_000


def _another_disk(_path: Path, _target: Path) -> None:
    raise OSError("the spool is on another disk")


async def _leaves(person: Person, request: bytes, body: bytes) -> None:
    """Send the beginning of a request on a new connection and close it."""
    host, port = urlsplit(person.stack.address).netloc.split(":")
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in person.http.cookies.jar)
    common = f"Host: localhost\r\nOrigin: {person.origin}\r\nCookie: {cookies}\r\n"
    common += f"X-CSRF-TOKEN: {person.cookie('csrf_token')}\r\n\r\n"
    _reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request + common.encode() + body)
    await writer.drain()
    await asyncio.sleep(0.3)
    writer.transport.abort()


async def _until(person: Person, address: str, name: str, value: object) -> dict[str, Any]:
    """Repeat a request until the answer has this value, which another process is about to write."""
    found: dict[str, Any] = {}
    for _ask in range(300):
        found = (await person.get(address)).json()
        if found[name] == value:
            return found
        await asyncio.sleep(0.2)
    raise AssertionError(found)


async def test_f28_somebody_leaves_in_the_middle(stack: Stack) -> None:
    async with await somebody(stack, "leaver") as person:
        content = b"0123456789" * 60_000
        announced = {"kind": "order", "name": "a.txt", "size": len(content)}
        upload = (await person.post("/files/uploads", announced)).json()
        used = (await person.get("/files/limits")).json()["used_bytes"]
        assert used == len(content)
        head = f"PATCH /api/v1/files/uploads/{upload['id']} HTTP/1.1\r\nContent-Length: {len(content)}\r\n"
        head += "Content-Type: application/offset+octet-stream\r\nUpload-Offset: 0\r\n"
        await _leaves(person, head.encode(), content[:250_000])
        form = b'--x\r\nContent-Disposition: form-data; name="kind"\r\n\r\norder\r\n--x\r\n'
        form += b'Content-Disposition: form-data; name="file"; filename="b.txt"\r\n\r\n' + content[:250_000]
        whole = f"POST /api/v1/files HTTP/1.1\r\nContent-Length: {len(content)}\r\n"
        await _leaves(person, f"{whole}Content-Type: multipart/form-data; boundary=x\r\n".encode(), form)
        known = await _until(person, f"/files/uploads/{upload['id']}", "offset", 250_000)
        assert known["whole"] is False
        assert (await person.get("/files/limits")).json()["used_bytes"] == used, "the form left nothing behind"
        rest = await person.http.patch(
            f"/api/v1/files/uploads/{upload['id']}",
            content=content[250_000:],
            headers={
                "Content-Type": "application/offset+octet-stream",
                "Upload-Offset": "250000",
                "X-CSRF-TOKEN": str(person.cookie("csrf_token")),
                "Origin": person.origin,
            },
        )
        assert rest.json()["whole"] is True, rest.text
        file = await _until(person, f"/files/{upload['id']}", "status", "ready")
        assert (await person.http.get(file["url"])).content == content

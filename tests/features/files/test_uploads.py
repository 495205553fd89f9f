"""Uploads in chunks: continuing after a lost connection, limits while streaming, no duplicates, no remains."""

import asyncio
import errno
import io
import os
import resource
from collections.abc import AsyncIterator
from io import FileIO
from pathlib import Path
from typing import Any, override
from uuid import UUID

import httpx
import pytest
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect

from app.core.errors import DomainError
from app.core.ids import new_id
from app.core.resources import Resources
from app.features.files import rules, service, workflows
from app.features.files.errors import StorageDownError, UploadBusyError
from app.features.files.tasks import process_files
from app.gateways.storage import DiskStorage, StorageUnavailableError, storage_of
from app.gateways.upload_spool import WRITE_BYTES, Spool, SpoolFullError, append, spool_of
from app.models import FileObject, SubjectKind
from tests.conftest import SignIn
from tests.factories.orders import Market

API = "/api/v1/files/uploads"
PIECE = {"Content-Type": "application/offset+octet-stream"}


async def begin(client: httpx.AsyncClient, size: int, name: str = "a.txt") -> dict[str, Any]:
    """Start an upload."""
    answer = await client.post(API, json={"kind": "order", "name": name, "size": size})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def piece(client: httpx.AsyncClient, upload: dict[str, Any], offset: int, content: Any) -> httpx.Response:
    """Send a chunk."""
    headers = PIECE | {"Upload-Offset": str(offset)}
    return await client.patch(f"{API}/{upload['id']}", content=content, headers=headers)


async def test_pieces_become_a_file(client: httpx.AsyncClient, sign_in: SignIn, resources: Resources) -> None:
    await sign_in(client)
    content = b"0123456789" * 1_000
    upload = await begin(client, len(content))
    assert (upload["offset"], upload["whole"]) == (0, False)
    assert (await piece(client, upload, 0, content[:4_000])).headers["upload-offset"] == "4000"
    head = await client.head(f"{API}/{upload['id']}")
    assert (head.status_code, head.headers["upload-offset"], head.content) == (200, "4000", b"")
    wrong = await piece(client, upload, 3_000, content[3_000:])
    assert (wrong.status_code, wrong.json()["code"]) == (409, "upload-offset")
    assert (await piece(client, upload, 4_000, content[4_000:])).json()["whole"] is True
    # The response was lost, and the client asks for the offset and sends again.
    assert (await client.get(f"{API}/{upload['id']}")).json()["offset"] == len(content)
    assert (await piece(client, upload, len(content), b"")).json()["whole"] is True
    await process_files(resources)
    file = (await client.get(f"/api/v1/files/{upload['id']}")).json()
    assert (await client.get(file["url"])).content == content
    assert UUID(upload["id"]) not in set(spool_of(resources.settings).kept())


async def test_what_arrived_before_the_line_broke_stays(client: httpx.AsyncClient, sign_in: SignIn) -> None:
    await sign_in(client)
    upload = await begin(client, 3_000_000)

    async def broken() -> AsyncIterator[bytes]:
        for _piece in range(20):
            yield bytes(100_000)
        raise ClientDisconnect

    assert (await piece(client, upload, 0, broken())).json()["whole"] is False
    known = (await client.get(f"{API}/{upload['id']}")).json()
    assert known["offset"] == 2_000_000
    assert (await piece(client, upload, 2_000_000, bytes(1_000_000))).json()["whole"] is True


async def test_more_than_was_announced_is_refused_while_it_arrives(client: httpx.AsyncClient, sign_in: SignIn) -> None:
    await sign_in(client)
    upload = await begin(client, 10)
    answer = await piece(client, upload, 0, b"x" * 11)
    assert (answer.status_code, answer.json()["code"]) == (413, "file-too-large")
    assert (await client.get(f"{API}/{upload['id']}")).json()["offset"] == 0
    assert (await client.patch(f"{API}/{upload['id']}", json={}, headers={"Upload-Offset": "0"})).status_code == 415
    answer = await client.post(API, json={"kind": "order", "name": "a.txt", "size": rules.MAX_FILE_BYTES + 1})
    assert (answer.status_code, answer.json()["code"]) == (413, "file-too-large")


async def test_two_at_once_do_not_mix(client: httpx.AsyncClient, sign_in: SignIn, resources: Resources) -> None:
    await sign_in(client)
    upload = await begin(client, 10)
    with spool_of(resources.settings).writing(UUID(upload["id"])):
        answer = await piece(client, upload, 0, b"x" * 10)
    assert (answer.status_code, answer.json()["code"]) == (409, UploadBusyError.code)


async def test_a_cancelled_upload_gives_its_room_back(
    client: httpx.AsyncClient, sign_in: SignIn, resources: Resources
) -> None:
    await sign_in(client)
    upload = await begin(client, 1_000)
    await piece(client, upload, 0, b"x" * 500)
    assert (await client.get("/api/v1/files/limits")).json()["used_bytes"] == 1_000
    assert (await client.delete(f"{API}/{upload['id']}")).status_code == 204
    assert (await client.get("/api/v1/files/limits")).json()["used_bytes"] == 0
    assert UUID(upload["id"]) not in set(spool_of(resources.settings).kept())


async def test_p15_upload_of_any_size_takes_the_same_memory(
    client: httpx.AsyncClient, sign_in: SignIn, resources: Resources
) -> None:
    await sign_in(client)
    size, block = 64 * rules.MEGABYTE, bytes(range(256)) * 256
    upload = await begin(client, size, "a.mp4")

    async def stream() -> AsyncIterator[bytes]:
        for _piece in range(size // len(block)):
            yield block

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert (await piece(client, upload, 0, stream())).json()["whole"] is True
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 16 * 1_024, f"grew by {grown} KB"
    assert await stored_sizes(resources) == [size]


async def stored_sizes(resources: Resources) -> list[int]:
    """Return the lengths of the objects in the storage."""
    return [found.size async for found in storage_of(resources).objects()]


class AnswersLost(DiskStorage):
    """A storage that stores everything but loses its first responses."""

    lost = 1

    @override
    async def put(self, key: str, source: Path) -> None:
        await super().put(key, source)
        if self.lost:
            self.lost -= 1
            raise StorageUnavailableError("the answer got lost")


async def test_what_was_kept_although_the_answer_got_lost_becomes_ready(
    client: httpx.AsyncClient, sign_in: SignIn, resources: Resources, tmp_path: Path
) -> None:
    await sign_in(client)
    resources.storage = AnswersLost(tmp_path)
    upload = await begin(client, 4)
    assert (await piece(client, upload, 0, b"text")).json()["code"] == "storage-unavailable"
    known = (await client.get(f"{API}/{upload['id']}")).json()
    assert (known["offset"], known["whole"]) == (4, False)
    assert (await piece(client, upload, 4, b"")).json()["whole"] is True
    await process_files(resources)
    assert (await client.get(f"/api/v1/files/{upload['id']}")).json()["status"] == "ready"
    assert await stored_sizes(resources) == [4]


async def test_a_full_disk_keeps_whole_pieces_and_says_so(tmp_path: Path) -> None:
    spool, file_id = Spool(tmp_path), new_id()

    async def pieces() -> AsyncIterator[bytes]:
        yield bytes(100)

    with spool.writing(file_id) as handle:
        assert await append(handle, pieces(), 1_000) == 100
    descriptor = os.open("/dev/full", os.O_WRONLY)
    full = os.fdopen(descriptor, "wb", buffering=0)
    with full, pytest.raises(SpoolFullError):
        await append(full, pieces(), 1_000)
    assert spool.length(file_id) == 100


class FullForAMoment(FileIO):
    """A file on a disk that becomes full within a chunk, and has space again for the next one."""

    full = True

    @override
    def write(self, piece: Any, /) -> int:
        if not self.full:
            return super().write(piece)
        if len(piece) < WRITE_BYTES:
            self.full = False
            raise OSError(errno.ENOSPC, "no room")
        return super().write(piece[: WRITE_BYTES // 2])


async def test_what_the_disk_does_not_promise_to_keep_counts_as_not_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, file_id = Spool(tmp_path), new_id()

    async def pieces() -> AsyncIterator[bytes]:
        yield b"x" * 100

    def failing(_descriptor: int) -> None:
        raise OSError(errno.EIO, "the disk says no")

    with spool.writing(file_id) as handle:
        assert await append(handle, pieces(), 1_000) == 100
    with monkeypatch.context() as broken, spool.writing(file_id) as handle:
        broken.setattr(os, "fsync", failing)
        with pytest.raises(SpoolFullError):
            await append(handle, pieces(), 1_000)
    assert spool.length(file_id) == 100
    with spool.writing(file_id) as handle:
        assert await append(handle, pieces(), 1_000) == 200


async def test_room_that_comes_back_lets_nothing_be_written_twice(tmp_path: Path) -> None:
    """F28: the offset of an upload is the length of its file, so the file must contain exactly what was sent."""
    content = os.urandom(2 * WRITE_BYTES)

    async def pieces() -> AsyncIterator[bytes]:
        yield content

    with FullForAMoment(tmp_path / "upload", "ab") as handle, pytest.raises(SpoolFullError):
        await append(handle, pieces(), len(content))
    kept = (tmp_path / "upload").read_bytes()
    assert kept
    assert content.startswith(kept)


async def test_the_quota_holds_against_twenty_at_once(live_market: Market, live_resources: Resources) -> None:
    owner = await live_market.person()
    live_resources.settings = live_resources.settings.model_copy(update={"file_quota_bytes": 10_500})

    async def try_one() -> bool:
        async with live_market.uow() as work:
            made = await work.attempt(service.reserve_upload(work, owner, SubjectKind.ORDER, "a.txt", 1_000))
        return not isinstance(made, Exception)

    assert sum(await asyncio.gather(*(try_one() for _upload in range(20)))) == 10
    async with live_market.uow() as work:
        limits = await service.file_limits(work.session, live_resources.settings, owner)
        rows = (await work.session.execute(FileObject.__table__.select())).all()
    assert limits.used_bytes == 10_000
    assert len(rows) == 10


@pytest.mark.parametrize("second", [("a.exe", 5), ("empty.txt", 0), ("large.txt", 200_000)])
async def test_files_of_one_form_are_stored_all_or_none(
    resources: Resources, uow: Any, as_actor: Any, second: tuple[str, int]
) -> None:
    """A form whose second file is refused leaves no file of which its sender knows nothing."""
    owner = await as_actor()
    resources.settings = resources.settings.model_copy(update={"file_quota_bytes": 100_000})
    name, size = second
    sent = [
        (UploadFile(io.BytesIO(b"good"), size=4, filename="good.txt"), None),
        (UploadFile(io.BytesIO(b"x" * size), size=size, filename=name), None),
    ]
    with pytest.raises(DomainError):
        await workflows.store_uploads(resources, owner, SubjectKind.ORDER, sent)
    async with uow() as work:
        assert (await service.list_own_files(work.session, owner, None, 10, unused=False)).items == []


class FailsAtSecond(DiskStorage):
    """A storage that takes the first object and no other."""

    asked = 0

    @override
    async def put(self, key: str, source: Path) -> None:
        self.asked += 1
        if self.asked > 1:
            raise StorageUnavailableError("no space")
        await super().put(key, source)


async def test_a_storage_that_fails_for_one_file_leaves_none_of_the_form(
    resources: Resources, uow: Any, as_actor: Any, tmp_path: Path
) -> None:
    owner = await as_actor()
    resources.storage = storage = FailsAtSecond(tmp_path / "files")
    before = set(spool_of(resources.settings).kept())
    sent = [(UploadFile(io.BytesIO(b"text"), size=4, filename=f"{number}.txt"), None) for number in range(3)]
    with pytest.raises(StorageDownError):
        await workflows.store_uploads(resources, owner, SubjectKind.ORDER, sent)
    async with uow() as work:
        limits = await service.file_limits(work.session, resources.settings, owner)
    assert limits.used_bytes == 0
    assert storage.asked == 2
    assert set(spool_of(resources.settings).kept()) <= before

"""The interface of storages, one suite for each driver: the disk, a real S3 server, and Supabase's API."""

import asyncio
import base64
import errno
import json
import os
from collections.abc import AsyncGenerator, Generator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import obstore
import pytest
import pytest_asyncio
from pydantic import SecretStr
from sqlalchemy import select, update

from app.core.clock import utc_now
from app.core.config import Settings
from app.core.resources import Resources
from app.features.files import rules
from app.features.files.tasks import process_files, scrub_files
from app.gateways.storage import (
    DiskStorage,
    ObjectMissingError,
    ObjectTooLargeError,
    Storage,
    StorageUnavailableError,
    make_storage,
    new_key,
    probe,
)
from app.gateways.storage.s3 import S3Storage
from app.gateways.storage.supabase import SupabaseStorage
from app.models import FileObject
from tests.conftest import SignIn
from tests.gateways.s3_server import S3Server, free_port
from tests.gateways.supabase_server import MAX_BYTES, PUBLIC_KEY, SERVICE_KEY, supabase_server

SIZE = 20 * 1_048_576 + 17
REAL = {name: os.environ.get(name, "") for name in ("SUPABASE_URL", "SUPABASE_KEY")}  # noqa: TID251 - enables the test with the real service
DRIVERS = ["disk", "s3", "supabase", *(["real supabase"] if all(REAL.values()) else [])]


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[S3Server]:
    """A real S3 server on loopback."""
    with S3Server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(scope="session")
def supabase_address() -> Generator[str]:
    """A server that implements Supabase's storage API."""
    with supabase_server() as address:
        yield address


def configured(settings: Settings, **values: Any) -> Settings:
    """Return settings with these values."""
    return settings.model_copy(update=values)


@pytest_asyncio.fixture(loop_scope="session", params=DRIVERS)
async def storage(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> AsyncGenerator[Storage]:
    """Each driver in turn, created from its settings."""
    if request.param == "disk":
        chosen = configured(settings, data_dir=tmp_path)
    elif request.param == "s3":
        chosen = request.getfixturevalue("s3_server").configure(settings)
    elif request.param == "supabase":
        address = request.getfixturevalue("supabase_address")
        chosen = configured(settings, supabase_url=address, supabase_key=SecretStr(SERVICE_KEY))
    else:
        key = SecretStr(REAL["SUPABASE_KEY"])
        chosen = configured(settings, supabase_url=REAL["SUPABASE_URL"], supabase_key=key)
    made = make_storage(chosen)
    yield made
    await made.close()


@pytest.fixture
def content() -> bytes:
    """Some megabytes without repetition."""
    return os.urandom(SIZE)


@pytest.fixture
def source(tmp_path: Path, content: bytes) -> Path:
    """The same as a file."""
    path = tmp_path / "source"
    path.write_bytes(content)
    return path


async def whole(storage: Storage, key: str, start: int = 0, end: int | None = None) -> bytes:
    """Read an object or a part of it."""
    return b"".join([piece async for piece in storage.read(key, start, end)])


async def test_what_was_put_is_read_whole_and_in_parts(storage: Storage, source: Path, content: bytes) -> None:
    key = new_key()
    await storage.put(key, source)
    assert await storage.size(key) == SIZE
    assert await whole(storage, key) == content
    for start, end in ((0, 1), (1_000_000, 3_000_001), (SIZE - 5, SIZE), (SIZE - 5, None), (7, 7)):
        assert await whole(storage, key, start, end) == content[start:end], (start, end)
    await storage.remove([key])


async def test_putting_the_same_again_changes_nothing(storage: Storage, tmp_path: Path) -> None:
    key, path = new_key(), tmp_path / "small"
    path.write_bytes(b"bytes")
    for _time in range(2):
        await storage.put(key, path)
    assert await whole(storage, key) == b"bytes"
    assert [found.size async for found in storage.objects() if found.key == key] == [5]
    await storage.remove([key])


async def test_what_is_not_there_is_told_and_removing_it_is_no_failure(storage: Storage) -> None:
    key = new_key()
    assert await storage.size(key) is None
    with pytest.raises(ObjectMissingError):
        await whole(storage, key)
    with pytest.raises(ObjectMissingError):
        await whole(storage, key, 5, 9)
    await storage.remove([key])
    await storage.remove([])


async def test_every_object_is_listed_until_it_is_removed(storage: Storage, tmp_path: Path) -> None:
    path = tmp_path / "small"
    path.write_bytes(b"bytes")
    keys = {new_key() for _object in range(5)}
    for key in keys:
        await storage.put(key, path)
    listed = [found async for found in storage.objects() if found.key in keys]
    assert {found.key for found in listed} == keys
    assert all(found.size == 5 and abs(utc_now() - found.modified) < timedelta(minutes=5) for found in listed)
    await storage.remove(sorted(keys))
    assert [found.key async for found in storage.objects() if found.key in keys] == []


@pytest.mark.parametrize("key", ["../../etc/passwd", "a/b", "", "Ж" * 40, "A" * 40, "a" * 4_000, "a" * 39 + "\0"])
async def test_nothing_but_our_own_keys_reaches_a_path(storage: Storage, key: str, tmp_path: Path) -> None:
    path = tmp_path / "small"
    path.write_bytes(b"bytes")
    with pytest.raises((ValueError, StorageUnavailableError)):
        await storage.put(key, path)
    with pytest.raises((ValueError, StorageUnavailableError)):
        await whole(storage, key)


@pytest.mark.parametrize("kind", ["s3", "supabase"])
async def test_a_server_that_does_not_answer_is_told_as_that(settings: Settings, kind: str, tmp_path: Path) -> None:
    path, nobody = tmp_path / "small", f"http://127.0.0.1:{free_port()}"
    path.write_bytes(b"bytes")
    secret = SecretStr("test-secret")
    values = {"s3_endpoint": nobody, "s3_access_key": "t", "s3_secret_key": secret}
    if kind == "supabase":
        values = {"supabase_url": nobody, "supabase_key": secret}
    storage = make_storage(configured(settings, **values))
    async with asyncio.timeout(30):
        for asking in (storage.put(new_key(), path), storage.size(new_key()), storage.remove([new_key()])):
            with pytest.raises(StorageUnavailableError):
                await asking
        with pytest.raises(StorageUnavailableError):
            await whole(storage, new_key())
        with pytest.raises(StorageUnavailableError):
            assert [found async for found in storage.objects()]
    await storage.close()


async def test_a_wrong_key_is_trouble_and_not_a_missing_object(settings: Settings, supabase_address: str) -> None:
    storage = make_storage(configured(settings, supabase_url=supabase_address, supabase_key=SecretStr("wrong")))
    with pytest.raises(StorageUnavailableError):
        await storage.size(new_key())
    await storage.close()


def test_the_address_chooses(settings: Settings) -> None:
    assert settings.storage_kind == "disk"
    assert configured(settings, s3_endpoint="http://s3").storage_kind == "s3"
    assert configured(settings, s3_endpoint="http://s3", supabase_url="http://sb").storage_kind == "supabase"
    assert configured(settings, supabase_url="http://sb", storage="disk").storage_kind == "disk"


async def test_a_disk_that_does_not_keep_its_word_leaves_nothing(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage, key, path = make_storage(configured(settings, data_dir=tmp_path)), new_key(), tmp_path / "small"
    path.write_bytes(b"bytes")

    def failing(_descriptor: int) -> None:
        raise OSError(errno.EIO, "the disk says no")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", failing)
        with pytest.raises(StorageUnavailableError):
            await storage.put(key, path)
    assert await storage.size(key) is None
    assert [found async for found in storage.objects()] == []
    await storage.put(key, path)
    assert await whole(storage, key) == b"bytes"


@pytest.mark.parametrize("wrong", ["a byte", "gone", "short"])
async def test_f36_rot_is_found_on_reading_and_by_the_scrubber(
    wrong: str, storage: Storage, resources: Resources, client: httpx.AsyncClient, sign_in: SignIn, tmp_path: Path
) -> None:
    await sign_in(client)
    resources.storage = storage
    content = b"precious" * 20_000
    made: list[dict[str, Any]] = []
    for name in ("read.txt", "scrubbed.txt"):
        sent = {"file": (name, content, "text/plain")}
        made.append((await client.post("/api/v1/files", data={"kind": "order"}, files=sent)).json())
    await process_files(resources)
    files = [(await client.get(f"/api/v1/files/{file['id']}")).json() for file in made]
    assert [file["status"] for file in files] == ["ready", "ready"]
    damaged = bytearray(content)
    damaged[70_000] ^= 1
    place = tmp_path / "damaged"
    place.write_bytes(damaged if wrong == "a byte" else content[:70_000])
    async with resources.sessions() as session:
        keys = (await session.execute(select(FileObject.key))).scalars().all()
    for key in keys:
        await storage.remove([key])
        if wrong != "gone":
            await storage.put(key, place)
    read = await client.get(files[0]["url"])
    assert (read.status_code, read.json()["code"]) == (503, "file-damaged"), "not a byte of it is served as good"
    async with resources.sessions() as session:
        await session.execute(update(FileObject).values(checked_at=utc_now() - 2 * rules.SCRUB))
        await session.commit()
    await scrub_files(resources)
    found = [(await client.get(f"/api/v1/files/{file['id']}")).json()["status"] for file in made]
    assert found == ["damaged", "damaged"]


def misplaced(settings: Settings, kind: str, address: str, bucket: str = "iplance") -> Storage:
    """Return a storage of this kind at an address, in a bucket of this name."""
    secret = SecretStr("test-secret" if kind == "s3" else SERVICE_KEY)
    values: dict[str, Any] = {"s3_endpoint": address, "s3_access_key": "test", "s3_secret_key": secret}
    if kind == "supabase":
        values = {"supabase_url": address, "supabase_key": secret}
    return make_storage(configured(settings, bucket_name=bucket, **values))


@pytest.mark.parametrize("kind", ["s3", "supabase"])
async def test_trouble_is_never_taken_for_a_missing_object(settings: Settings, kind: str) -> None:
    """F26, F36: an object reported as missing is not served any more, so unclear errors must not count as missing."""
    storage = misplaced(settings, kind, f"http://127.0.0.1:{free_port()}")
    with pytest.raises(StorageUnavailableError):
        await whole(storage, "416" + new_key()[3:])
    await storage.close()


@pytest.mark.parametrize("kind", ["s3", "supabase"])
async def test_a_bucket_that_is_not_there_says_nothing_about_objects(
    settings: Settings, kind: str, request: pytest.FixtureRequest
) -> None:
    """F36: with a wrong bucket name in the settings, the weekly check must not report every file as damaged."""
    named = "s3_server" if kind == "s3" else "supabase_address"
    server = request.getfixturevalue(named)
    storage = misplaced(settings, kind, getattr(server, "address", server), "nobody-made-this")
    with pytest.raises(StorageUnavailableError):
        await whole(storage, new_key())
    await storage.close()


async def test_what_others_keep_in_the_same_place_is_not_ours(storage: Storage, tmp_path: Path) -> None:
    path, key, foreign = tmp_path / "small", new_key(), "cafe"
    path.write_bytes(b"bytes")
    await storage.put(key, path)
    if isinstance(storage, DiskStorage):
        (storage._place(key).parent / foreign).write_bytes(b"bytes")
        (storage._root / foreign).write_bytes(b"bytes")
    elif isinstance(storage, S3Storage):
        await obstore.put_async(storage._store, foreign, path)
    elif isinstance(storage, SupabaseStorage):
        await (await storage._connected()).storage.from_(storage._bucket).upload(foreign, path)
    listed = {found.key async for found in storage.objects()}
    assert key in listed
    assert foreign not in listed
    await storage.remove([key])
    if isinstance(storage, S3Storage):
        await obstore.delete_async(storage._store, foreign)
    elif isinstance(storage, SupabaseStorage):
        await (await storage._connected()).storage.from_(storage._bucket).remove([foreign])


async def test_half_a_copy_of_a_dead_process_goes_with_its_key(tmp_path: Path) -> None:
    """F09, F28: what is listed can be removed."""
    storage = DiskStorage(tmp_path / "files")
    key, path = new_key(), tmp_path / "small"
    path.write_bytes(b"bytes")
    await storage.put(key, path)
    storage._place(key).rename(storage._place(key).with_suffix(".part"))
    assert await storage.size(key) is None
    assert [found.key async for found in storage.objects()] == [key]
    await storage.remove([key])
    assert [found async for found in storage.objects()] == []


async def test_a_key_that_sees_no_objects_does_not_make_them_missing(
    settings: Settings, supabase_address: str, tmp_path: Path
) -> None:
    path, key = tmp_path / "small", new_key()
    path.write_bytes(b"bytes")
    good, public = (
        make_storage(configured(settings, supabase_url=supabase_address, supabase_key=SecretStr(key)))
        for key in (SERVICE_KEY, PUBLIC_KEY)
    )
    await good.put(key, path)
    with pytest.raises(StorageUnavailableError, match=r"403: new row violates"):
        await whole(public, key)
    with pytest.raises(StorageUnavailableError, match=r"403: new row violates"):
        await public.size(key)
    with pytest.raises(StorageUnavailableError, match=r"403: new row violates"):
        await probe(public)
    assert await whole(good, key) == b"bytes"
    await good.remove([key])
    await good.close()
    await public.close()


async def test_a_probe_leaves_nothing_behind(storage: Storage) -> None:
    before = {found.key async for found in storage.objects()}
    await probe(storage)
    assert {found.key async for found in storage.objects()} == before


async def test_a_limit_of_the_storage_is_told_and_not_tried_again(
    settings: Settings, supabase_address: str, tmp_path: Path
) -> None:
    path = tmp_path / "large"
    path.write_bytes(bytes(MAX_BYTES + 1))
    storage = make_storage(configured(settings, supabase_url=supabase_address, supabase_key=SecretStr(SERVICE_KEY)))
    with pytest.raises(ObjectTooLargeError) as caught:
        await storage.put(new_key(), path)
    assert caught.value.limit == MAX_BYTES
    await storage.close()


@pytest.mark.parametrize("role", ["anon", "authenticated", "sb_publishable_x"])
def test_a_key_that_browsers_have_is_refused_at_start(role: str) -> None:
    body = base64.urlsafe_b64encode(json.dumps({"role": role}).encode()).decode().rstrip("=")
    key = role if role.startswith("sb_") else f"e30.{body}.signature"
    with pytest.raises(ValueError, match="SUPABASE_KEY has the role"):
        Settings(supabase_url="https://x.supabase.co", supabase_key=SecretStr(key))


@pytest.mark.parametrize(
    "key", ["sb_secret_x", f"e30.{base64.urlsafe_b64encode(b'{"role":"service_role"}').decode()}.x"]
)
def test_a_key_of_the_server_is_taken(key: str) -> None:
    assert Settings(supabase_url="https://x.supabase.co", supabase_key=SecretStr(key)).storage_kind == "supabase"


async def test_files_that_were_marked_wrongly_heal(
    resources: Resources, client: httpx.AsyncClient, sign_in: SignIn, tmp_path: Path, settings: Settings
) -> None:
    await sign_in(client)
    storage = resources.storage = make_storage(configured(settings, data_dir=tmp_path))
    sent = {"file": ("a.txt", b"text", "text/plain")}
    made = (await client.post("/api/v1/files", data={"kind": "order"}, files=sent)).json()
    await process_files(resources)
    file = (await client.get(f"/api/v1/files/{made['id']}")).json()
    resources.storage = make_storage(configured(settings, data_dir=tmp_path / "elsewhere"))
    assert (await client.get(file["url"])).json()["code"] == "file-damaged"
    resources.storage = storage
    async with resources.sessions() as session:
        await session.execute(update(FileObject).values(checked_at=utc_now() - 2 * rules.SECOND_LOOK))
        await session.commit()
    await scrub_files(resources)
    assert (await client.get(f"/api/v1/files/{made['id']}")).json()["status"] == "ready"
    assert (await client.get(file["url"])).content == b"text"

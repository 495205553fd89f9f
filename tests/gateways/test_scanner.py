"""The scanner: clamd's protocol, and that a file is not served unless it was scanned."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from app.core.clock import utc_now
from app.core.resources import Resources
from app.features.files.tasks import process_files
from app.gateways.malware_scanner import ClamdScanner, NullScanner, ScannerUnavailableError, scanner_of
from app.models import File
from tests.conftest import SignIn
from tests.gateways.clamd import EICAR, clamd


async def test_what_is_found_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    async with clamd(tmp_path / "s") as address:
        for content, found in ((b"harmless" * 100_000, None), (b"x" + EICAR, "Eicar-Test-Signature"), (b"", None)):
            await asyncio.to_thread(file.write_bytes, content)
            assert await ClamdScanner(address).scan(file) == found


@pytest.mark.parametrize("said", [b"", b"INSTREAM size limit exceeded. ERROR\0", b"stream: OKAY\0", b"\xff\xff"])
async def test_what_is_no_verdict_is_none(tmp_path: Path, said: bytes) -> None:
    file = tmp_path / "file"
    await asyncio.to_thread(file.write_bytes, b"text")
    async with clamd(tmp_path / "s", lambda _content: said) as address:
        with pytest.raises(ScannerUnavailableError):
            await ClamdScanner(address).scan(file)


async def test_a_scanner_that_is_not_there(tmp_path: Path) -> None:
    for address in (f"unix:{tmp_path}/none", "127.0.0.1:1", "nonsense"):
        with pytest.raises(ScannerUnavailableError):
            await ClamdScanner(address).scan(tmp_path)


async def test_without_one_nothing_is_scanned(resources: Resources, tmp_path: Path) -> None:
    assert isinstance(scanner_of(resources), NullScanner)
    assert await NullScanner().scan(tmp_path) is None


async def test_a_file_is_held_until_somebody_has_looked_at_it(
    client: httpx.AsyncClient, sign_in: SignIn, resources: Resources, tmp_path: Path, uow: Any
) -> None:
    await sign_in(client)
    resources.scanner = ClamdScanner(f"unix:{tmp_path}/s")
    ids: list[str] = []
    for name, content in (("good.txt", b"harmless"), ("bad.txt", EICAR)):
        answer = await client.post("/api/v1/files", files={"file": (name, content)}, data={"kind": "order"})
        ids.append(answer.json()["id"])

    async def states() -> list[tuple[str, bool]]:
        async with uow() as work:
            await work.session.execute(update(File).values(next_try_at=utc_now() - timedelta(minutes=1)))
        await process_files(resources)
        found = [(await client.get(f"/api/v1/files/{file_id}")).json() for file_id in ids]
        return [(file["status"], file["url"] is not None) for file in found]

    assert await states() == [("quarantined", False), ("quarantined", False)]
    async with clamd(tmp_path / "s"):
        assert await states() == [("ready", True), ("refused", False)]
    assert (await client.get(f"/api/v1/files/{ids[1]}")).json()["note"] == "The scanner found malware."

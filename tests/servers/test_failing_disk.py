"""System calls for files fail (reliability.md F29): libfiu intercepts those of the processes.

In every case: the response reports it, no partial file is left, the upload continues once the disk works again, and all
bytes that the rows name exist.
"""

import errno
import hashlib
import io
import random
import subprocess
from collections.abc import Generator
from pathlib import Path
from typing import Any, override

import asyncpg
import httpx
import pytest
from PIL import Image
from sqlalchemy import make_url

from tests.e2e.api_clients import Person, somebody
from tests.e2e.stack import Stack
from tests.running.instance import open_folder
from tests.servers.external_servers import Outside
from tests.servers.test_external_servers import command

pytestmark = [pytest.mark.timeout(300)]
SYNC, RENAME = "posix/io/sync/fsync", "posix/io/dir/rename"


class FailingStack(Stack):
    """Processes whose system calls can be made to fail while they run."""

    @override
    def command(self, role: str) -> list[str]:
        """Run a role under libfiu; the worker has one process because children would not be reached."""
        pool = ["--pool=solo"] if role == "worker" else []
        return ["fiu-run", "-x", "-f", str(self.folder / "fiu"), *super().command(role), *pool]

    def send_command(self, role: str, order: str) -> None:
        """Tell a role which calls fail from now on, or no longer."""
        pid = str(self.processes[role].pid)
        words = ["fiu-ctrl", "-f", str(self.folder / "fiu"), "-c", order, pid]
        subprocess.run(words, check=True, capture_output=True, timeout=20)  # noqa: S603 - of the installed package

    def break_(self, role: str, point: str) -> None:
        """Make the disk fail at this point."""
        self.send_command(role, f"enable name={point},failinfo={errno.EIO}")

    def repair(self, role: str, point: str) -> None:
        """Make it work again."""
        self.send_command(role, f"disable name={point}")


@pytest.fixture(scope="module")
def stack(outside: Outside) -> Generator[FailingStack]:
    """Web and worker on a disk that can fail."""
    with open_folder() as folder:
        told = command(outside, "app", "prepare", DATA_DIR=str(folder / "data"), DATABASE_URL=outside.direct)
        assert told.returncode == 0, told.stderr
        settings = {"SSL_CERT_FILE": str(outside.ca)}
        roles = ("web", "worker", "beat")
        made = FailingStack(
            folder, database_url=outside.direct, redis_url=outside.redis, roles=roles, settings=settings
        )
        with made:
            yield made


def picture(seed: int) -> bytes:
    """Return a unique picture."""
    made = io.BytesIO()
    noise = random.Random(seed).randbytes(3 * 300 * 200)  # noqa: S311 - no secret
    Image.frombytes("RGB", (300, 200), noise).save(made, "PNG")
    return made.getvalue()


async def announce(person: Person, content: bytes) -> dict[str, Any]:
    answer = await person.post("/files/uploads", {"kind": "order", "name": "a.png", "size": len(content)})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def send(person: Person, upload: dict[str, Any], offset: int, content: bytes) -> httpx.Response:
    headers = {
        "Content-Type": "application/offset+octet-stream",
        "Upload-Offset": str(offset),
        "X-CSRF-TOKEN": str(person.cookie("csrf_token")),
        "Origin": person.origin,
    }
    return await person.http.patch(f"/api/v1/files/uploads/{upload['id']}", content=content, headers=headers)


async def until_ready(person: Person, stack: FailingStack, upload: dict[str, Any]) -> dict[str, Any]:
    file: dict[str, Any] = {}

    def is_ready() -> bool:
        cookies = {cookie.name: str(cookie.value) for cookie in person.http.cookies.jar}
        file.update(httpx.get(f"{stack.address}/api/v1/files/{upload['id']}", cookies=cookies).json())
        return bool(file["status"] == "ready")

    stack.wait_until(is_ready, "the file is ready")
    return file


async def broken(outside: Outside, stack: FailingStack) -> list[str]:
    """Return what rows name and the disk does not have, and partial files on the disk."""
    address = make_url(outside.direct).set(drivername="postgresql", query={}).render_as_string(hide_password=False)
    connection = await asyncpg.connect(address, ssl="require", timeout=10)
    try:
        rows = await connection.fetch("SELECT key, sha256 FROM file_objects WHERE file_id IS NOT NULL")
    finally:
        await connection.close()
    assert rows
    folder = stack.folder / "data" / "files"
    found = [str(path) for path in folder.rglob("*.part")]
    for row in rows:
        place = folder / row["key"][:2] / row["key"]
        if not place.exists() or hashlib.sha256(place.read_bytes()).hexdigest() != row["sha256"]:
            found.append(row["key"])
    return found


@pytest.mark.parametrize("point", [SYNC, RENAME], ids=["fsync", "rename"])
async def test_f29_a_site_whose_disk_fails_says_so_and_goes_on(
    point: str, stack: FailingStack, outside: Outside
) -> None:
    async with await somebody(stack, "f29web") as person:
        content = picture(len(point))
        upload, half = await announce(person, content), len(content) // 2
        assert (await send(person, upload, 0, content[:half])).status_code == 200
        stack.break_("web", point)
        answer = await send(person, upload, half, content[half:])
        assert (answer.status_code, answer.json()["code"]) == (503, "storage-unavailable"), answer.text
        known = (await person.get(f"/files/uploads/{upload['id']}")).json()
        # Bytes not flushed by fsync count as not sent; the rename follows after everything was flushed.
        assert (known["whole"], known["offset"]) == (False, half if point == SYNC else len(content))
        assert not list((stack.folder / "data" / "files").rglob("*.part"))
        stack.repair("web", point)
        answer = await send(person, upload, known["offset"], content[known["offset"] :])
        assert answer.json()["whole"] is True, answer.text
        file = await until_ready(person, stack, upload)
        assert file["preview_url"]
        shown = await person.http.get(file["url"])
        assert Image.open(io.BytesIO(shown.content)).tobytes() == Image.open(io.BytesIO(content)).tobytes()
    assert await broken(outside, stack) == []


@pytest.mark.parametrize("point", [SYNC, RENAME], ids=["fsync", "rename"])
async def test_f29_a_worker_whose_disk_fails_tries_again(point: str, stack: FailingStack, outside: Outside) -> None:
    async with await somebody(stack, "f29work") as person:
        content = picture(100 + len(point))
        upload = await announce(person, content)
        stack.break_("worker", point)
        assert (await send(person, upload, 0, content)).json()["whole"] is True
        log = stack.processes["worker"].log
        begin = len(log.read_bytes())
        stack.wait_until(lambda: tried(log, begin), "the worker has tried", 30)
        file = (await person.get(f"/files/{upload['id']}")).json()
        assert (file["status"], file["url"], file["preview_url"]) == ("processing", None, None)
        assert await broken(outside, stack) == []
        stack.repair("worker", point)
        assert (await until_ready(person, stack, upload))["preview_url"]
    assert await broken(outside, stack) == []


def tried(log: Path, begin: int) -> bool:
    """Tell whether the worker has logged a storage failure since then."""
    return b"StorageUnavailable" in log.read_bytes()[begin:]

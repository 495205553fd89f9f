"""Upload and download of a large file, against a raw copy of the same bytes: socket to disk with fsync, and back."""

import asyncio
import json
import os
import socket
import statistics
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.core.resources import open_resources
from app.features.files.tasks import process_files
from bench.environment import Person, Served
from bench.report import Section, at_least
from bench.run import Run

MEGABYTES = 64
PIECE = "application/offset+octet-stream"


def _call(web: Served, person: Person, method: str, path: str, body: bytes, **headers: str) -> dict[str, Any]:
    sent = {"Content-Type": "application/json", **person.bearer, **headers}
    request = urllib.request.Request(f"http://127.0.0.1:{web.port}{path}", body or None, sent, method=method)
    with urllib.request.urlopen(request, timeout=120) as answer:
        found: dict[str, Any] = json.loads(answer.read() or b"{}")
        return found


def _upload(web: Served, person: Person, content: bytes) -> str:
    about = {"kind": "order", "name": "film.mp4", "size": len(content)}
    made = _call(web, person, "POST", "/api/v1/files/uploads", json.dumps(about).encode())
    path = f"/api/v1/files/uploads/{made['id']}"
    _call(web, person, "PATCH", path, content, **{"Content-Type": PIECE, "Upload-Offset": "0"})
    return str(made["id"])


def _drain(line: socket.socket, take: Callable[[bytes], object]) -> None:
    while piece := line.recv(1_048_576):
        take(piece)


def _raw_in(content: bytes, path: Path) -> None:
    """Send bytes over a socket to a process that writes them to disk with fsync."""
    ours, theirs = socket.socketpair()

    def keep() -> None:
        with path.open("wb") as handle:
            _drain(theirs, handle.write)
            handle.flush()
            os.fsync(handle.fileno())

    keeping = threading.Thread(target=keep)
    keeping.start()
    ours.sendall(content)
    ours.close()
    keeping.join()


def _raw_out(path: Path) -> None:
    """Read a file and send it over a socket."""
    ours, theirs = socket.socketpair()

    def give() -> None:
        with path.open("rb") as handle:
            theirs.sendfile(handle)
        theirs.close()

    giving = threading.Thread(target=give)
    giving.start()
    _drain(ours, len)
    giving.join()


def _download(url: str) -> None:
    with urllib.request.urlopen(url, timeout=120) as answer:
        while answer.read(1_048_576):
            pass


def _timed(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


async def _look(run: Run) -> None:
    servers = run.world.servers
    async with open_resources(
        run.world.settings, database_url=servers.database_url, redis_url=servers.redis_url
    ) as resources:
        await process_files(resources)


def measure(run: Run) -> list[Section]:
    """Alternate: raw upload, ipLance upload, raw download, ipLance download."""
    content = b"\0\0\0\x20ftypisom" + os.urandom(MEGABYTES * 1_048_576 - 12)
    path = run.world.folder / "raw-copy"
    times: dict[str, list[float]] = {"raw in": [], "in": [], "raw out": [], "out": []}
    with run.world.iplance() as web:
        person = run.world.people(web)[0]
        for _round in range(max(3, run.rounds)):
            times["raw in"].append(_timed(lambda: _raw_in(content, path)))
            began = time.perf_counter()
            file_id = _upload(web, person, content)
            times["in"].append(time.perf_counter() - began)
            asyncio.run(_look(run))
            file = _call(web, person, "GET", f"/api/v1/files/{file_id}", b"")
            url = f"http://127.0.0.1:{web.port}{file['url']}"
            times["raw out"].append(_timed(lambda: _raw_out(path)))
            times["out"].append(_timed(lambda url=url: _download(url)))
            _call(web, person, "DELETE", f"/api/v1/files/{file_id}", b"")
    path.unlink()
    middle = {name: statistics.median(found) for name, found in times.items()}
    rows = [
        [words, f"{MEGABYTES / middle[name]:.0f}", f"{middle[raw] / middle[name]:.2f}"]
        for words, name, raw in (
            ("raw copy to disk with fsync", "raw in", "raw in"),
            ("ipLance, upload in one piece, hashed, kept", "in", "raw in"),
            ("raw copy from disk", "raw out", "raw out"),
            ("ipLance, download, every block checked", "out", "raw out"),
        )
    ]
    section = Section("A file of 64 MB", ["entry", "MB/s", "ratio"], rows)
    section.how = f"{max(3, run.rounds)} rounds, one at a time, over loopback."
    section.goals = [
        at_least("upload against a raw copy", middle["raw in"] / middle["in"], 0.1, clean=True),
        at_least("download against a raw copy", middle["raw out"] / middle["out"], 0.05, clean=True),
    ]
    return [section]

"""A proxy between the site and a storage server that makes selected requests fail in the ways networks do."""

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from typing import Self
from urllib.parse import urlsplit

LENGTH = re.compile(rb"(?im)^content-length:\s*(\d+)")
ETAG = re.compile(rb"(?im)^etag:.*$")
END = b"\r\n\r\n"
MAX_HEAD = 65_536


class Fault(StrEnum):
    """How a selected request fails."""

    REFUSED = "refused"
    """Answered with 503; the server does not get it."""
    SLOW = "slow"
    """Never answered; the server does not get it."""
    WRONG_ETAG = "wrong_etag"
    """Executed, but the answer has the checksum of other bytes."""
    ANSWER_LOST = "answer_lost"
    """Executed, but the connection is closed before the answer."""


class StorageProxy:
    """Forwards HTTP requests one by one; `choose` selects a fault by method and target."""

    def __init__(self, target: str) -> None:
        split = urlsplit(target)
        self._target = (str(split.hostname), int(split.port or 80))
        self.choose: Callable[[str, str], Fault | None] = lambda _method, _target: None
        self.done: list[tuple[str, Fault | None]] = []
        self.address = ""
        self._lines: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._over = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=MAX_HEAD)
        self.address = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self._over.set()
        for writer in self._lines.values():
            writer.close()
        await asyncio.gather(*self._lines)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = asyncio.current_task()
        assert line is not None
        self._lines[line] = writer
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                while await self._one(reader, writer):
                    pass
        finally:
            await _close(writer)
            del self._lines[line]

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Forward one request; return False if the connection is to be closed."""
        head = await reader.readuntil(END)
        method, target, _rest = head.split(b" ", 2)
        fault = self.choose(method.decode(), target.decode())
        self.done.append((f"{method.decode()} {target.decode()}", fault))
        found = LENGTH.search(head)
        body = await reader.readexactly(int(found[1]) if found else 0)
        if fault is Fault.SLOW:
            await self._over.wait()
            return False
        if fault is Fault.REFUSED:
            writer.write(b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n")
            return True
        answer = await self._forward(head, body, has_body=method != b"HEAD")
        if fault is Fault.ANSWER_LOST:
            return False
        if fault is Fault.WRONG_ETAG:
            answer = ETAG.sub(b'ETag: "00000000000000000000000000000000"\r', answer, count=1)
        writer.write(answer)
        await writer.drain()
        return True

    async def _forward(self, head: bytes, body: bytes, *, has_body: bool) -> bytes:
        """Send the request to the server on a new connection and return the whole response."""
        reader, writer = await asyncio.open_connection(*self._target, limit=MAX_HEAD)
        try:
            writer.write(head + body)
            answer = await reader.readuntil(END)
            found = LENGTH.search(answer)
            length = int(found[1]) if found and has_body else 0
            return answer + await reader.readexactly(length)
        finally:
            await _close(writer)


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()

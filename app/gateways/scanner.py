"""Malware scanning: clamd's protocol, and a null scanner where none is configured."""

import asyncio
from pathlib import Path
from typing import override

from app.core.config import Settings
from app.core.ports import Scanner
from app.core.resources import Resources

PIECE_BYTES = 131_072
CONNECT_SECONDS = 3.0
SCAN_SECONDS = 12.0
LONGEST_ANSWER = 4_096
SOCKET = "unix:"


class ScannerUnavailableError(Exception):
    """The scanner does not answer or could not scan the whole file, so the result is unknown."""


class NullScanner(Scanner):
    """Scans nothing: no scanner is configured."""

    @override
    async def scan(self, path: Path) -> str | None:
        del path
        return None


class ClamdScanner(Scanner):
    """Streams the bytes to clamd (INSTREAM), so that clamd needs no access to our files."""

    def __init__(self, address: str) -> None:
        self._address = address

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._address.startswith(SOCKET):
            return await asyncio.open_unix_connection(self._address.removeprefix(SOCKET))
        host, _colon, port = self._address.rpartition(":")
        return await asyncio.open_connection(host.strip("[]"), int(port))

    @override
    async def scan(self, path: Path) -> str | None:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                reader, writer = await self._connect()
            try:
                async with asyncio.timeout(SCAN_SECONDS):
                    said = await self._ask(reader, writer, path)
            finally:
                writer.close()
        except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError) as error:
            raise ScannerUnavailableError(type(error).__name__) from error
        return _verdict(said)

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: Path) -> str:
        writer.write(b"zINSTREAM\0")
        with path.open("rb") as handle:
            while piece := await asyncio.to_thread(handle.read, PIECE_BYTES):
                writer.write(len(piece).to_bytes(4) + piece)
                await writer.drain()
        writer.write(bytes(4))
        await writer.drain()
        return (await reader.read(LONGEST_ANSWER)).rstrip(b"\0\n").decode("utf-8", "replace")


def _verdict(said: str) -> str | None:
    """Parse clamd's answer; anything that is neither clearly clean nor clearly infected is unknown."""
    name = said.removeprefix("stream: ")
    if name == "OK":
        return None
    if name.endswith(" FOUND"):
        return name.removesuffix(" FOUND")
    raise ScannerUnavailableError(said[:100])


def _made(settings: Settings) -> Scanner:
    return ClamdScanner(settings.scanner) if settings.scanner else NullScanner()


def scanner_of(resources: Resources) -> Scanner:
    """Return the process's scanner: the configured one unless the context has another one."""
    if resources.scanner is None:
        resources.scanner = _made(resources.settings)
    return resources.scanner

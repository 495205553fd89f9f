"""A server on loopback that speaks the protocol of clamd, and the EICAR test file."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

# The EICAR test file, assembled here so that no scanner reports this source file.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}" + rb"$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def verdict(content: bytes) -> bytes:
    """Answer as clamd does."""
    return b"stream: Eicar-Test-Signature FOUND\0" if EICAR in content else b"stream: OK\0"


@asynccontextmanager
async def clamd(path: Path, answer: Callable[[bytes], bytes] = verdict) -> AsyncGenerator[str]:
    """Run a server that speaks INSTREAM on a socket; yield its address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readuntil(b"\0") == b"zINSTREAM\0"
        content = b""
        while length := int.from_bytes(await reader.readexactly(4)):
            content += await reader.readexactly(length)
        writer.write(answer(content))
        await writer.drain()
        writer.close()

    server = await asyncio.start_unix_server(serve, path)
    async with server:
        yield f"unix:{path}"

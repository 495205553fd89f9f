"""Receives the mail of an instance that has no mail server: one `.eml` file a message, newest 1,000 kept."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from app.core.clock import utc_now
from app.core.ids import new_id
from app.local.servers.layout import ServersError

KEPT = 1000
LARGEST = 32 * 1024 * 1024


class Catcher:
    """Writes each accepted message whole before it is acknowledged."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def handle_DATA(  # noqa: N802 - the name aiosmtpd calls
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Keep one message; the envelope goes into two headers."""
        sender = _header(envelope.mail_from or "<>")
        people = ", ".join(_header(address) for address in envelope.rcpt_tos)
        head = f"X-Envelope-From: {sender}\r\nX-Envelope-To: {people}\r\n".encode()
        body = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        await asyncio.to_thread(self.store, head + body)
        return "250 OK"

    def store(self, message: bytes) -> None:
        """Write, flush, rename: a reader never sees half a message."""
        name = f"{utc_now():%Y%m%dT%H%M%S%f}-{new_id()}.eml"
        part = self.folder / f".{name}"
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(message)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.folder / name)
        for old in sorted(self.folder.glob("*.eml"))[:-KEPT]:
            old.unlink(missing_ok=True)


def _header(text: str) -> str:
    return text.replace("\r", "").replace("\n", "")


async def serve(folder: Path, host: str, port: int) -> None:
    """Listen until SIGTERM or SIGINT."""
    await asyncio.to_thread(folder.mkdir, 0o700, parents=True, exist_ok=True)
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    catcher = Catcher(folder)
    try:
        server = await loop.create_server(
            lambda: SMTP(catcher, data_size_limit=LARGEST, enable_SMTPUTF8=True, hostname="localhost", loop=loop),
            host,
            port,
        )
    except OSError as error:
        raise ServersError(
            f"The mail catcher cannot listen on port {port} ({error.strerror}): choose another with MAIL_CATCHER_PORT."
        ) from error
    print(f"mail catcher on {host}:{port}, messages in {folder}", flush=True)
    async with server:
        await ended.wait()


def main(arguments: list[str]) -> int:
    """The catcher's own command line, which imports little because it stays in memory."""
    folder, host, port = arguments
    try:
        asyncio.run(serve(Path(folder), host, int(port)))
    except ServersError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""A real mail server in the test process; it keeps all e-mail that it receives."""

import asyncio
import email
import email.policy
import re
import time
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

from tests.e2e.ports import free_port

LINK = re.compile(r"https?://[^\s<>\"]+")
CODE = re.compile(r"^\d{6}(?=\s*$)", re.MULTILINE)
"""The code is on a line of its own; the key of a link can contain six digits in a row by chance."""


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    """Return the text or HTML part of an e-mail."""
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part is not None else ""


def links_of(message: EmailMessage) -> list[str]:
    """Return the URLs of the text part, in order."""
    return [link.rstrip(".,;)»") for link in LINK.findall(text_of(message))]


def code_of(message: EmailMessage) -> str:
    """Return the six-digit code of a confirmation e-mail."""
    found = CODE.findall(text_of(message))
    assert found, f"no code in: {text_of(message)}"
    return str(found[0])


class MailSink:
    """Accepts every e-mail; `wait` returns the next one for an address."""

    def __init__(self, *, unicode_mailboxes: bool = True) -> None:
        self.messages: list[tuple[list[str], EmailMessage]] = []
        self.port = free_port()
        self._listening = False
        self._offer = unicode_mailboxes
        self._controller = self._made()

    def _made(self) -> Controller:
        return Controller(self, hostname="127.0.0.1", port=self.port, enable_SMTPUTF8=self._offer)

    def start(self) -> None:
        """Listen in a separate thread, so that e-mail arrives between tests too."""
        self._controller.start()
        self._listening = True

    def stop(self) -> None:
        """Stop listening. Idempotent."""
        if self._listening:
            self._listening = False
            self._controller.stop()

    def start_again(self) -> None:
        """Listen on the same port after a stop."""
        self._controller = self._made()
        self.start()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's own name
        """Store one e-mail."""
        parsed = email.message_from_bytes(bytes(envelope.content), policy=email.policy.default)
        self.messages.append(([str(item) for item in envelope.rcpt_tos], parsed))
        return "250 OK"

    def mails_for(self, address: str) -> list[EmailMessage]:
        """Return the e-mails that have arrived for an address, oldest first."""
        return [message for receivers, message in list(self.messages) if address in receivers]

    async def wait(self, address: str, *, containing: str = "", after: int = 0, seconds: float = 40.0) -> EmailMessage:
        """Wait for an e-mail to `address` whose text contains `containing`; `after` skips that many earlier ones."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for message in self.mails_for(address)[after:]:
                if containing in text_of(message) or containing in str(message["subject"]):
                    return message
            await asyncio.sleep(0.1)
        arrived = [(receivers, str(message["subject"])) for receivers, message in self.messages]
        raise AssertionError(f"no mail to {address} holding {containing!r} in {seconds:.0f} s; arrived: {arrived}")

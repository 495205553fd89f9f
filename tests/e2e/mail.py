"""A real mail server in the test's own process: what it takes is what a person would have received."""

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
"""It has a line of its own; six digits in a row come by chance in the key of a link too."""


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    """Return the text or HTML part of a mail."""
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part is not None else ""


def links_of(message: EmailMessage) -> list[str]:
    """Return the addresses in the text part, in order."""
    return [link.rstrip(".,;)»") for link in LINK.findall(text_of(message))]


def code_of(message: EmailMessage) -> str:
    """Return the six digits of a confirmation mail."""
    found = CODE.findall(text_of(message))
    assert found, f"no code in: {text_of(message)}"
    return str(found[0])


class MailSink:
    """Takes every mail; `wait` gives the next one for an address."""

    def __init__(self) -> None:
        self.messages: list[tuple[list[str], EmailMessage]] = []
        self.port = free_port()
        self._listening = False
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    def start(self) -> None:
        """Listen on a thread of its own, so that mail arrives between tests too."""
        self._controller.start()
        self._listening = True

    def stop(self) -> None:
        """Stop listening; stopping twice is fine."""
        if self._listening:
            self._listening = False
            self._controller.stop()

    def start_again(self) -> None:
        """Listen on the same port after a stop."""
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self.start()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's own name
        """Keep one mail."""
        parsed = email.message_from_bytes(bytes(envelope.content), policy=email.policy.default)
        self.messages.append(([str(item) for item in envelope.rcpt_tos], parsed))
        return "250 OK"

    def mails_for(self, address: str) -> list[EmailMessage]:
        """Return what has arrived for an address so far, oldest first."""
        return [message for receivers, message in list(self.messages) if address in receivers]

    async def wait(self, address: str, *, containing: str = "", after: int = 0, seconds: float = 40.0) -> EmailMessage:
        """Wait for a mail to `address` whose text holds `containing`; `after` skips that many earlier ones."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for message in self.mails_for(address)[after:]:
                if containing in text_of(message) or containing in str(message["subject"]):
                    return message
            await asyncio.sleep(0.1)
        arrived = [(receivers, str(message["subject"])) for receivers, message in self.messages]
        raise AssertionError(f"no mail to {address} holding {containing!r} in {seconds:.0f} s; arrived: {arrived}")

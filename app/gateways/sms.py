"""Outgoing text messages: a protocol, an implementation that stores them with the caught mail, and a null one."""

import asyncio
import uuid
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import override

from app.core.clock import utc_now
from app.core.config import Settings
from app.core.ports import SmsSender
from app.core.resources import Resources


class ConsoleSms(SmsSender):
    """Stores messages as files beside the caught mail, so that a demonstration instance shows them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @override
    async def send(self, to: str, text: str) -> None:
        message = EmailMessage(policy=SMTP)
        message["From"] = "sms@iplance.localhost"
        message["To"] = f"{to.lstrip('+')}@sms.localhost"
        message["Subject"] = f"SMS {to}"
        message["Date"] = format_datetime(utc_now())
        message.set_content(text)
        await asyncio.to_thread(self._store, bytes(message))

    def _store(self, raw: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{utc_now():%Y%m%dT%H%M%S%f}-{uuid.uuid4()}"
        unfinished = self._folder / f".{name}"
        unfinished.write_bytes(raw)
        unfinished.rename(self._folder / f"{name}.eml")


class NullSms(SmsSender):
    """Drops messages: without a provider, a phone number stays unconfirmed."""

    @override
    async def send(self, to: str, text: str) -> None:
        del to, text


def _made(settings: Settings) -> SmsSender:
    if settings.sms_sender == "console" and settings.environment != "production":
        return ConsoleSms(settings.data_dir / "mail")
    return NullSms()


def sms_sender_of(resources: Resources) -> SmsSender:
    """Return the process's sender."""
    if resources.sms_sender is None:
        resources.sms_sender = _made(resources.settings)
    return resources.sms_sender

"""Read the messages stored by this machine's mail catcher: one `.eml` file per message."""

import re
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

from app.core.config import LOOPBACK_HOSTS, Settings

_NAME = re.compile(r"[0-9T]{15,30}-[0-9a-f-]{36}")
SHOWN = 50


@dataclass(frozen=True, slots=True)
class CaughtMail:
    """A message, prepared for display."""

    name: str
    to: str
    subject: str
    sent_at: datetime | None
    text: str


def is_open(settings: Settings, listening: str | None) -> bool:
    """Tell whether the page of caught mail is available: mail is caught here, and the instance is not public.

    Caught mail contains everybody's links, so a trial instance with a public address stores it in files only.

    Args:
        settings: The settings of the instance.
        listening: The address at which the request reached the server, as the server says it.
    """
    here = urlsplit(settings.origin).hostname in LOOPBACK_HOSTS
    here = here and (settings.published_on_loopback or listening in LOOPBACK_HOSTS)
    return here and settings.smtp_host is None and settings.environment != "production"


def _read(path: Path) -> CaughtMail:
    message: EmailMessage = BytesParser(policy=default).parsebytes(path.read_bytes())
    body = message.get_body(("plain", "html"))
    try:
        sent_at = parsedate_to_datetime(str(message["Date"]))
    except ValueError:
        sent_at = None
    return CaughtMail(
        name=path.stem,
        to=str(message["To"] or ""),
        subject=str(message["Subject"] or ""),
        sent_at=sent_at,
        text=str(body.get_content()) if body is not None else "",
    )


def list_caught_mail(settings: Settings) -> list[CaughtMail]:
    """Return the newest messages, newest first."""
    paths = sorted((settings.data_dir / "mail").glob("*.eml"), reverse=True)
    return [_read(path) for path in paths[:SHOWN] if _NAME.fullmatch(path.stem)]


def find_caught_mail(settings: Settings, name: str) -> CaughtMail | None:
    """Return one message; None for a file name of another form."""
    if not _NAME.fullmatch(name):
        return None
    path = settings.data_dir / "mail" / f"{name}.eml"
    return _read(path) if path.is_file() else None

"""Interfaces to the outside world; `app/gateways` implements them, and the application context holds one of each."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail to one person, ready to leave; `key` makes its Message-ID.

    `unsubscribe` is the address that ends mails of its kind, asked by the reader's mail program itself (RFC 8058).
    """

    key: str
    to: str
    subject: str
    text: str
    html: str
    language: str
    unsubscribe: str | None = None


class Mailer(Protocol):
    """Something that sends mail."""

    async def send(self, mail: Mail) -> None:
        """Send one mail.

        Raises:
            MailUnavailableError: Trying later is right.
            MailRefusedError: Trying later is of no use.
        """
        ...


class SmsSender(Protocol):
    """Something that sends text messages; it must not wait for a network inside a unit of work."""

    async def send(self, to: str, text: str) -> None:
        """Hand over one message for one number in E.164."""
        ...


class Scanner(Protocol):
    """Something that looks for malware."""

    async def scan(self, path: Path) -> str | None:
        """Return the name of what was found, None where the file is clean.

        Raises:
            ScannerUnavailableError: Nobody knows.
        """
        ...


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object as the storage lists it."""

    key: str
    size: int
    modified: datetime


class Storage(Protocol):
    """Keeps objects by key. An object is there whole or not at all, and never changes; only its key is used again."""

    async def put(self, key: str, source: Path) -> None:
        """Keep a copy of a file; once this returns, it survives a power cut. Putting the same again is harmless.

        Raises:
            StorageUnavailableError: Nobody knows whether the object is there now.
        """
        ...

    def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes]:
        """Yield the bytes from `start` up to, not including, `end`; memory does not grow with the object.

        Raises:
            ObjectMissingError: There is no such object.
            StorageUnavailableError: The storage does not answer.
        """
        ...

    async def size(self, key: str) -> int | None:
        """Return the length of an object, None where there is none.

        Raises:
            StorageUnavailableError: The storage does not answer.
        """
        ...

    async def remove(self, keys: Sequence[str]) -> None:
        """Remove objects; what is not there is no failure.

        Raises:
            StorageUnavailableError: Nobody knows which of them are gone.
        """
        ...

    def objects(self) -> AsyncGenerator[StoredObject]:
        """Yield every object of ours; what others keep beside them is not shown.

        Raises:
            StorageUnavailableError: The storage does not answer.
        """
        ...

    async def close(self) -> None:
        """Give connections back."""
        ...

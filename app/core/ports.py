"""Protocols for outside services; `app/gateways` implements them, and the application context holds one of each."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One e-mail to one person, ready to send; its Message-ID is made from `key`.

    `unsubscribe` is the address for one-click unsubscribing, which the reader's mail program calls (RFC 8058).
    """

    key: str
    to: str
    subject: str
    text: str
    html: str
    language: str
    unsubscribe: str | None = None


class Mailer(Protocol):
    """Sends e-mail."""

    async def send(self, mail: Mail) -> None:
        """Send one e-mail.

        Raises:
            MailUnavailableError: A temporary failure; try again later.
            MailRefusedError: A permanent failure.
        """
        ...

    async def takes_unicode_mailboxes(self) -> bool:
        """Tell whether the mail server takes mailboxes outside ASCII; true while it does not answer."""
        ...


class SmsSender(Protocol):
    """Sends text messages; it must not wait for a network inside a unit of work."""

    async def send(self, to: str, text: str) -> None:
        """Send one message to a number in E.164."""
        ...


class Scanner(Protocol):
    """Scans files for malware."""

    async def scan(self, path: Path) -> str | None:
        """Return the name of the malware found, None where the file is clean.

        Raises:
            ScannerUnavailableError: The file could not be scanned.
        """
        ...


class StatusRegistry(Protocol):
    """Asks public registries whether a number is registered, such as VIES and the list of the self-employed (npd)."""

    @property
    def registries(self) -> frozenset[str]:
        """The names of the registries that can be asked."""
        ...

    async def is_registered(self, registry: str, number: str, day: date) -> bool:
        """Tell whether a registry lists the number on a day.

        Raises:
            RegistryUnavailableError: It does not answer; ask again later.
        """
        ...


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object in a listing of the storage."""

    key: str
    size: int
    modified: datetime


class Storage(Protocol):
    """Stores objects by key. An object is stored whole or not at all, and its content never changes."""

    async def put(self, key: str, source: Path) -> None:
        """Store a copy of a file; once this returns, it survives a power failure. Storing it again is harmless.

        Raises:
            StorageUnavailableError: It is unknown whether the object is stored now.
            ObjectTooLargeError: The storage takes no object of this size.
        """
        ...

    def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes]:
        """Yield the bytes from `start` up to `end` (exclusive); memory use does not depend on the size of the object.

        An object counts as missing only while the storage is proven to return others.

        Raises:
            ObjectMissingError: There is no such object.
            StorageUnavailableError: The storage does not answer.
        """
        ...

    def read_stored(self, key: str, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes]:
        """Yield the bytes like `read`, but call an object missing whenever the storage says so, without a proof.

        Raises:
            ObjectMissingError: The storage says that there is no such object.
            StorageUnavailableError: The storage does not answer.
        """
        return self.read(key, start, end)

    async def size(self, key: str) -> int | None:
        """Return the length of an object, None where there is none.

        Raises:
            StorageUnavailableError: The storage does not answer.
        """
        ...

    async def remove(self, keys: Sequence[str]) -> None:
        """Delete objects; missing ones are no error.

        Raises:
            StorageUnavailableError: It is unknown which of them were deleted.
        """
        ...

    def objects(self) -> AsyncGenerator[StoredObject]:
        """Yield every object of this application; other content of the storage is skipped.

        Raises:
            StorageUnavailableError: The storage does not answer.
        """
        ...

    async def prove(self) -> None:
        """Return if the storage takes, returns and removes an object; the result counts for a while.

        Raises:
            StorageUnavailableError: It does not; the text says what it answered.
        """
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...

"""Check passwords against a service of breached passwords without revealing them (k-anonymity)."""

import hashlib
from typing import Protocol

from app.core.config import Settings

PREFIX_LENGTH = 5
TIMEOUT_SECONDS = 2.0


class BreachedServiceError(Exception):
    """The service did not answer."""


class BreachedPasswords(Protocol):
    """A collection of breached passwords."""

    async def holds(self, password: str) -> bool:
        """Tell whether the password is breached; raises BreachedServiceError when the service does not answer."""
        ...


class NullBreachedPasswords:
    """Reports no password as breached; the local list of common passwords is checked in any case."""

    async def holds(self, password: str) -> bool:
        """Return False."""
        del password
        return False


class RangeService:
    """A range service: it receives the first five characters of the SHA-1 and returns all matching suffixes."""

    def __init__(self, address: str) -> None:
        self._address = address.rstrip("/")

    async def holds(self, password: str) -> bool:
        """Fetch the range and compare the suffix locally.

        Raises:
            BreachedServiceError: The service does not answer.
        """
        import httpx  # noqa: PLC0415 - four megabytes that most installations never need

        digest = hashlib.sha1(password.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest().upper()
        prefix, suffix = digest[:PREFIX_LENGTH], digest[PREFIX_LENGTH:]
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
                answer = await client.get(f"{self._address}/range/{prefix}", headers={"Add-Padding": "true"})
                answer.raise_for_status()
        except httpx.HTTPError as failed:
            raise BreachedServiceError from failed
        counts = (line.partition(":") for line in answer.text.splitlines())
        return any(found.strip().upper() == suffix and count.strip() != "0" for found, _colon, count in counts)


def breached_passwords(settings: Settings) -> BreachedPasswords:
    """Return the configured service."""
    address = settings.breached_passwords_url
    return RangeService(address) if address else NullBreachedPasswords()

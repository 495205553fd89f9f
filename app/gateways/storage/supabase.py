"""Objects in a private Supabase bucket, through its own client.

The client's `download` reads a whole object into memory, so reads use a signed URL and a range. It has no resumable
upload; ours go to the local spool first and need none. Deleting a missing object returns an empty list, which is not
an error; an unreachable server raises an httpx error and not one of the client. The library is imported by a thread on
first use, because that takes seconds.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, override

import httpx

from app.core.config import Settings
from app.core.ports import StoredObject
from app.gateways.storage.protocol import (
    READ_BYTES,
    ObjectMissingError,
    ObjectTooLargeError,
    StorageUnavailableError,
    checked,
    is_key,
)
from app.gateways.storage.remote import RemoteStorage, refused

SIGNED_SECONDS = 300
LISTED = 1_000
TIMEOUT_SECONDS = 30
MAX_WORDS = 300
MISSING = frozenset({"404", "400"})
"""How the service reports a missing object: 404 as documented, or 400 with the same message in older versions."""


def _trouble() -> tuple[type[Exception], ...]:
    from storage3.utils import StorageException  # noqa: PLC0415 - loaded by the thread that made the client

    return (StorageException, httpx.HTTPError, OSError, ValueError)


def _client(url: str, key: str) -> tuple[Any, httpx.AsyncClient]:
    """Import the library and make its client; blocks for seconds."""
    from supabase import AsyncClient, AsyncClientOptions  # noqa: PLC0415 - heavy

    http = httpx.AsyncClient(timeout=TIMEOUT_SECONDS)
    return AsyncClient(url, key, AsyncClientOptions(httpx_client=http, auto_refresh_token=False)), http


def _span(start: int, end: int | None) -> dict[str, str]:
    """Return the header that asks for a part; none for the whole."""
    return {"Range": f"bytes={start}-{'' if end is None else end - 1}"} if start or end is not None else {}


class SupabaseStorage(RemoteStorage):
    """Stores objects in a private bucket; the service key never leaves the server."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.supabase_url or ""
        self._key = settings.supabase_key.get_secret_value() if settings.supabase_key else ""
        self._bucket = settings.bucket_name
        self._clients: tuple[Any, httpx.AsyncClient] | None = None
        self._connecting: asyncio.Lock | None = None

    async def _connected(self) -> Any:  # noqa: ANN401 - its type comes with the heavy import
        return (await self._both())[0]

    async def _both(self) -> tuple[Any, httpx.AsyncClient]:
        """Return the client of the library and the one for signed addresses."""
        if self._connecting is None:
            self._connecting = asyncio.Lock()
        async with self._connecting:
            if self._clients is None:
                self._clients = await asyncio.to_thread(_client, self._url, self._key)
            return self._clients

    @override
    async def put(self, key: str, source: Path) -> None:
        options = {
            "content-type": "application/octet-stream",
            "cache-control": "no-store",
            "upsert": "true",
        }
        try:
            await (await self._connected()).storage.from_(self._bucket).upload(checked(key), source, options)
        except _trouble() as error:
            if _status(error) == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                raise ObjectTooLargeError(await self._limit()) from error
            raise refused(_reason(error)) from error

    async def _limit(self) -> int | None:
        """Return the most bytes of an object, None where the bucket sets none or does not tell."""
        try:
            bucket = await (await self._connected()).storage.get_bucket(self._bucket)
        except _trouble():
            return None
        limit: int | None = bucket.file_size_limit
        return limit

    @override
    async def read_stored(self, key: str, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes]:
        if end is not None and end <= start:
            return
        span = _span(start, end)
        try:
            signed = (
                await (await self._connected())
                .storage.from_(self._bucket)
                .create_signed_url(checked(key), SIGNED_SECONDS)
            )
            http = (await self._both())[1]
            async with http.stream("GET", signed["signedURL"] or "", headers=span) as answer:
                if answer.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                    raise ObjectMissingError
                if answer.is_error:
                    await answer.aread()
                answer.raise_for_status()
                async for piece in answer.aiter_bytes(READ_BYTES):
                    yield piece
        except _trouble() as error:
            raise _as_storage_error(error) from error

    @override
    async def size(self, key: str) -> int | None:
        try:
            facts = await (await self._connected()).storage.from_(self._bucket).info(checked(key))
        except _trouble() as error:
            told = _as_storage_error(error)
            if isinstance(told, ObjectMissingError):
                await self.prove()
                return None
            raise told from error
        return int(facts["size"])

    @override
    async def remove(self, keys: Sequence[str]) -> None:
        if not keys:
            return
        try:
            await (await self._connected()).storage.from_(self._bucket).remove([checked(key) for key in keys])
        except _trouble() as error:
            raise refused(_reason(error)) from error

    @override
    async def objects(self) -> AsyncGenerator[StoredObject]:
        offset = 0
        try:
            while found := await self._listed(offset):
                offset += len(found)
                for item in found:
                    if item["id"] is not None and is_key(item["name"]):
                        yield _stored(item)
        except _trouble() as error:
            raise refused(_reason(error)) from error

    async def _listed(self, offset: int) -> list[dict[str, Any]]:
        files = (await self._connected()).storage.from_(self._bucket)
        found: list[dict[str, Any]] = await files.list(None, {"limit": LISTED, "offset": offset})
        return found

    @override
    async def close(self) -> None:
        if self._clients is not None:
            await self._clients[1].aclose()
            self._clients = None


def _stored(item: dict[str, Any]) -> StoredObject:
    facts = item.get("metadata") or {}
    modified = datetime.fromisoformat(item.get("updated_at") or item["created_at"])
    return StoredObject(item["name"], int(facts.get("size") or 0), modified)


def _status(error: Exception) -> int | None:
    """Return the status that the storage reported, None where it did not answer."""
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code
    told = str(getattr(error, "status", ""))
    return int(told) if told.isdecimal() else None


def _words(error: Exception) -> str:
    """Return what the storage said."""
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.text
    return str(getattr(error, "message", "") or error)


def _reason(error: Exception) -> str:
    """Return status and words for the operator."""
    status, words = _status(error), _words(error)[:MAX_WORDS]
    return f"{status}: {words}" if status is not None else f"{type(error).__name__}: {words}"


def _as_storage_error(error: Exception) -> ObjectMissingError | StorageUnavailableError:
    words = _words(error).lower()
    # A missing bucket says nothing about its objects.
    if str(_status(error)) in MISSING and "not found" in words and "bucket" not in words:
        return ObjectMissingError()
    return refused(_reason(error))

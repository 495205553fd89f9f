"""Objects in a private Supabase bucket, through its own client.

The client's `download` reads a whole object into memory, so reads use a signed URL and a range. It has no resumable
upload; ours go to the local spool first and need none. Deleting a missing object returns an empty list, which is not
an error; an unreachable server raises an httpx error and not one of the client.
"""

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, override

import httpx
from storage3.exceptions import StorageApiError
from storage3.types import FileOptions
from storage3.utils import StorageException
from supabase import AsyncClient, AsyncClientOptions, acreate_client

from app.core.config import Settings
from app.core.ports import Storage, StoredObject
from app.gateways.storage.protocol import (
    READ_BYTES,
    ObjectMissingError,
    StorageUnavailableError,
    checked,
    is_key,
)

SIGNED_SECONDS = 300
LISTED = 1_000
TIMEOUT_SECONDS = 30
TROUBLE = (StorageApiError, StorageException, httpx.HTTPError, OSError, ValueError)
MISSING = frozenset({"404", "400"})
"""How the service reports a missing object: 404 as documented, or 400 with the same message in older versions."""


class SupabaseStorage(Storage):
    """Stores objects in a private bucket; the service key never leaves the server."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.supabase_url or ""
        self._key = settings.supabase_key.get_secret_value() if settings.supabase_key else ""
        self._bucket = settings.bucket_name
        self._client: AsyncClient | None = None
        self._http: httpx.AsyncClient | None = None

    async def _connected(self) -> AsyncClient:
        if self._client is None:
            options = AsyncClientOptions(httpx_client=self._reader(), auto_refresh_token=False)
            self._client = await acreate_client(self._url, self._key, options)
        return self._client

    def _reader(self) -> httpx.AsyncClient:
        if self._http is None:
            self._http = httpx.AsyncClient(timeout=TIMEOUT_SECONDS)
        return self._http

    @override
    async def put(self, key: str, source: Path) -> None:
        options: FileOptions = {
            "content-type": "application/octet-stream",
            "cache-control": "no-store",
            "upsert": "true",
        }
        try:
            await (await self._connected()).storage.from_(self._bucket).upload(checked(key), source, options)
        except TROUBLE as error:
            raise StorageUnavailableError(type(error).__name__) from error

    @override
    async def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes]:
        if end is not None and end <= start:
            return
        span = {"Range": f"bytes={start}-{'' if end is None else end - 1}"} if start or end is not None else {}
        try:
            signed = (
                await (await self._connected())
                .storage.from_(self._bucket)
                .create_signed_url(checked(key), SIGNED_SECONDS)
            )
            async with self._reader().stream("GET", signed["signedURL"] or "", headers=span) as answer:
                if answer.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                    raise ObjectMissingError
                answer.raise_for_status()
                async for piece in answer.aiter_bytes(READ_BYTES):
                    yield piece
        except TROUBLE as error:
            raise _as_storage_error(error) from error

    @override
    async def size(self, key: str) -> int | None:
        try:
            facts = await (await self._connected()).storage.from_(self._bucket).info(checked(key))
        except TROUBLE as error:
            told = _as_storage_error(error)
            if isinstance(told, ObjectMissingError):
                return None
            raise told from error
        return int(facts["size"])

    @override
    async def remove(self, keys: Sequence[str]) -> None:
        if not keys:
            return
        try:
            await (await self._connected()).storage.from_(self._bucket).remove([checked(key) for key in keys])
        except TROUBLE as error:
            raise StorageUnavailableError(type(error).__name__) from error

    @override
    async def objects(self) -> AsyncGenerator[StoredObject]:
        offset = 0
        try:
            while found := await self._listed(offset):
                offset += len(found)
                for item in found:
                    if item["id"] is not None and is_key(item["name"]):
                        yield _stored(item)
        except TROUBLE as error:
            raise StorageUnavailableError(type(error).__name__) from error

    async def _listed(self, offset: int) -> list[dict[str, Any]]:
        files = (await self._connected()).storage.from_(self._bucket)
        return await files.list(None, {"limit": LISTED, "offset": offset})

    @override
    async def close(self) -> None:
        if self._http is not None:
            await self._http.aclose()
            self._http = None
        self._client = None


def _stored(item: dict[str, Any]) -> StoredObject:
    facts = item.get("metadata") or {}
    modified = datetime.fromisoformat(item.get("updated_at") or item["created_at"])
    return StoredObject(item["name"], int(facts.get("size") or 0), modified)


def _as_storage_error(error: Exception) -> ObjectMissingError | StorageUnavailableError:
    if isinstance(error, StorageApiError) and str(error.status) in MISSING:
        words = str(error.message).lower()
        # A missing bucket says nothing about its objects.
        if "not found" in words and "bucket" not in words:
            return ObjectMissingError()
    if isinstance(error, httpx.HTTPStatusError) and error.response.status_code == HTTPStatus.NOT_FOUND:
        return ObjectMissingError()
    return StorageUnavailableError(type(error).__name__)

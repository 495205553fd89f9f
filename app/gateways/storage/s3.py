"""Objects in a bucket of any S3-compatible server."""

from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any, override

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

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

PART_BYTES = 8_388_608
PARTS_AT_ONCE = 4
"""Number of parts in memory during an upload."""
TIMEOUT = "30s"
NOT_THERE = (FileNotFoundError,)
TROUBLE = (BaseError, OSError, ValueError)
PAST_THE_END = "status code: 416 "
"""The library's message for an unsatisfiable range. The number alone is ambiguous: any error text contains the key, the
port and the duration, and an object wrongly taken for missing would never be served again.
"""
TOO_LARGE = ("<Code>EntityTooLarge</Code>", "status code: 413 ", "413 Payload Too Large")
MAX_WORDS = 500
NO_BUCKET = "<Code>NoSuchBucket</Code>"


def _store(settings: Settings) -> S3Store:
    secret = settings.s3_secret_key.get_secret_value() if settings.s3_secret_key else ""
    address = settings.s3_endpoint or ""
    plain = address.startswith("http://")
    return S3Store(
        settings.bucket_name,
        endpoint=address,
        region=settings.s3_region,
        access_key_id=settings.s3_access_key or "",
        secret_access_key=secret,
        virtual_hosted_style_request=False,
        # The server compares the content with it; not every server verifies the signed hash.
        checksum_algorithm="SHA256",
        client_options={"timeout": TIMEOUT, "connect_timeout": "5s", "allow_http": plain},
        retry_config={"max_retries": 2},
    )


class S3Storage(RemoteStorage):
    """Stores objects in a private bucket."""

    def __init__(self, settings: Settings) -> None:
        self._store = _store(settings)

    @override
    async def put(self, key: str, source: Path) -> None:
        try:
            await obstore.put_async(
                self._store, checked(key), source, chunk_size=PART_BYTES, max_concurrency=PARTS_AT_ONCE
            )
        except TROUBLE as error:
            if any(said in str(error) for said in TOO_LARGE):
                raise ObjectTooLargeError(None) from error
            raise refused(_reason(error)) from error

    @override
    async def read_stored(self, key: str, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes]:
        if end is not None and end <= start:
            return
        span: dict[str, Any] = {}
        if end is not None:
            span = {"range": (start, end)}
        elif start:
            span = {"range": {"offset": start}}
        try:
            found = await obstore.get_async(self._store, checked(key), options=span or None)  # type: ignore[arg-type]
            async for piece in found.stream(min_chunk_size=READ_BYTES // 2):
                yield bytes(piece)
        except TROUBLE as error:
            raise _as_storage_error(error) from error

    @override
    async def size(self, key: str) -> int | None:
        try:
            return int((await obstore.head_async(self._store, checked(key)))["size"])
        except NOT_THERE:
            await self.prove()
            return None
        except TROUBLE as error:
            raise refused(_reason(error)) from error

    @override
    async def remove(self, keys: Sequence[str]) -> None:
        for key in keys:
            try:
                await obstore.delete_async(self._store, checked(key))
            except NOT_THERE:
                continue
            except TROUBLE as error:
                raise refused(_reason(error)) from error

    @override
    async def objects(self) -> AsyncGenerator[StoredObject]:
        try:
            async for batch in obstore.list(self._store):
                for item in batch:
                    if is_key(item["path"]):
                        yield StoredObject(item["path"], int(item["size"]), item["last_modified"])
        except TROUBLE as error:
            raise refused(_reason(error)) from error

    @override
    async def close(self) -> None:
        """Do nothing: no connections are open."""


def _as_storage_error(error: Exception) -> ObjectMissingError | StorageUnavailableError:
    """Translate a read error; a missing bucket says nothing about its objects."""
    words = str(error)
    gone = isinstance(error, NOT_THERE) and NO_BUCKET not in words
    if gone or PAST_THE_END in words:
        return ObjectMissingError()
    return refused(_reason(error))


def _reason(error: Exception) -> str:
    """Return what the storage said, for the operator; the library's text has the status in it."""
    return f"{type(error).__name__}: {str(error)[:MAX_WORDS]}"

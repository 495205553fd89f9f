"""Object storage for files: one protocol, several implementations."""

from app.core.ports import Storage, StoredObject
from app.gateways.storage.block_checksums import BLOCK_BYTES, Digest, block_of, digest_of
from app.gateways.storage.disk import DiskStorage
from app.gateways.storage.factory import make_storage, storage_of, storage_works
from app.gateways.storage.protocol import (
    ObjectMissingError,
    ObjectTooLargeError,
    StorageUnavailableError,
    new_key,
    probe,
)

__all__ = [
    "BLOCK_BYTES",
    "Digest",
    "DiskStorage",
    "ObjectMissingError",
    "ObjectTooLargeError",
    "Storage",
    "StorageUnavailableError",
    "StoredObject",
    "block_of",
    "digest_of",
    "make_storage",
    "new_key",
    "probe",
    "storage_of",
    "storage_works",
]

"""Checksums per block, so that any range of an object can be verified before it is served.

A hash of the whole object would be known only after the last byte was sent, and says nothing about a range. Sixteen
bytes per 256 KiB block detect corruption and mix-ups; an attacker who can write to both storage and database could
store a matching hash anyway.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

BLOCK_BYTES = 262_144
MARK_BYTES = 16


@dataclass(frozen=True, slots=True)
class Digest:
    """The size, the SHA-256 and the block checksums of an object."""

    size: int
    sha256: str
    blocks: bytes


def mark(block: bytes) -> bytes:
    """Return the checksum of one block."""
    return hashlib.blake2b(block, digest_size=MARK_BYTES).digest()


def block_of(blocks: bytes, index: int, block: bytes) -> bool:
    """Tell whether the bytes match the checksum of the block with this index."""
    return mark(block) == blocks[index * MARK_BYTES : (index + 1) * MARK_BYTES]


def digest_of(path: Path) -> Digest:
    """Read a file once and return its digest; blocking, so call it in a thread."""
    whole, marks, size = hashlib.sha256(), bytearray(), 0
    with path.open("rb") as handle:
        while block := handle.read(BLOCK_BYTES):
            whole.update(block)
            marks += mark(block)
            size += len(block)
    return Digest(size, whole.hexdigest(), bytes(marks))

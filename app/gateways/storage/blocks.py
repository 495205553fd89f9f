"""Short hashes of every block of an object, so that any part of it can be checked before it is handed out.

One hash of the whole could only tell after the last byte has left, and nothing about a range. Sixteen bytes for each
quarter of a megabyte are enough against rot and mix-ups; who can write to the storage and to the database at once
needs no forged hash.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

BLOCK_BYTES = 262_144
MARK_BYTES = 16


@dataclass(frozen=True, slots=True)
class Digest:
    """What is known about the bytes of an object: how many, their SHA-256, and the mark of each block."""

    size: int
    sha256: str
    blocks: bytes


def mark(block: bytes) -> bytes:
    """Return the mark of one block."""
    return hashlib.blake2b(block, digest_size=MARK_BYTES).digest()


def block_of(blocks: bytes, index: int, block: bytes) -> bool:
    """Tell whether these are the bytes that the block of this index had."""
    return mark(block) == blocks[index * MARK_BYTES : (index + 1) * MARK_BYTES]


def digest_of(path: Path) -> Digest:
    """Read a file once and return its digest; it blocks, so call it in a thread."""
    whole, marks, size = hashlib.sha256(), bytearray(), 0
    with path.open("rb") as handle:
        while block := handle.read(BLOCK_BYTES):
            whole.update(block)
            marks += mark(block)
            size += len(block)
    return Digest(size, whole.hexdigest(), bytes(marks))

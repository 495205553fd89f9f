"""Read the directory of compound files: Office before 2007, and newer documents that have a password."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from app.gateways.file_inspection.errors import RefusedError

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
STREAMS = {
    "application/msword": frozenset({"worddocument"}),
    "application/vnd.ms-excel": frozenset({"workbook", "book"}),
    "application/vnd.ms-powerpoint": frozenset({"powerpoint document"}),
}
"""Media type → the streams of which one must be there."""
ENCRYPTED = frozenset({"encryptedpackage", "encryptioninfo"})
MACROS = frozenset({"macros", "_vba_project_cur", "_vba_project", "vba"})
DOCUMENTS = frozenset[str]().union(*STREAMS.values())
ENTRY_BYTES = 128
MAX_ENTRIES = 20_000
MAX_SECTORS = 4_194_304
END = 0xFFFF_FFFA
"""Numbers from here on are no sectors."""


def is_compound(path: Path) -> bool:
    """Tell whether the file begins as a compound file."""
    with path.open("rb") as handle:
        return handle.read(len(SIGNATURE)) == SIGNATURE


def check_encrypted(path: Path) -> None:
    """Reject a compound file that is not a newer document with a password.

    Raises:
        RefusedError: It is something else, such as an older document under a newer name.
    """
    names = {name.lower() for name in names_in(path)}
    if not names >= ENCRYPTED or names & DOCUMENTS:
        raise RefusedError("wrong_type")
    _refuse_macros(names)


def check_compound(path: Path, media_type: str) -> None:
    """Reject what is not a document of this kind, and what holds macros.

    Raises:
        RefusedError: The file is rejected.
    """
    if not is_compound(path):
        raise RefusedError("wrong_type")
    names = {name.lower() for name in names_in(path)}
    if not names & STREAMS[media_type]:
        raise RefusedError("wrong_type")
    _refuse_macros(names)


def _refuse_macros(names: set[str]) -> None:
    if found := names & MACROS:
        raise RefusedError("wrong_type", "macros", min(found))


def names_in(path: Path) -> list[str]:
    """Return the names of all streams and storages.

    Raises:
        RefusedError: The file is damaged.
    """
    try:
        with path.open("rb") as handle:
            return list(_names(handle))
    except (struct.error, ValueError, OSError, IndexError) as error:
        raise RefusedError("broken") from error


def _names(handle: BinaryIO) -> Iterator[str]:
    header = handle.read(512)
    size = 1 << struct.unpack_from("<H", header, 30)[0]
    if size not in (512, 4096):
        raise ValueError("unknown size of sectors")
    table = _table(handle, header, size)
    sector, entries = struct.unpack_from("<I", header, 48)[0], 0
    while sector < END:
        content = _sector(handle, sector, size)
        for offset in range(0, size, ENTRY_BYTES):
            length = struct.unpack_from("<H", content, offset + 64)[0]
            if content[offset + 66] and 2 <= length <= 64:  # noqa: PLR2004 - bytes of a name with its end
                yield content[offset : offset + length - 2].decode("utf-16-le")
        entries += size // ENTRY_BYTES
        if entries > MAX_ENTRIES:
            raise ValueError("the directory has no end")
        sector = table[sector]


def _table(handle: BinaryIO, header: bytes, size: int) -> list[int]:
    """Return the allocation table: the number of the next sector for each sector."""
    places = list(struct.unpack_from("<109I", header, 76))
    more, count = struct.unpack_from("<II", header, 68)
    for _number in range(min(count, MAX_SECTORS // size)):
        if more >= END:
            break
        *found, more = struct.unpack(f"<{size // 4}I", _sector(handle, more, size))
        places += found
    table: list[int] = []
    for place in places:
        if place < END:
            table += struct.unpack(f"<{size // 4}I", _sector(handle, place, size))
        if len(table) > MAX_SECTORS:
            raise ValueError("the table is too long")
    return table


def _sector(handle: BinaryIO, number: int, size: int) -> bytes:
    handle.seek((number + 1) * size)
    # The last sector of a file may be cut short.
    return handle.read(size).ljust(size, b"\xff")

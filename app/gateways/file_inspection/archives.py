"""Inspect archives by their table of contents, without unpacking them, and documents that are archives."""

import re
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from app.gateways.file_inspection import compound, office
from app.gateways.file_inspection.errors import RefusedError

MAX_ENTRIES = 10_000
MAX_BYTES = 2_147_483_648
"""Limit on the total unpacked size of all entries, in bytes."""
MAX_RATIO = 200
ROOMY_BYTES = 268_435_456
"""Unpacked size up to which a ratio above `MAX_RATIO` harms nobody: logs and tables compress that well."""
EXTREME_RATIO = 900
"""Ratio that only repeated bytes reach; logs and tables stay below it."""
SMALL_BYTES = 10_485_760
"""Unpacked size up to which any ratio is accepted."""
ARCHIVES = frozenset({".zip", ".7z", ".rar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".tar"})
"""Endings of archives that may not be inside another one; a `.jar` is a library and belongs to sources."""
MAX_TABLE_BYTES = 8_388_608
END_OF_TABLE = b"PK\x05\x06"
LONG_END_OF_TABLE = b"PK\x06\x06"
SEE_LONG_ENTRIES, SEE_LONG_LENGTH = 0xFFFF, 0xFFFF_FFFF
"""What the short record of ZIP64 holds where the long one has the number, whatever the size of the archive."""
_DRIVE = re.compile("[A-Za-z]:")


def check_archive(path: Path, media_type: str) -> None:
    """Reject files that are not archives of this kind, and archives that are dangerous to unpack.

    An office document with a password is not an archive: Office stores it encrypted in a compound file. It is accepted
    as it is, like a PDF with a password.

    Raises:
        RefusedError: The file is rejected.
    """
    if media_type.startswith(office.OFFICE) and compound.is_compound(path):
        compound.check_encrypted(path)
        return
    _check_table(path)
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            _check_entries(entries, path.stat().st_size, nested=media_type != "application/zip")
            office.check_document(archive, media_type)
    except (zipfile.BadZipFile, KeyError, ValueError, NotImplementedError, RuntimeError, EOFError) as error:
        raise RefusedError("wrong_type") from error
    except zlib.error as error:
        raise RefusedError("broken") from error


def _check_table(path: Path) -> None:
    """Reject an oversized table of contents before it is read into memory."""
    size = path.stat().st_size
    with path.open("rb") as handle:
        if handle.read(2) != b"PK":
            raise RefusedError("wrong_type")
        handle.seek(max(0, size - 65_633))
        tail = handle.read()
    place = tail.rfind(END_OF_TABLE)
    if place < 0:
        raise RefusedError("wrong_type")
    entries = int.from_bytes(tail[place + 10 : place + 12], "little")
    length = int.from_bytes(tail[place + 12 : place + 16], "little")
    long_place = tail.rfind(LONG_END_OF_TABLE, 0, place)
    if long_place >= 0 and (entries == SEE_LONG_ENTRIES or length == SEE_LONG_LENGTH):
        entries = int.from_bytes(tail[long_place + 32 : long_place + 40], "little")
        length = int.from_bytes(tail[long_place + 40 : long_place + 48], "little")
    if entries > MAX_ENTRIES or length > MAX_TABLE_BYTES:
        raise RefusedError("bomb", "too_many")


def _check_entries(entries: list[zipfile.ZipInfo], size: int, *, nested: bool) -> None:
    unpacked, packed = sum(entry.file_size for entry in entries), sum(entry.compress_size for entry in entries)
    if len(entries) > MAX_ENTRIES:
        raise RefusedError("bomb", "too_many")
    # Entries that share the same packed bytes are one form of a bomb.
    if unpacked > MAX_BYTES or packed > size or _is_dense(unpacked, packed, ROOMY_BYTES, MAX_RATIO):
        raise RefusedError("bomb", "too_large")
    for entry in entries:
        _check_entry(entry, nested=nested)


def _check_entry(entry: zipfile.ZipInfo, *, nested: bool) -> None:
    name = PurePosixPath(entry.filename.replace("\\", "/"))
    if _leads_outside(name):
        raise RefusedError("bomb", "outside", entry.filename)
    if not _is_plain(entry):
        raise RefusedError("bomb", "link", entry.filename)
    if _is_bomb(entry):
        raise RefusedError("bomb", "dense", entry.filename)
    if not nested and name.suffix.lower() in ARCHIVES:
        raise RefusedError("bomb", "nested", entry.filename)


def _leads_outside(name: PurePosixPath) -> bool:
    """Tell whether an entry would be written outside the folder in which it is unpacked.

    A colon after one letter names a drive of Windows; any other colon is a part of the name.
    """
    return name.is_absolute() or ".." in name.parts or _DRIVE.match(str(name)) is not None


def _is_plain(entry: zipfile.ZipInfo) -> bool:
    """Tell whether an entry is a file or a folder, and no link or device."""
    return stat.S_IFMT(entry.external_attr >> 16) in (0, stat.S_IFREG, stat.S_IFDIR)


def _is_bomb(entry: zipfile.ZipInfo) -> bool:
    """Tell whether an entry is too dense to be honest."""
    sizes = entry.file_size, entry.compress_size
    return _is_dense(*sizes, SMALL_BYTES, EXTREME_RATIO) or _is_dense(*sizes, ROOMY_BYTES, MAX_RATIO)


def _is_dense(unpacked: int, packed: int, most: int, ratio: int) -> bool:
    return unpacked > most and unpacked > ratio * max(packed, 1)

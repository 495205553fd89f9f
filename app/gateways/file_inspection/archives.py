"""Inspect archives and office documents by their table of contents, without unpacking them."""

import stat
import zipfile
from pathlib import Path, PurePosixPath

from app.gateways.file_inspection.errors import RefusedError

MAX_ENTRIES = 10_000
MAX_BYTES = 2_147_483_648
"""Limit on the total unpacked size of all entries, in bytes."""
MAX_RATIO = 200
SMALL_BYTES = 10_485_760
"""Entries below this unpacked size may have any compression ratio."""
ARCHIVES = frozenset({".zip", ".7z", ".rar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".tar", ".jar"})
MAX_TABLE_BYTES = 8_388_608
OFFICE = "application/vnd.openxmlformats-officedocument."
OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
PARTS = {"wordprocessingml": "word/", "spreadsheetml": "xl/", "presentationml": "ppt/"}
END_OF_TABLE = b"PK\x05\x06"


def check_archive(path: Path, media_type: str) -> None:
    """Reject files that are not archives of this kind, and archives that are dangerous to unpack.

    Raises:
        RefusedError: The file is rejected.
    """
    _check_table(path)
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            first = archive.read("mimetype")[:100] if media_type.startswith(OPEN_DOCUMENT) else b""
    except (zipfile.BadZipFile, KeyError, ValueError, NotImplementedError, RuntimeError) as error:
        raise RefusedError("wrong_type") from error
    if media_type.startswith(OFFICE):
        _check_office({entry.filename for entry in entries}, media_type)
    if media_type.startswith(OPEN_DOCUMENT) and first != media_type.encode():
        raise RefusedError("wrong_type")
    _check_entries(entries, nested=media_type != "application/zip")


def _check_office(names: set[str], media_type: str) -> None:
    """Refuse what lacks the parts of its kind of document, and what holds macros."""
    part = PARTS[media_type.removeprefix(OFFICE).partition(".")[0]]
    if "[Content_Types].xml" not in names or not any(name.startswith(part) for name in names):
        raise RefusedError("wrong_type")
    if any(name.endswith("vbaProject.bin") for name in names):
        raise RefusedError("wrong_type")


def _check_table(path: Path) -> None:
    """Reject an oversized table of contents before it is read into memory."""
    size = path.stat().st_size
    with path.open("rb") as handle:
        if handle.read(2) != b"PK":
            raise RefusedError("wrong_type")
        handle.seek(max(0, size - 65_557))
        tail = handle.read()
    place = tail.rfind(END_OF_TABLE)
    if place < 0:
        raise RefusedError("wrong_type")
    entries = int.from_bytes(tail[place + 10 : place + 12], "little")
    length = int.from_bytes(tail[place + 12 : place + 16], "little")
    if entries > MAX_ENTRIES or length > MAX_TABLE_BYTES:
        raise RefusedError("bomb")


def _check_entries(entries: list[zipfile.ZipInfo], *, nested: bool) -> None:
    if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_BYTES:
        raise RefusedError("bomb")
    for entry in entries:
        name = PurePosixPath(entry.filename.replace("\\", "/"))
        if _leads_outside(name) or not _is_plain(entry) or _is_bomb(entry):
            raise RefusedError("bomb")
        if not nested and name.suffix.lower() in ARCHIVES:
            raise RefusedError("bomb")


def _leads_outside(name: PurePosixPath) -> bool:
    """Tell whether an entry would be written outside the folder in which it is unpacked."""
    return name.is_absolute() or ".." in name.parts or ":" in (name.parts or ("",))[0]


def _is_plain(entry: zipfile.ZipInfo) -> bool:
    """Tell whether an entry is a file or a folder, and no link or device."""
    return stat.S_IFMT(entry.external_attr >> 16) in (0, stat.S_IFREG, stat.S_IFDIR)


def _is_bomb(entry: zipfile.ZipInfo) -> bool:
    """Tell whether an entry is too dense to be honest."""
    return entry.file_size > SMALL_BYTES and entry.file_size > MAX_RATIO * max(entry.compress_size, 1)

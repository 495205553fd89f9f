"""Rules of files: accepted types and limits, file names, lifetimes of links, ranges."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from app.core.config import Settings
from app.core.i18n import N_, _
from app.core.security.rate_limits import Rate
from app.models.file import FileRefusal, RefusalCause, SubjectKind

MEGABYTE = 1_048_576
MAX_NAME_LENGTH = 120
MAX_GIVEN_LENGTH = 4096
"""Characters of a name that are kept; with the longest extension the name still fits every file system."""
UNNAMED = "file"

TYPES: Mapping[str, str] = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "gif": "image/gif",
    "heic": "image/heic",
    "heif": "image/heic",
    "avif": "image/avif",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "md": "text/markdown",
    "csv": "text/csv",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
    "rtf": "application/rtf",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odp": "application/vnd.oasis.opendocument.presentation",
    "zip": "application/zip",
    "rar": "application/vnd.rar",
    "7z": "application/x-7z-compressed",
    "psd": "image/vnd.adobe.photoshop",
    "ai": "application/illustrator",
    "fig": "application/x-figma",
    "svg": "image/svg+xml",
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
}
"""Extension → media type: no HTML and no scripts; a browser runs an SVG only where it is shown, so it never is."""
UNOPENED = frozenset({"doc", "xls", "ppt", "rtf", "rar", "7z", "psd", "ai", "fig", "svg", "m4a", "mov"})
"""Recognized by their first bytes and not opened here; they have no preview."""
DOWNLOAD = "application/octet-stream"
"""The media type with which a file of `UNOPENED` is sent, so that no program opens it without being asked."""
PICTURES = ("jpg", "jpeg", "png", "webp", "gif", "heic", "heif", "avif")
"""Known by their content: a wrong ending of the name is corrected. HEIC and AVIF become JPEG or WebP."""
DOCUMENTS = (*PICTURES, *(name for name in TYPES if name not in PICTURES))


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be uploaded for one kind of object."""

    extensions: tuple[str, ...]
    most_bytes: int
    most_files: int
    public: bool = False
    """Whether such files are public, so that links may be valid for long and caches may store them."""


LIMITS: Mapping[SubjectKind, Limits] = {
    SubjectKind.AVATAR: Limits(PICTURES, 10 * MEGABYTE, 1, public=True),
    SubjectKind.PORTFOLIO: Limits(DOCUMENTS, 100 * MEGABYTE, 12, public=True),
    SubjectKind.ORDER: Limits(DOCUMENTS, 100 * MEGABYTE, 10),
    SubjectKind.PROPOSAL: Limits(DOCUMENTS, 100 * MEGABYTE, 10),
    SubjectKind.MESSAGE: Limits(DOCUMENTS, 100 * MEGABYTE, 10),
    SubjectKind.SUBMISSION: Limits(DOCUMENTS, 100 * MEGABYTE, 30),
}
MAX_FILE_BYTES = max(limits.most_bytes for limits in LIMITS.values())
MAX_FILES = 2_000
"""Maximum number of files per person, regardless of their size."""

MAX_VERSIONS = 10
"""Maximum versions of one file, including the current one; the oldest are detached."""

LINK = timedelta(minutes=10)
PUBLIC_LINK = timedelta(hours=24)
FRESH_SECONDS = 60
"""How long a browser shows its copy of a public file without asking whether it may still be seen."""
ORPHAN = timedelta(hours=24)
"""An unattached file is removed after this time."""
UNFINISHED = timedelta(hours=24)
"""An upload that is not continued is removed after this time."""
TAKEN_DOWN = timedelta(days=90)
"""How long a file that the operator took down is kept and can be restored."""
GRACE = timedelta(hours=24)
"""The bytes of a removed file are kept for this time; no younger object is treated as an orphan."""
CLAIM = timedelta(seconds=60)
"""A file that a worker claimed and did not finish is claimed again after this time."""
SCRUB = timedelta(days=7)
"""Interval at which each object is read whole and compared with its hash."""
SECOND_LOOK = timedelta(hours=1)
"""Interval at which the objects of a damaged file are read again, because the storage may have been at fault."""
MAX_DELAY = timedelta(minutes=30)
MAX_LOST = 8
"""Attempts to check a file whose bytes are missing in the storage; then it counts as damaged."""

SLOW = Rate("slow-files", 1, 300)
"""After a file whose check ran out of time, its owner uploads nothing for a while, and their other files wait."""

REFUSAL_LABELS: Mapping[FileRefusal, str] = {
    FileRefusal.WRONG_TYPE: N_("The content is not what the name says."),
    FileRefusal.BROKEN: N_("The file cannot be opened."),
    FileRefusal.TOO_BIG_PICTURE: N_("The picture has too many pixels or frames."),
    FileRefusal.BOMB: N_("The archive unpacks to far too much, or holds other archives or links."),
    FileRefusal.MALWARE: N_("The scanner found malware."),
}
CAUSE_LABELS: Mapping[RefusalCause, str] = {
    RefusalCause.OUTSIDE: N_("“{entry}” in the archive would be unpacked outside its folder."),
    RefusalCause.LINK: N_("“{entry}” in the archive is a link or a device. Pack the file that it stands for."),
    RefusalCause.NESTED: N_("“{entry}” is an archive inside the archive. Unpack it first, or send it on its own."),
    RefusalCause.DENSE: N_("“{entry}” in the archive unpacks to far more than it should."),
    RefusalCause.TOO_MANY: N_("The archive holds too many files. Split it into several."),
    RefusalCause.TOO_LARGE: N_("The archive unpacks to far too much. Split it into several."),
    RefusalCause.MACROS: N_("The document holds macros (“{entry}”). Save it without macros."),
    RefusalCause.EXTERNAL_TEMPLATE: N_("The document loads a part from another place when it is opened: “{entry}”."),
    RefusalCause.UNREADABLE_PART: N_("“{entry}” in the document cannot be read. Save the document again."),
    RefusalCause.OUT_OF_TIME: N_("The check took too long. Make the file simpler or smaller."),
}
MAX_ENTRY_LENGTH = 160

_FORBIDDEN = re.compile(r'[<>:"|?*\x7f]')
# Characters that change the reading direction: with them "exe.gpj" reads as "jpg.exe".
_TURNING = re.compile("[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_PLAIN = re.compile(r"[^A-Za-z0-9._ ()+-]")


def clean_name(given: str) -> str:
    """Return a name that is safe to show, to send and to save anywhere; it is never used as a path here."""
    # The end has the extension, and what follows takes time with the square of the number of combining marks.
    last = re.split(r"[/\\]", given[-MAX_GIVEN_LENGTH:])[-1]
    text = unicodedata.normalize("NFC", last.encode("utf-8", "ignore").decode())
    text = _TURNING.sub("", text)
    text = "".join(letter if unicodedata.category(letter)[0] != "C" else " " for letter in text)
    text = " ".join(_FORBIDDEN.sub("_", text).split()).strip(". ")
    stem, dot, extension = text.rpartition(".")
    if dot and len(extension) <= len("jpeg"):
        stem = stem[: MAX_NAME_LENGTH - len(extension) - 1].rstrip(". ")
        return f"{stem or UNNAMED}.{extension}"
    return text[:MAX_NAME_LENGTH].rstrip(". ") or UNNAMED


def clean_entry(given: str | None) -> str | None:
    """Return the name of an archive's entry as it can be shown; a long one keeps its end."""
    if not given:
        return None
    text = _TURNING.sub("", given.encode("utf-8", "replace").decode())
    text = "".join(letter if unicodedata.category(letter)[0] != "C" else "�" for letter in text)
    return text if len(text) <= MAX_ENTRY_LENGTH else f"…{text[-MAX_ENTRY_LENGTH:]}"


def refusal_text(refusal: FileRefusal, cause: str | None, entry: str | None) -> str:
    """Return why a file was rejected, in the reader's language."""
    exact = CAUSE_LABELS.get(RefusalCause(cause)) if cause in set(RefusalCause) else None
    return _(exact).format(entry=entry or "?") if exact else _(REFUSAL_LABELS[refusal])


def served_type(name: str, media_type: str) -> str:
    """Return the media type with which a file is sent."""
    return DOWNLOAD if extension_of(name) in UNOPENED else media_type


def upload_rates(settings: Settings) -> tuple[Rate, Rate]:
    """Return how many files, and how many megabytes, one person may upload."""
    return (
        Rate("uploads", settings.uploads_per_hour, 3_600),
        Rate("uploaded-megabytes", settings.upload_bytes_per_day // MEGABYTE, 86_400),
    )


def extension_of(name: str) -> str:
    """Return the extension of a name in lower case; empty where there is no dot."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def name_as(name: str, media_type: str) -> str:
    """Return the name with the usual extension of this media type in place of its own."""
    extension = next(ending for ending, kind in TYPES.items() if kind == media_type)
    return f"{name.rpartition('.')[0] or UNNAMED}.{extension}"


def disposition(name: str) -> str:
    """Return the Content-Disposition header of a download (RFC 6266, RFC 8187)."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = _PLAIN.sub("_", ascii_name).strip() or UNNAMED
    if plain.startswith("."):
        plain = UNNAMED + plain
    header = f'attachment; filename="{plain}"'
    return header if plain == name else f"{header}; filename*=UTF-8''{quote(name, safe='')}"


def link_expiry(now: datetime, *, public: bool) -> int:
    """Return the expiry of a link created now, in seconds since 1970.

    The time is rounded up, so that a page rendered twice contains the same addresses and browser caches work.
    """
    life = int((PUBLIC_LINK if public else LINK).total_seconds())
    step = life // 2
    return (int(now.timestamp()) + life) // step * step + step


def next_delay(attempts: int) -> timedelta:
    """Return the delay after this many attempts: 10, 20, 40 … seconds, at most half an hour."""
    return min(timedelta(seconds=10 * 2 ** min(attempts - 1, 12)), MAX_DELAY)


@dataclass(frozen=True, slots=True)
class Part:
    """The requested bytes, from `start` up to `end` (exclusive); `partial` unless that is the whole file."""

    start: int
    end: int
    partial: bool


_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def parse_range(header: str | None, size: int) -> Part | None:
    """Parse a Range header (RFC 9110, 14.2); None where the range is not satisfiable.

    Several ranges, or an invalid header, are answered with the whole file, as the standard allows.
    """
    found = _RANGE.fullmatch(header.replace(" ", "")) if header else None
    if found is None or found[1] == found[2] == "":
        return Part(0, size, partial=False)
    if found[1] == "":
        return _last_part(int(found[2]), size)
    start, end = int(found[1]), min(int(found[2]) + 1, size) if found[2] else size
    if found[2] and int(found[2]) < start:
        return Part(0, size, partial=False)
    return Part(start, end, partial=True) if start < size else None


def _last_part(length: int, size: int) -> Part | None:
    """Return the last `length` bytes, or all when there are fewer; None where that is nothing."""
    return Part(max(0, size - length), size, partial=True) if length and size else None

"""Inspect office documents that are archives: the parts of their kind, macros, and templates from elsewhere."""

import re
import zipfile
from xml.etree import ElementTree as ET

from app.gateways.file_inspection.errors import RefusedError

OFFICE = "application/vnd.openxmlformats-officedocument."
OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
PARTS = {"wordprocessingml": "word/", "spreadsheetml": "xl/", "presentationml": "ppt/"}
CONTENT_TYPES = "[content_types].xml"
MAX_PART_BYTES = 8_388_608
MACRO_PARTS = ("vbaproject.bin", "vbadata.xml")
MACRO_FOLDERS = ("xl/macrosheets/", "xl/dialogsheets/")
OPEN_MACROS = re.compile(r"(?:basic|scripts)/.*(?<!-lc\.xml)(?<!-lb\.xml)(?<!/)", re.DOTALL)
"""Modules of macros in OpenDocument; its lists of libraries (`-lc`, `-lb`) are written without macros too."""
LOADED = frozenset({"attachedtemplate", "oleobject", "frame", "subdocument"})
"""Relationships whose target is loaded when the document is opened; links and linked pictures are not among them."""
_LOCAL = re.compile(r"(?:file:/{0,3})?[A-Za-z]:[/\\]|(?!\w+:|[/\\]{2})", re.IGNORECASE)


def check_document(archive: zipfile.ZipFile, media_type: str) -> None:
    """Refuse a document that lacks the parts of its kind, holds macros, or loads a template from elsewhere.

    Names of parts are compared without regard to case and with either slash, as Office reads them.

    Raises:
        RefusedError: The document is rejected.
    """
    if media_type.startswith(OPEN_DOCUMENT):
        _check_open_document(archive, media_type)
    elif media_type.startswith(OFFICE):
        _check_office(archive, PARTS[media_type.removeprefix(OFFICE).partition(".")[0]])


def part_name(entry: zipfile.ZipInfo) -> str:
    """Return the name of a part as Office compares it."""
    return entry.filename.replace("\\", "/").lower()


def _check_open_document(archive: zipfile.ZipFile, media_type: str) -> None:
    with archive.open("mimetype") as part:
        if part.read(100) != media_type.encode():
            raise RefusedError("wrong_type")
    for entry in archive.infolist():
        if OPEN_MACROS.fullmatch(part_name(entry)):
            raise RefusedError("wrong_type", "macros", entry.filename)


def _check_office(archive: zipfile.ZipFile, folder: str) -> None:
    parts = {part_name(entry): entry for entry in archive.infolist()}
    if CONTENT_TYPES not in parts or not any(name.startswith(folder) for name in parts):
        raise RefusedError("wrong_type")
    _refuse_macros(archive, parts)
    for name, entry in parts.items():
        if name.endswith(".rels"):
            _check_relationships(archive, entry)


def _refuse_macros(archive: zipfile.ZipFile, parts: dict[str, zipfile.ZipInfo]) -> None:
    """Refuse macros by the names of parts, and by content types where a part has an innocent name."""
    for name, entry in parts.items():
        if name.endswith(MACRO_PARTS) or name.startswith(MACRO_FOLDERS):
            raise RefusedError("wrong_type", "macros", entry.filename)
    types = _read(archive, parts[CONTENT_TYPES]).replace(b"\0", b"").lower()
    if b"macroenabled" in types or b"vbaproject" in types:
        raise RefusedError("wrong_type", "macros", parts[CONTENT_TYPES].filename)


def _check_relationships(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    try:
        found = ET.fromstring(_read(archive, entry))  # noqa: S314 - expat limits expansion, and this process is limited
    except (ET.ParseError, LookupError, ValueError) as error:
        raise RefusedError("broken", "unreadable_part", entry.filename) from error
    for relationship in found.iter():
        kind = relationship.get("Type", "").rpartition("/")[2].lower()
        if kind == "vbaproject":
            raise RefusedError("wrong_type", "macros", relationship.get("Target"))
        outside = relationship.get("TargetMode", "").lower() == "external"
        target = relationship.get("Target", "").strip()
        if kind in LOADED and outside and _LOCAL.match(target) is None:
            raise RefusedError("wrong_type", "external_template", target)


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with archive.open(entry) as part:
        content = part.read(MAX_PART_BYTES + 1)
    if len(content) > MAX_PART_BYTES:
        raise RefusedError("bomb", "dense", entry.filename)
    return content

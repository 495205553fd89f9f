"""Recognize files that are stored and downloaded without being opened here: by their first bytes."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from app.gateways.file_inspection import compound, texts
from app.gateways.file_inspection.errors import RefusedError

BEGIN_BYTES = 4_096
_SVG = re.compile(
    r"\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*(?:<!DOCTYPE\s+svg\b[^>\[]*(?:\[.*?\]\s*)?>\s*)?(?:<!--.*?-->\s*)*"
    r"<(?:\w+:)?svg[\s>/]",
    re.DOTALL | re.IGNORECASE,
)
SIGNATURES: Mapping[str, re.Pattern[bytes]] = {
    "application/vnd.rar": re.compile(rb"Rar!\x1a\x07(?:\x00|\x01\x00)"),
    "application/x-7z-compressed": re.compile(rb"7z\xbc\xaf\x27\x1c"),
    "image/vnd.adobe.photoshop": re.compile(rb"8BPS\x00[\x01\x02]"),
    # Illustrator writes PDF with its own data, and wrote PostScript before.
    "application/illustrator": re.compile(rb".{0,1024}%PDF-|(?:\xc5\xd0\xd3\xc6.{26,28})?%!PS-Adobe-", re.DOTALL),
    # A local copy of a Figma file, alone or packed with its pictures.
    "application/x-figma": re.compile(
        rb"fig-(?:kiwi|jam)|PK\x03\x04.{26}(?:canvas\.fig|thumbnail\.png|meta\.json|images/)", re.DOTALL
    ),
    "video/quicktime": re.compile(rb".{4}(?:ftypqt  |moov|mdat|wide|free|skip|pnot)", re.DOTALL),
    "audio/mp4": re.compile(rb".{4}ftyp(?:M4A |M4B |mp4[12]|isom|iso2|dash)", re.DOTALL),
}
"""Media type → its first bytes."""


def check_signature(path: Path, media_type: str) -> None:
    """Reject a file whose first bytes are not of its kind; nothing more of it is read.

    Raises:
        RefusedError: The file is rejected.
    """
    if SIGNATURES[media_type].match(_begin(path)) is None:
        raise RefusedError("wrong_type")


def check_drawing(path: Path) -> None:
    """Reject what is not SVG. It may hold scripts: it is only downloaded, and never shown by the site.

    Raises:
        RefusedError: The file is rejected.
    """
    begin = _begin(path)
    encoding = "utf-16" if begin.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    if _SVG.match(begin.decode(encoding, "ignore")) is None:
        raise RefusedError("wrong_type")
    texts.check_text(path)


def check_older_document(path: Path, media_type: str) -> None:
    """Reject what is not a document of Office before 2007; Word also writes RTF under its own ending.

    Raises:
        RefusedError: The file is rejected.
    """
    if media_type == "application/msword" and _begin(path).startswith(b"{\\rtf"):
        texts.check_rich_text(path)
    else:
        compound.check_compound(path, media_type)


def _begin(path: Path) -> bytes:
    with path.open("rb") as handle:
        return handle.read(BEGIN_BYTES)


def _by_signature(media_type: str) -> Callable[[Path], None]:
    return lambda path: check_signature(path, media_type)


def _older(media_type: str) -> Callable[[Path], None]:
    return lambda path: check_older_document(path, media_type)


CHECKS: Mapping[str, Callable[[Path], None]] = {
    **{media_type: _by_signature(media_type) for media_type in SIGNATURES},
    **{media_type: _older(media_type) for media_type in compound.STREAMS},
    "application/rtf": texts.check_rich_text,
    "image/svg+xml": check_drawing,
}
"""Media type → the check of files that are only downloaded."""

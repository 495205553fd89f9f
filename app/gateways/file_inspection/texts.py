"""Check that a file is text: in UTF-16 and UTF-32 by decoding it, in any other encoding by its control characters."""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from app.gateways.file_inspection.errors import RefusedError

PIECE = 1_048_576
MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""Byte order mark → encoding; the longer marks first, because one begins with a shorter one."""
STRANGE = re.compile("[\x01-\x08\x0b\x0e-\x1a\x1c-\x1f]")
"""Controls that texts hold by accident, such as the vertical tab of slides; NUL is in no text."""
TOLERATED = 8
TOLERATED_SHARE = 100
"""One in so many characters; every tenth byte of packed or encrypted data is a control."""
TEMPLATE = re.compile(rb"\\\*\s*\\template[\s{]{0,20}(?:[a-z]+://|\\\\\\\\|//)", re.IGNORECASE)


def check_text(path: Path) -> None:
    """Reject what is not text.

    Raises:
        RefusedError: It holds NUL, cannot be decoded, or consists of controls to a large part.
    """
    length = strange = 0
    try:
        for piece in _pieces(path):
            if "\0" in piece:
                raise RefusedError("wrong_type")
            length += len(piece)
            strange += len(STRANGE.findall(piece))
    except UnicodeError as error:
        raise RefusedError("wrong_type") from error
    if strange > max(TOLERATED, length // TOLERATED_SHARE):
        raise RefusedError("wrong_type")


def check_rich_text(path: Path) -> None:
    """Reject what is not RTF, and RTF that loads a template from elsewhere.

    Raises:
        RefusedError: The file is rejected.
    """
    with path.open("rb") as handle:
        before = b""
        if not handle.read(5) == b"{\\rtf":
            raise RefusedError("wrong_type")
        while piece := handle.read(PIECE):
            if TEMPLATE.search(before + piece):
                raise RefusedError("wrong_type", "external_template")
            before = piece[-100:]


def _pieces(path: Path) -> Iterator[str]:
    with path.open("rb") as handle:
        begin = handle.read(4)
        encoding = next((name for mark, name in MARKS.items() if begin.startswith(mark)), "latin-1")
        handle.seek(0)
        decoder = codecs.getincrementaldecoder(encoding)()
        while piece := handle.read(PIECE):
            yield decoder.decode(piece)
        yield decoder.decode(b"", final=True)

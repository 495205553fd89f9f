"""Clean texts that people type: whitespace, line breaks, invisible and control characters."""

import re
import unicodedata
from typing import Annotated
from urllib.parse import SplitResult, urlsplit, urlunsplit

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from app.core.i18n import N_

HIDDEN = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufff9-\ufffb]")
"""Zero-width and bidirectional control characters; the joiner inside emoji stays."""
_NOT_IN_LINKS = re.compile(r'[\s<>"\\]')
_BREAKS = re.compile(r"\r\n?|[\u2028\u2029\x0b\x0c\x85]")
_MANY_BREAKS = re.compile(r"\n{4,}")
_SPACES = re.compile(r"[^\S\n]+")
LINK_TEXT = N_("Write the address of a page, such as https://example.org/me.")
CONTROL_TEXT = N_("This contains characters that cannot be shown. Please type it again.")


def _refuse_control(value: str) -> None:
    if any(unicodedata.category(character) in ("Cc", "Cs", "Cn") and character not in "\n\t" for character in value):
        raise ValueError(CONTROL_TEXT)


def one_line(value: str) -> str:
    """Return the text as one clean line.

    Raises:
        ValueError: It contains control characters.
    """
    cleaned = HIDDEN.sub("", _BREAKS.sub("\n", value)).replace("\n", " ").replace("\t", " ")
    _refuse_control(cleaned)
    return _SPACES.sub(" ", cleaned).strip()


def many_lines(value: str) -> str:
    """Return the text with normalized line breaks and at most two empty lines in a row.

    Raises:
        ValueError: It contains control characters.
    """
    cleaned = HIDDEN.sub("", _BREAKS.sub("\n", value))
    _refuse_control(cleaned)
    return _MANY_BREAKS.sub("\n\n\n", "\n".join(line.rstrip() for line in cleaned.split("\n"))).strip()


Line = Annotated[str, AfterValidator(one_line)]
"""One line of text; limit its length before this cleans it."""
Lines = Annotated[str, AfterValidator(many_lines)]
"""Several lines of text."""


def at_least(length: int) -> AfterValidator:
    """Refuse a text that is too short after cleaning."""

    def check(value: str) -> str:
        if len(value) < length:
            raise PydanticCustomError("string_too_short", "too short", {"min_length": length})
        return value

    return AfterValidator(check)


def clean_link(address: str) -> str:
    """Return the normalized address of a web page.

    Raises:
        ValueError: It has another scheme, a user part, no host, or forbidden characters.
    """
    text = address.strip()
    if not text or not text.isprintable() or _NOT_IN_LINKS.search(text):
        raise ValueError(LINK_TEXT)
    if "://" not in text and not text.split("/")[0].count(":"):
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname, parts.port
    except ValueError as bad:
        raise ValueError(LINK_TEXT) from bad
    if not _is_of_a_page(parts, host or ""):
        raise ValueError(LINK_TEXT)
    return urlunsplit(parts)


def _is_of_a_page(parts: SplitResult, host: str) -> bool:
    return parts.scheme in ("http", "https") and "." in host and not parts.username and not parts.password

"""Clean texts that people type: whitespace, line breaks, invisible and control characters."""

import re
from collections.abc import Callable
from urllib.parse import SplitResult, urlsplit, urlunsplit

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from app.core.i18n import N_

HIDDEN = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufff9-\ufffb]")
"""Zero-width and bidirectional control characters; the joiner inside emoji stays."""
INVISIBLE = re.compile(
    "[\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Everything that shows nothing when it stands alone: joiners, selectors, tags, fillers and blank letters too."""
_NOT_IN_LINKS = re.compile(r'[\s<>"\\]')
_BREAKS = re.compile(r"\r\n?|[\u2028\u2029\x0b\x0c\x85]")
_MANY_BREAKS = re.compile(r"\n{4,}")
_SPACES = re.compile(r"[^\S\n]+")
_INVISIBLE_ENDS = re.compile(rf"\A[\s{INVISIBLE.pattern[1:]}+|[\s{INVISIBLE.pattern[1:]}+\Z")
PLANES = range(0, 0x110000, 0x10000)
LINK_TEXT = N_("Write the address of a page, such as https://example.org/me.")
CONTROL_TEXT = N_("This contains characters that cannot be shown. Please type it again.")


_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
"""What is left of the control characters after the line breaks among them; it shows nothing and is left out."""
_NO_CHARACTERS = re.compile(
    "[\ud800-\udfff\ufdd0-\ufdef" + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in PLANES) + "]"
)
"""Surrogates and non-characters: never text. Unassigned code points may be characters that are newer than Python."""


def strip_invisible(text: str) -> str:
    """Return the text without blanks and invisible characters at its ends."""
    return _INVISIBLE_ENDS.sub("", text)


def _clean(value: str) -> str:
    cleaned = _CONTROLS.sub("", HIDDEN.sub("", _BREAKS.sub("\n", value)))
    if _NO_CHARACTERS.search(cleaned):
        raise ValueError(CONTROL_TEXT)
    return cleaned if count_visible(cleaned) else ""


def count_visible(text: str) -> int:
    """Return the number of characters that show something or separate what does; 0 for a text that looks empty."""
    return len(INVISIBLE.sub("", text).strip())


def one_line(value: str) -> str:
    """Return the text as one clean line; control characters are left out, and a text that shows nothing is empty.

    Raises:
        ValueError: It contains surrogates or non-characters.
    """
    return _SPACES.sub(" ", _clean(value).replace("\n", " ")).strip()


def many_lines(value: str) -> str:
    """Return the text with normalized line breaks and at most two empty lines in a row; otherwise like `one_line`.

    Raises:
        ValueError: It contains surrogates or non-characters.
    """
    lines = "\n".join(line.rstrip() for line in _clean(value).split("\n"))
    return _MANY_BREAKS.sub("\n\n\n", lines).strip()


def _cleaned_by(clean: Callable[[str], str]) -> BeforeValidator:
    return BeforeValidator(lambda value: clean(value) if isinstance(value, str) else value)


# Texts are cleaned before their length is checked, so that limits count what the page counts: a browser sends two
# characters for a line break. The size of a request bounds what is cleaned.
CLEAN_LINE = _cleaned_by(one_line)
"""Annotates a text of one line; stands after its limits."""
CLEAN_LINES = _cleaned_by(many_lines)
"""Annotates a text of several lines."""


def at_least(length: int) -> AfterValidator:
    """Refuse a text that has too few visible characters after cleaning."""

    def check(value: str) -> str:
        if count_visible(value) < length:
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

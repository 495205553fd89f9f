"""Encoding of mail headers: RFC 2047 words that every reader decodes alike, and addresses with domains in ASCII.

The folding of the standard library loses blanks between words outside ASCII (Python 3.12) or between a word and what
stands beside it (3.13), so `Subject` and the names of addresses are encoded here, whole.
"""

import re
from collections.abc import Iterator
from email.charset import BASE64, Charset
from email.headerregistry import UniqueAddressHeader, UniqueUnstructuredHeader
from email.message import EmailMessage
from email.policy import Policy
from email.utils import formataddr
from typing import Any, override
from unicodedata import category

import idna

LINE = 76
"""Longest line of a header that contains encoded words."""
WORD = 75
_FRAME = len("=?utf-8?b?" + "?=")
_JOINERS = frozenset("\u200c\u200d") | {chr(tag) for tag in range(0xE0020, 0xE0080)}
"""Invisible characters that belong to what they join: emoji, letters of some scripts, flags of regions."""
_EXTENDS = "\u0300-\u036f\u200c\ufe00-\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f"
_CLUSTER = re.compile(rf"(?:[\U0001f1e6-\U0001f1ff]{{2}}|.)(?:[{_EXTENDS}]|\u200d.?)*", re.DOTALL)
_WITH_BLANK = re.compile(r"\S+\s*")
_CHARSET = Charset("utf-8")
_NAME_CHARSETS = (_CHARSET, Charset("windows-1251"))
for _charset in _NAME_CHARSETS:
    _charset.header_encoding = BASE64


def one_line(text: str) -> str:
    """Turn controls and separators into single blanks, so that no value can start a header of its own.

    Invisible characters disappear, except those that join emoji.
    """
    return " ".join("".join(map(_visible, text)).split())


def _visible(letter: str) -> str:
    match category(letter):
        case "Cc" | "Zl" | "Zp" | "Zs":
            return " "
        case "Cf" | "Cs":
            return letter if letter in _JOINERS else ""
        case _:
            return letter


def encoded(text: str, name: str, linesep: str) -> str:
    """Return a text as it stands after `name: `; outside ASCII, or too long for a line, it is encoded whole."""
    room = LINE - len(name) - len(": ")
    if text.isascii() and "=?" not in text and len(text) <= room:
        return text
    return f"{linesep} ".join(_CHARSET.header_encode(part) for part in _parts(text, min(room, WORD)))


def _parts(text: str, first: int) -> Iterator[str]:
    """Split a text into parts that fit into one encoded word each, the first shorter; joined characters stay whole."""
    part, room = "", _bytes_of(first)
    for cluster in _CLUSTER.findall(text):
        for piece in [cluster] if _size(cluster) <= _bytes_of(first) else cluster:
            if part and _size(part + piece) > room:
                yield part
                part, room = "", _bytes_of(WORD)
            part += piece
    yield part


def _bytes_of(word: int) -> int:
    """Return how many bytes fit into an encoded word of this length."""
    return (word - _FRAME) // 4 * 3


def _size(text: str) -> int:
    return len(text.encode())


def ascii_domain(domain: str) -> str:
    """Return a domain in A-labels, which every mail server understands.

    Raises:
        ValueError: It is no domain.
    """
    return domain if domain.isascii() else idna.encode(domain, uts46=True).decode()


class SubjectHeader(UniqueUnstructuredHeader):
    """A subject that is encoded whole, and is what it says: what looks like an encoded word is not decoded."""

    name: str

    @classmethod
    @override
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        """Take the text as it is."""
        kwds["decoded"] = one_line(value)
        kwds["parse_tree"] = cls.value_parser("")

    def fold(self, *, policy: "Policy[EmailMessage]") -> str:
        """Return the lines of the header."""
        return f"{self.name}: {encoded(str(self), self.name, policy.linesep)}{policy.linesep}"


class AddressHeader(UniqueAddressHeader):
    """An address whose name is encoded whole."""

    name: str

    def fold(self, *, policy: "Policy[EmailMessage]") -> str:
        """Return the lines of the header."""
        address = self.addresses[0]
        shown = address.display_name
        if not shown:
            return f"{self.name}: {address.addr_spec}{policy.linesep}"
        if shown.isascii() and "=?" not in shown:
            return f"{self.name}: {formataddr((shown, address.addr_spec))}{policy.linesep}"
        words = _name_words(shown, policy.linesep)
        begin = (
            " " if len(self.name) + len(": ") + len(words.split(policy.linesep)[0]) <= LINE else f"{policy.linesep} "
        )
        return f"{self.name}:{begin}{words}{policy.linesep} <{address.addr_spec}>{policy.linesep}"


def _name_words(name: str, linesep: str) -> str:
    """Return a name as few encoded words, divided at its blanks: a reader that keeps what divides them doubles one."""
    parts = [""]
    for word in _WITH_BLANK.findall(name):
        if parts[-1] and _one_word(parts[-1] + word) is None:
            parts.append("")
        parts[-1] += word
    return f"{linesep} ".join(_one_word(part) or encoded(part, "", linesep) for part in parts)


def _one_word(name: str) -> str | None:
    """Return a name as one encoded word; None where it is too long for one.

    Some readers, that of Python among them, keep the blank between the encoded words of a name. In UTF-8 a word holds
    22 Cyrillic letters, in Windows-1251 42.
    """
    for charset in _NAME_CHARSETS:
        try:
            word = charset.header_encode(name)
        except UnicodeEncodeError:
            continue
        if len(word) <= WORD:
            return word
    return None

"""Addresses in texts that people typed: what a mail program would turn into a link."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

HIDDEN_LINK = "[…]"
_ENDINGS = (
    "com|net|org|info|biz|name|pro|io|me|co|cc|tv|ws|ai|app|dev|page|link|click|site|online|store|shop|club|live|life|space"
    "|website|tech|team|work|agency|studio|design|digital|media|top|xyz|icu|vip|ink|ru|su|by|kz|ua|uk|us|eu|de|fr|it|es"
    "|nl|pl|cz|gr|fi|ge|am|az|uz|kg|tk|ml|ga|cf|gq|ly|gl|gd|in|cn|moscow|tatar|рф|бел|қаз|укр|рус|москва|дети|онлайн|сайт"
)
# Names of things that end like a host and are no address.
_PRODUCTS = r"(?:asp|ado|vb|ml)\.net\b|(?:socket|draw)\.io\b"
_HOST = rf"(?!{_PRODUCTS})(?:[\w-]{{1,63}}\.){{1,5}}(?:{_ENDINGS})(?![\w-])"
# Repetitions are bounded, so that no text makes matching slow.
_LINK = re.compile(
    r"\b[a-z][a-z0-9+.-]{1,15}://\S{0,2000}|\b(?:www\.|mailto:|tel:)\S{1,2000}"
    r"|[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}"
    rf"|(?<![\w.-]){_HOST}(?::\d{{1,5}})?(?:[/?#]\S{{0,2000}})?",
    re.IGNORECASE,
)


# Bounded and without nested repeats, so that no text makes it slow.
_WRITTEN = re.compile(r"(?<![\w@/.])(?:https?://|www\.(?=\w))[^\s<>\"\x00-\x1f]{1,2000}", re.IGNORECASE)
_AFTER_A_LINK = frozenset(".,;:!?…'’*_»”")
_BRACKETS = {")": "(", "]": "[", "}": "{"}


class Link(NamedTuple):
    """An address in a text: where it stands, and where it leads."""

    start: int
    end: int
    href: str


def find_links(text: str) -> Iterator[Link]:
    """Find the addresses of pages in a text, without the punctuation and closing brackets that follow them."""
    for found in _WRITTEN.finditer(text):
        url = _without_end(found.group())
        scheme, sign, rest = url.partition("://")
        if not sign:
            yield Link(found.start(), found.start() + len(url), f"https://{url}")
        elif rest:
            yield Link(found.start(), found.start() + len(url), f"{scheme.lower()}://{rest}")


def _without_end(url: str) -> str:
    counts = Counter(url)
    end = len(url)
    while end:
        last = url[end - 1]
        if last not in _AFTER_A_LINK and counts[last] <= counts[_BRACKETS.get(last, last)]:
            break
        counts[last] -= 1
        end -= 1
    return url[:end]


def hide_links(text: str) -> str:
    """Return the text with a sign in the place of each address of a page or a mailbox."""
    return _LINK.sub(HIDDEN_LINK, text)


def has_link(text: str) -> bool:
    """Tell whether the text contains an address of a page or a mailbox."""
    return _LINK.search(text) is not None

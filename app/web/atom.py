"""Atom feeds (RFC 4287), served with validators and caching headers."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from xml.etree.ElementTree import Element, SubElement, tostring

from fastapi import Request, Response

from app.web.formatting import iso

NAMESPACE = "http://www.w3.org/2005/Atom"
MEDIA_TYPE = "application/atom+xml"
FRESH_SECONDS = 300
# Characters that XML 1.0 cannot contain.
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a feed; `key` is its permanent id."""

    key: str
    title: str
    href: str
    author: str
    published: datetime
    updated: datetime
    summary: str
    terms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed: `href` is its own address, `page` the same list as HTML, `updated` the time of an empty feed."""

    title: str
    href: str
    page: str
    language: str
    updated: datetime
    entries: Sequence[Entry]


def write(feed: Feed) -> bytes:
    """Return the XML document."""
    root = Element("feed", {"xmlns": NAMESPACE, "xml:lang": feed.language})
    _text(root, "id", feed.href)
    _text(root, "title", feed.title)
    _text(root, "updated", iso(_newest(feed)))
    SubElement(root, "link", {"rel": "self", "type": MEDIA_TYPE, "href": feed.href})
    SubElement(root, "link", {"rel": "alternate", "type": "text/html", "href": feed.page})
    _text(root, "generator", "ipLance")
    for entry in feed.entries:
        item = SubElement(root, "entry")
        _text(item, "id", entry.key)
        _text(item, "title", entry.title)
        _text(item, "published", iso(entry.published))
        _text(item, "updated", iso(entry.updated))
        _text(SubElement(item, "author"), "name", entry.author)
        SubElement(item, "link", {"rel": "alternate", "type": "text/html", "href": entry.href})
        for term in entry.terms:
            SubElement(item, "category", {"term": _UNWRITABLE.sub("", term)})
        _text(item, "summary", entry.summary)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def answer(request: Request, feed: Feed) -> Response:
    """Return the feed, or 304 where the reader's copy is current."""
    body, changed = write(feed), _newest(feed).replace(microsecond=0)
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {
        "ETag": tag,
        "Last-Modified": format_datetime(changed, usegmt=True),
        # A request with cookies may get cookies back, and such a response must not be shared.
        "Cache-Control": "private, no-cache" if request.cookies else f"public, max-age={FRESH_SECONDS}",
        "Vary": "Accept-Language, Cookie",
        "Content-Language": feed.language,
    }
    if _is_known(request, tag, changed):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(body, headers=headers, media_type=f"{MEDIA_TYPE}; charset=utf-8")


def _newest(feed: Feed) -> datetime:
    return max((entry.updated for entry in feed.entries), default=feed.updated)


def _text(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = _UNWRITABLE.sub("", text)


def _is_known(request: Request, tag: str, changed: datetime) -> bool:
    """Evaluate the conditional headers (RFC 9110, 13.2.2): ETags where there are any, else times."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        return tags.strip() == "*" or tag in (part.strip().removeprefix("W/") for part in tags.split(","))
    since = request.headers.get("if-modified-since")
    try:
        return since is not None and parsedate_to_datetime(since) >= changed
    except (ValueError, TypeError):
        return False

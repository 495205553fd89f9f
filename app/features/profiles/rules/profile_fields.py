"""Validation and hints of profile fields, and their Markdown; pure functions."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from app.core.errors import FieldError
from app.core.i18n import N_
from app.core.security.rate_limits import Rate
from app.core.text.links import find_links
from app.models import Profile

MAX_PORTFOLIO = 50
MAX_LISTED = 1000
LISTED_BY_ACCOUNT = Rate("favourites", 120, 10 * 60)
_TAGS = {"p", "br", "strong", "em", "ul", "ol", "li", "a", "blockquote", "code", "pre", "h3", "h4", "hr"}
_TABLE_TAGS = {"table", "thead", "tbody", "tr", "th", "td"}
_TARGET = re.compile(r"https?://[^\s/?#]|mailto:[^\s@]+@[^\s@]", re.IGNORECASE)
_HEADINGS = {"h1": "h3", "h2": "h3", "h3": "h3", "h4": "h4", "h5": "h4", "h6": "h4"}


def to_html(markdown: str) -> str:
    """Convert Markdown to safe HTML: no scripts, no images, links to other sites and mailboxes as `nofollow ugc`."""
    if not markdown:
        return ""
    import nh3  # noqa: PLC0415 - needed only for saving a profile, and slow to import
    from markdown_it import MarkdownIt  # noqa: PLC0415 - the same

    parser = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table")
    tokens = parser.parse(markdown)
    for token in tokens:
        token.tag = _HEADINGS.get(token.tag, token.tag)
        if token.children:
            token.children = list(_linked(token.children))
    html = str(parser.renderer.render(tokens, parser.options, {}))
    return nh3.clean(
        html,
        tags=_TAGS | _TABLE_TAGS,
        attributes={"a": {"href"}, "ol": {"start"}, "*": set()},
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow ugc noopener noreferrer",
    )


def _linked(tokens: Sequence[Any]) -> Iterator[Any]:
    """Return the pieces of a line with its bare addresses as links; code and what is a link already stay."""
    from markdown_it.token import Token  # noqa: PLC0415 - as above

    depth = 0
    for token in tokens:
        depth += token.nesting if token.type in ("link_open", "link_close") else 0
        if token.type == "link_open" and str(token.attrGet("href")).lower().startswith("www."):
            token.attrSet("href", f"https://{token.attrGet('href')}")
        position = 0
        for link in find_links(token.content) if token.type == "text" and not depth else ():
            yield Token("text", "", 0, content=token.content[position : link.start])
            yield Token("link_open", "a", 1, attrs={"href": link.href})
            yield Token("text", "", 0, content=token.content[link.start : link.end])
            yield Token("link_close", "a", -1)
            position = link.end
        if position:
            token.content = token.content[position:]
        yield token


def _attribute(_tag: str, name: str, value: str) -> str | None:
    """Keep an attribute; a link leads to another site or to a mailbox, never to an address of this one."""
    return value if name != "href" or _TARGET.match(value) else None


def validate_day(available_from: date | None, today: date) -> list[FieldError]:
    """Validate the day that was typed; one that was stored before may be over."""
    if available_from is not None and available_from < today:
        return [FieldError(("body", "available_from"), N_("This day is over. Choose a later one."))]
    return []


def validate_profile(profile: Profile, *, wants_listing: bool) -> list[FieldError]:
    """Return the errors of the profile's fields in combination."""
    found: list[FieldError] = []
    if wants_listing and not profile.headline:
        found.append(
            FieldError(("body", "headline"), N_("Say in one line what you do, so that customers can find you."))
        )
    if wants_listing and not profile.skills:
        found.append(FieldError(("body", "skills"), N_("Name at least one skill, so that customers can find you.")))
    return found


def hints(profile: Profile, *, has_photo: bool) -> list[str]:
    """Return the names of hints that would improve the profile, most useful first; pages have the texts."""
    missing = {
        "headline": not profile.headline,
        "skills": not profile.skills,
        "about": len(profile.about) < 100,  # noqa: PLR2004 - about two sentences
        "rate": profile.rate_amount is None,
        "portfolio": not profile.has_portfolio,
        "photo": not has_photo,
        "languages": not profile.languages,
        "place": not profile.country,
    }
    return [name for name, lacks in missing.items() if lacks]

"""Validation and hints of profile fields, and their Markdown; pure functions."""

from datetime import date

from app.core.errors import FieldError
from app.core.i18n import N_
from app.core.security.rate_limits import Rate
from app.models import Profile

MAX_PORTFOLIO = 50
MAX_LISTED = 1000
LISTED_BY_ACCOUNT = Rate("favourites", 120, 10 * 60)
_TAGS = {"p", "br", "strong", "em", "ul", "ol", "li", "a", "blockquote", "code", "pre", "h3", "h4", "hr"}
_HEADINGS = {"h1": "h3", "h2": "h3", "h3": "h3", "h4": "h4", "h5": "h4", "h6": "h4"}


def to_html(markdown: str) -> str:
    """Convert Markdown to safe HTML: no scripts, no images, links marked as `nofollow ugc`."""
    if not markdown:
        return ""
    import nh3  # noqa: PLC0415 - needed only for saving a profile, and slow to import
    from markdown_it import MarkdownIt  # noqa: PLC0415 - the same

    parser = MarkdownIt("commonmark", {"html": False, "breaks": True})
    tokens = parser.parse(markdown)
    for token in tokens:
        token.tag = _HEADINGS.get(token.tag, token.tag)
    html = str(parser.renderer.render(tokens, parser.options, {}))
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes={"a": {"href"}, "*": set()},
        url_schemes={"http", "https"},
        link_rel="nofollow ugc noopener noreferrer",
    )


def validate_profile(profile: Profile, today: date, *, wants_listing: bool) -> list[FieldError]:
    """Return the errors of the profile's fields in combination."""
    found: list[FieldError] = []
    if profile.available_from is not None and profile.available_from < today:
        found.append(FieldError(("body", "available_from"), N_("This day is over. Choose a later one.")))
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

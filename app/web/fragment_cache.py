"""Caches for rendered fragments and pages that are the same for many people.

    {% call cached_fragment("order-card", card, card.when|ago) %}{{ order_card(card, level=3) }}{% endcall %}

The name and the values after it must contain everything that the fragment depends on, except the language, which is
always part of the key. A fragment must not contain personal data: no CSRF token, no name of the reader.
"""

from collections.abc import Awaitable, Callable, Hashable
from http import HTTPStatus

from cachetools import LRUCache
from markupsafe import Markup
from starlette.responses import Response

from app.core.clock import utc_now
from app.core.i18n import current_locale
from app.core.security.csrf import CSRF_FIELD

KEPT = 4096
"""Fragments that a process keeps; at about 2 KB each they take less than 10 MB."""
PAGES = 100
"""Whole pages that a process keeps, at about 50 KB each."""

_fragments: LRUCache[Hashable, Markup] = LRUCache(KEPT)


def cached_fragment(name: str, *depends_on: Hashable, caller: Callable[[], Markup]) -> Markup:
    """Return the cached fragment for these values, or render and cache it.

    Raises:
        ValueError: The fragment contains a form with a CSRF token, which belongs to one person.
    """
    key = (name, current_locale(), depends_on)
    found = _fragments.get(key)
    if found is None:
        found = caller()
        if CSRF_FIELD in found:
            raise ValueError(f"the kept piece {name!r} holds a token of a form")
        _fragments[key] = found
    return found


class GuestPageCache:
    """Whole pages that are the same for every guest, cached for at most a minute: relative times would become wrong."""

    def __init__(self, size: int = PAGES) -> None:
        self._kept: LRUCache[Hashable, tuple[bytes, dict[str, str]]] = LRUCache(size)

    async def get(self, *depends_on: Hashable, write: Callable[[], Awaitable[Response]]) -> Response:
        """Return the page cached in this minute for the same values, or render and cache it."""
        key = (current_locale(), int(utc_now().timestamp() // 60), depends_on)
        found = self._kept.get(key)
        if found is None:
            page = await write()
            if page.status_code != HTTPStatus.OK:
                return page
            found = self._kept[key] = (bytes(page.body), dict(page.headers))
        return Response(found[0], headers=found[1])


def clear_fragments() -> None:
    """Clear the cache of fragments."""
    _fragments.clear()

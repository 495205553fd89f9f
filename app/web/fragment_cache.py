"""Pieces of pages that read the same for many people, kept as they were written.

    {% call cached_fragment("order-card", card, card.when|ago) %}{{ order_card(card, level=3) }}{% endcall %}

The name and the values after it must say everything that the piece depends on, the language apart, which is always
part of the key. Nothing personal may stand in one: no token of a form, no name of the reader.
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
"""Pieces a process keeps; at some 2 KB each they take less than 10 MB."""
PAGES = 100
"""Whole pages a process keeps, at some 50 KB each."""

_fragments: LRUCache[Hashable, Markup] = LRUCache(KEPT)


def cached_fragment(name: str, *depends_on: Hashable, caller: Callable[[], Markup]) -> Markup:
    """Return the piece as it was written before for the same values, or write it.

    Raises:
        ValueError: The piece holds a form with a token, which is one person's own.
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
    """Whole pages that read the same for every guest, for a minute at most: relative times would go stale."""

    def __init__(self, size: int = PAGES) -> None:
        self._kept: LRUCache[Hashable, tuple[bytes, dict[str, str]]] = LRUCache(size)

    async def get(self, *depends_on: Hashable, write: Callable[[], Awaitable[Response]]) -> Response:
        """Return the page as it was written this minute for the same values, or write it."""
        key = (current_locale(), int(utc_now().timestamp() // 60), depends_on)
        found = self._kept.get(key)
        if found is None:
            page = await write()
            if page.status_code != HTTPStatus.OK:
                return page
            found = self._kept[key] = (bytes(page.body), dict(page.headers))
        return Response(found[0], headers=found[1])


def clear_fragments() -> None:
    """Drop everything that is kept."""
    _fragments.clear()

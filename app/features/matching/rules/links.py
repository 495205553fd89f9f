"""Links that end letters: signed, so that nobody ends somebody else's, and good without signing in."""

import hmac
from uuid import UUID

from app.core.config import Settings
from app.core.security.keys import bytes_of, sign, text_of

_PURPOSE = "unsubscribe"
_EVERY_SEARCH = UUID(int=0)
_MAC_BYTES = 16
_TOKEN_BYTES = 48


def unsubscribe_token(settings: Settings, owner_id: UUID, search_id: UUID | None) -> str:
    """Return what a link needs to end letters about one search, or about all; it never lapses."""
    search = search_id or _EVERY_SEARCH
    mac = sign(settings.verification_keys[0], _PURPOSE, str(owner_id), str(search))[:_MAC_BYTES]
    return text_of(owner_id.bytes + search.bytes + mac)


def read_unsubscribe_token(settings: Settings, token: str) -> tuple[UUID, UUID | None] | None:
    """Return whose letters a token ends, and about which search; None where it is not ours."""
    try:
        raw = bytes_of(token)
    except ValueError:
        return None
    if len(raw) != _TOKEN_BYTES:
        return None
    owner, search = UUID(bytes=raw[:16]), UUID(bytes=raw[16:32])
    made = [sign(key, _PURPOSE, str(owner), str(search))[:_MAC_BYTES] for key in settings.verification_keys]
    if not any(hmac.compare_digest(raw[32:], mac) for mac in made):
        return None
    return owner, search if search != _EVERY_SEARCH else None

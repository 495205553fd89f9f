"""Signed tokens of unsubscribe links, which are valid without signing in."""

from uuid import UUID

from app.core.config import Settings
from app.core.security.signing import Signer, bytes_of, text_of

_SIGNER = Signer("unsubscribe", 16)
_EVERY_SEARCH = UUID(int=0)
_TOKEN_BYTES = 48


def unsubscribe_token(settings: Settings, owner_id: UUID, search_id: UUID | None) -> str:
    """Return the token that unsubscribes from one search, or from all if `search_id` is None. It does not expire."""
    search = search_id or _EVERY_SEARCH
    return text_of(owner_id.bytes + search.bytes + _SIGNER.sign(settings, str(owner_id), str(search)))


def read_unsubscribe_token(settings: Settings, token: str) -> tuple[UUID, UUID | None] | None:
    """Return the owner and the search (None for all) of a token, or None if its signature is not valid."""
    try:
        raw = bytes_of(token)
    except ValueError:
        return None
    if len(raw) != _TOKEN_BYTES:
        return None
    owner, search = UUID(bytes=raw[:16]), UUID(bytes=raw[16:32])
    if not _SIGNER.verifies(settings, raw[32:], str(owner), str(search)):
        return None
    return owner, search if search != _EVERY_SEARCH else None

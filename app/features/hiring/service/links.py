"""The secret link of a direct deal: computed from its id, so that nothing of it is stored."""

from datetime import datetime

from app.core.config import Settings
from app.core.security.signing import Signer
from app.features.hiring import rules
from app.models import DirectDeal

_LINK = Signer("direct-deal-link", size=16)
_ADDRESS = Signer("direct-deal-address")


def link_of(settings: Settings, deal: DirectDeal) -> str:
    """Return the address to send; raising the deal's `link_number` ends it."""
    key = _LINK.text(settings, deal.id.bytes, str(deal.link_number))
    return f"{settings.origin}/deals/{deal.id}?key={key}"


def opens(settings: Settings, deal: DirectDeal, key: str | None, now: datetime) -> bool:
    """Tell whether a key from an address is valid: nobody has answered by the link, and the deal is open."""
    if key is None or deal.other_id is not None or not rules.is_open(deal, now):
        return False
    return _LINK.verifies_text(settings, key, deal.id.bytes, str(deal.link_number))


def address_counter(settings: Settings, email_key: str) -> str:
    """Return the name under which invitations to an e-mail address are counted, which does not tell the address."""
    return _ADDRESS.text(settings, email_key)

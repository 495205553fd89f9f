"""Use cases of direct deals. Every change locks the direct deal first."""

from app.features.hiring.service.answering import accept, counter, decline, end_deals_of, expire, withdraw
from app.features.hiring.service.inviting import invite, renew_link
from app.features.hiring.service.queries import (
    MailedInvitation,
    get_direct_deal,
    list_direct_deals,
    mailed_invitation,
    read_direct_deal,
    texts_of_other,
)

__all__ = [
    "MailedInvitation",
    "accept",
    "counter",
    "decline",
    "end_deals_of",
    "expire",
    "get_direct_deal",
    "invite",
    "list_direct_deals",
    "mailed_invitation",
    "read_direct_deal",
    "renew_link",
    "texts_of_other",
    "withdraw",
]

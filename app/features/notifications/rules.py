"""Rules of notifications: their texts and targets, and the retries of e-mails."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from app.core.i18n import N_, _
from app.models.notification import NoticeKind

MAX_ATTEMPTS = 60
MAX_DELAY = timedelta(minutes=30)
CLAIM = timedelta(seconds=60)
"""An e-mail that a sender claimed and did not mark may be sent again after this time."""


@dataclass(frozen=True, slots=True)
class Wording:
    """Texts of notifications; placeholders are `order`, `person`, `file` and `count`."""

    text: str
    href: str | None = None


SECURITY = "/settings/security"
ORDER = "/orders/{order_id}"
INVITATIONS = "/my/invitations"
INVITED = "/orders/{order_id}/invitations"
PROPOSALS = "/orders/{order_id}/proposals"
OFFER = "/offers/{offer_id}"
REPORT = "/my/reports/{report_id}"
MESSAGES = "/messages/{conversation_id}"
PLACES = {
    "avatar": "/settings/photo",
    "portfolio": "/settings/portfolio",
    "order": "/my/orders",
    "proposal": "/my/proposals",
    "message": "/messages",
}
"""The page that shows files of a kind, and the reason why one was refused."""

WORDINGS: dict[NoticeKind, Wording] = {
    NoticeKind.PASSWORD_CHANGED: Wording(N_("Your password was changed."), SECURITY),
    NoticeKind.EMAIL_CHANGE_REQUESTED: Wording(N_("A change of your e-mail address was asked for."), SECURITY),
    NoticeKind.EMAIL_CHANGED: Wording(N_("Your e-mail address was changed."), SECURITY),
    NoticeKind.PHONE_CHANGED: Wording(N_("Your phone number was changed."), SECURITY),
    NoticeKind.NEW_DEVICE: Wording(N_("Somebody signed in to your account from a new device."), "/settings/devices"),
    NoticeKind.SESSION_REPLAYED: Wording(
        N_("An old sign-in of your account was used again, so we ended that session."), "/settings/devices"
    ),
    NoticeKind.PROPOSAL_RECEIVED: Wording(N_("{person} answered your order “{order}”."), PROPOSALS),
    NoticeKind.PROPOSAL_WITHDRAWN: Wording(N_("{person} took back the proposal for your order “{order}”."), ORDER),
    NoticeKind.PROPOSAL_SHORTLISTED: Wording(N_("{person} put your proposal for “{order}” on the short list."), ORDER),
    NoticeKind.PROPOSAL_ACCEPTED: Wording(N_("{person} chose your proposal for “{order}”."), ORDER),
    NoticeKind.PROPOSAL_DECLINED: Wording(N_("Your proposal for “{order}” was not chosen."), ORDER),
    NoticeKind.OFFER_MADE: Wording(N_("{person} offers you terms for “{order}”. Please answer in time."), OFFER),
    NoticeKind.OFFER_ACCEPTED: Wording(N_("{person} agreed to your terms for “{order}”."), ORDER),
    NoticeKind.OFFER_DECLINED: Wording(N_("{person} declined your terms for “{order}”."), OFFER),
    NoticeKind.OFFER_WITHDRAWN: Wording(N_("{person} took back the terms for “{order}”."), OFFER),
    NoticeKind.OFFER_ENDING: Wording(N_("The terms that {person} offers for “{order}” soon lapse."), OFFER),
    NoticeKind.OFFER_LAPSED: Wording(N_("{person} did not answer your terms for “{order}” in time."), OFFER),
    NoticeKind.OFFER_MISSED: Wording(N_("The terms for “{order}” lapsed: they were not answered in time."), OFFER),
    NoticeKind.ORDER_AWARDED: Wording(N_("You chose {person} for “{order}”. The order is closed to others."), ORDER),
    NoticeKind.ORDER_EXPIRED: Wording(N_("Your order “{order}” was open for long without an answer and ended."), ORDER),
    NoticeKind.ORDER_ENDING: Wording(N_("Your order “{order}” soon expires. Do you still need it?"), ORDER),
    NoticeKind.ORDER_APPROVED: Wording(N_("The operator looked at your order “{order}”: it is open now."), ORDER),
    NoticeKind.ORDER_REJECTED: Wording(N_("The operator sent your order “{order}” back and says why."), ORDER),
    NoticeKind.ORDER_TAKEN_DOWN: Wording(N_("The operator removed your order “{order}” and says why."), ORDER),
    NoticeKind.ORDER_RESTORED: Wording(N_("The operator put your order “{order}” back."), ORDER),
    NoticeKind.ORDER_HELD: Wording(
        N_("An order you answered is stopped for now: “{order}”. Your proposal stays as it is."), "/my/proposals"
    ),
    NoticeKind.ORDER_RELEASED: Wording(N_("An order you answered goes on: “{order}”."), ORDER),
    NoticeKind.INVITATION_RECEIVED: Wording(N_("{person} invites you to answer the order “{order}”."), INVITATIONS),
    NoticeKind.INVITATION_DECLINED: Wording(N_("{person} declined your invitation to “{order}”."), INVITED),
    NoticeKind.ORDER_EDITED: Wording(N_("An order you answered reads differently now: “{order}”."), ORDER),
    NoticeKind.REPORT_CLOSED: Wording(N_("Your report was looked at. See how it ended."), REPORT),
    NoticeKind.REPORT_UPHELD: Wording(
        N_("Something of yours broke a rule, the operator found. See which one, and answer if that is wrong."),
        REPORT,
    ),
    NoticeKind.REPORT_LIFTED: Wording(
        N_("The operator took back a decision about something of yours. Nothing stands against you."), REPORT
    ),
    NoticeKind.ORDERS_FOUND: Wording(N_("New orders for your saved searches: {count}."), "/my/searches"),
    NoticeKind.MESSAGE_RECEIVED: Wording(N_("{person} wrote to you about “{order}”."), MESSAGES),
    NoticeKind.FILE_REFUSED: Wording(
        N_("Your file “{file}” was not taken. Look what was wrong, and send another."), "{place}"
    ),
}

NOTICE_ONLY = frozenset(
    {
        NoticeKind.PROPOSAL_SHORTLISTED,
        NoticeKind.OFFER_MISSED,
        NoticeKind.FILE_REFUSED,
        NoticeKind.ORDER_HELD,
        NoticeKind.ORDER_RELEASED,
    }
)
"""Kinds that are shown on the site only and never sent by e-mail."""
MAIL_WAITS: Mapping[NoticeKind, timedelta] = {NoticeKind.MESSAGE_RECEIVED: timedelta(minutes=2)}
"""Delay of e-mails whose reader may see the event on the site first; then the e-mail is not sent at all."""


def text_of(kind: NoticeKind, facts: Mapping[str, str]) -> str:
    """Return the text of a notification in the reader's language; deleted objects get a general name."""
    known = {"order": _("a deleted order"), "person": _("a deleted account"), **facts}
    return _(WORDINGS[kind].text).format(**known)


def href_of(kind: NoticeKind, params: Mapping[str, object]) -> str | None:
    """Return the address that a notification links to."""
    href = WORDINGS[kind].href
    return href.format(**params) if href else None


def next_delay(attempts: int) -> timedelta:
    """Return the delay after this many attempts: 10, 20, 40 … seconds, at most half an hour."""
    return min(timedelta(seconds=10 * 2 ** min(attempts - 1, 12)), MAX_DELAY)

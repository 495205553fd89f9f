"""Rules of notifications: their texts and targets, and the retries of e-mails."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.i18n import N_, _
from app.models import OrderStatus
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
FILES = "/settings/files"
CONTRACT = "/contracts/{contract_id}"
DIRECT_DEAL = "/deals/{deal_id}"
SUBMISSION = "/contracts/{contract_id}#submission-{submission_id}"
PROFILE = "/settings/public-profile"
PORTFOLIO = "/settings/portfolio"
PAYMENT = "/wallet/payments/{payment_id}"
PAYOUT = "/wallet/withdrawals/{payout_id}"
CORRECTION = "/finance/corrections/{correction_id}"
PLACES = {
    "avatar": "/settings/photo",
    "portfolio": "/settings/portfolio",
    "order": "/my/orders",
    "proposal": "/my/proposals",
    "message": "/messages",
    "submission": "/contracts",
}
"""The page that shows files of a kind, and the reason why one was refused."""

WORDINGS: dict[NoticeKind, Wording] = {
    NoticeKind.PASSWORD_CHANGED: Wording(N_("Your password was changed."), SECURITY),
    NoticeKind.EMAIL_CHANGE_REQUESTED: Wording(N_("A change of your e-mail address was asked for."), SECURITY),
    NoticeKind.EMAIL_CHANGED: Wording(N_("Your e-mail address was changed."), SECURITY),
    NoticeKind.PHONE_CHANGED: Wording(N_("Your phone number was changed."), SECURITY),
    NoticeKind.LEGAL_STATUS_CHANGED: Wording(N_("Your legal details were changed."), "/settings/legal"),
    NoticeKind.CONTACT_LOST: Wording(
        N_("Your account has no e-mail address and no phone number any more: you had not confirmed it. Add one."),
        SECURITY,
    ),
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
    NoticeKind.FILE_TAKEN_DOWN: Wording(N_("The operator removed your file “{file}” and says why."), FILES),
    NoticeKind.PROFILE_TAKEN_DOWN: Wording(N_("The operator removed your profile and says why."), PROFILE),
    NoticeKind.PROFILE_RESTORED: Wording(N_("The operator put your profile back."), PROFILE),
    NoticeKind.WORK_TAKEN_DOWN: Wording(
        N_("The operator removed “{work}” from your portfolio and says why."), PORTFOLIO
    ),
    NoticeKind.WORK_RESTORED: Wording(N_("The operator put “{work}” back into your portfolio."), PORTFOLIO),
    NoticeKind.MESSAGE_TAKEN_DOWN: Wording(N_("The operator removed a message of yours and says why."), MESSAGES),
    NoticeKind.MESSAGE_RESTORED: Wording(N_("The operator put a message of yours back."), MESSAGES),
    NoticeKind.FILE_RESTORED: Wording(N_("The operator put your file “{file}” back."), FILES),
    NoticeKind.DEAL_MOVED: Wording(N_("Contract for “{order}”: {news}."), CONTRACT),
    NoticeKind.REVIEW_WAITS: Wording(
        N_("{person} submitted work for “{order}”. Check it in time: otherwise it counts as accepted."), SUBMISSION
    ),
    NoticeKind.DIRECT_DEAL_OFFERED: Wording(
        N_("{person} proposes the terms of a deal to you. Please answer in time."), DIRECT_DEAL
    ),
    NoticeKind.DIRECT_DEAL_ACCEPTED: Wording(N_("{person} accepted your terms: the contract has begun."), CONTRACT),
    NoticeKind.DIRECT_DEAL_DECLINED: Wording(N_("{person} declined the deal that you proposed."), DIRECT_DEAL),
    NoticeKind.DIRECT_DEAL_WITHDRAWN: Wording(N_("{person} withdrew the deal that was proposed to you."), DIRECT_DEAL),
    NoticeKind.DIRECT_DEAL_EXPIRED: Wording(N_("A deal that you proposed was not answered in time."), DIRECT_DEAL),
    NoticeKind.PAYMENT_RECEIVED: Wording(N_("Your payment of {amount} has arrived."), PAYMENT),
    NoticeKind.PAYMENT_FAILED: Wording(N_("Your payment of {amount} was not made. No money was taken."), PAYMENT),
    NoticeKind.PAYMENT_QUESTIONED: Wording(
        N_("Your payment arrived with another amount: {amount}. The operator looks at it."), PAYMENT
    ),
    NoticeKind.PAYOUT_PAID: Wording(N_("Your withdrawal of {amount} was paid out."), PAYOUT),
    NoticeKind.CARD_REFUND_PAID: Wording(N_("{amount} were sent back to your card."), PAYMENT),
    NoticeKind.MONEY_BACK: Wording(N_("{amount} could not be paid out and are in your wallet again."), "{place}"),
    NoticeKind.ACCOUNT_CORRECTED: Wording(N_("The operator corrected your account by {amount}."), "/wallet"),
    NoticeKind.CORRECTION_EXECUTED: Wording(
        N_("The correction of {amount} that you proposed was approved and is recorded."), CORRECTION
    ),
    NoticeKind.CORRECTION_REFUSED: Wording(N_("The correction of {amount} that you proposed was refused."), CORRECTION),
    NoticeKind.CORRECTION_EXPIRED: Wording(
        N_("Nobody decided in time about the correction of {amount} that you proposed."), CORRECTION
    ),
    NoticeKind.WITHDRAWAL_TO_APPROVE: Wording(
        N_("A withdrawal of {amount} waits for an approval."), "/finance/withdrawals/{withdrawal_id}"
    ),
    NoticeKind.WITHDRAWAL_APPROVED: Wording(N_("Your withdrawal of {amount} was approved and is on its way."), PAYOUT),
    NoticeKind.CHEQUE_ANNULLED: Wording(
        N_("The receipt for your withdrawal of {amount} was annulled in the tax service."), PAYOUT
    ),
}
NEWS = N_("something has changed")
"""What happened to a contract, where nothing is known of it."""

A_DAY = timedelta(days=1)
REVERSIBLE = timedelta(minutes=5)
"""How long the e-mail about something waits that its author may take back; taken back by then, nothing is sent."""
MESSAGE_WAITS = timedelta(minutes=2)
"""How long the e-mail about a message waits for its reader to read it on the site."""


@dataclass(frozen=True, slots=True)
class MailRule:
    """When notifications of a kind are sent by e-mail.

    Attributes:
        about: Names the thing that a notification is about, from its parameters. While one about the same thing is
            unread, the next one replaces it, and at most one e-mail a day is sent about it. Kinds with the same text
            are news about the same thing. None: each is shown and sent by itself.
        waits: How long the e-mail waits, because it may have become pointless by then.
        undoes: The news takes back earlier news about the thing: if no e-mail told of those, none is sent at all.
        while_open: The e-mail is sent only while the order is open or paused.
        mailed: False for what is shown on the site only.
    """

    about: str | None = None
    waits: timedelta = timedelta(0)
    undoes: bool = False
    while_open: bool = False
    mailed: bool = True


_OFFER = "offer:{order_id}:{person_id}"
_PROPOSAL = "proposal:{order_id}:{person_id}"
_ANSWER = "offer-answer:{order_id}:{person_id}"
_CHOICE = "choice:{order_id}"
_TERM = "order-term:{order_id}"
_DIRECT = "direct-deal:{deal_id}"

_MAIL_RULES: dict[NoticeKind, MailRule] = {
    NoticeKind.PROPOSAL_RECEIVED: MailRule(_PROPOSAL, REVERSIBLE, while_open=True),
    NoticeKind.PROPOSAL_WITHDRAWN: MailRule(_PROPOSAL, REVERSIBLE, undoes=True),
    NoticeKind.PROPOSAL_SHORTLISTED: MailRule("shortlist:{order_id}", mailed=False),
    NoticeKind.PROPOSAL_ACCEPTED: MailRule(_CHOICE),
    NoticeKind.PROPOSAL_DECLINED: MailRule("decline:{order_id}"),
    NoticeKind.OFFER_MADE: MailRule(_OFFER, REVERSIBLE, while_open=True),
    NoticeKind.OFFER_WITHDRAWN: MailRule(_OFFER, REVERSIBLE, undoes=True),
    NoticeKind.OFFER_ENDING: MailRule(_OFFER, while_open=True),
    NoticeKind.OFFER_MISSED: MailRule(_OFFER, mailed=False),
    NoticeKind.OFFER_ACCEPTED: MailRule(_CHOICE),
    NoticeKind.OFFER_DECLINED: MailRule(_ANSWER),
    NoticeKind.OFFER_LAPSED: MailRule(_ANSWER),
    NoticeKind.ORDER_AWARDED: MailRule(_CHOICE),
    NoticeKind.ORDER_EXPIRED: MailRule(_TERM),
    NoticeKind.ORDER_ENDING: MailRule(_TERM),
    NoticeKind.INVITATION_RECEIVED: MailRule("invitations:{person_id}", REVERSIBLE, while_open=True),
    NoticeKind.INVITATION_DECLINED: MailRule("invitation-answer:{order_id}:{person_id}"),
    NoticeKind.ORDER_EDITED: MailRule("order-edited:{order_id}", REVERSIBLE, while_open=True),
    NoticeKind.MESSAGE_RECEIVED: MailRule("conversation:{conversation_id}", MESSAGE_WAITS),
    NoticeKind.DEAL_MOVED: MailRule("deal:{contract_id}"),
    NoticeKind.REVIEW_WAITS: MailRule("review:{submission_id}"),
    NoticeKind.DIRECT_DEAL_OFFERED: MailRule(_DIRECT, REVERSIBLE),
    NoticeKind.DIRECT_DEAL_WITHDRAWN: MailRule(_DIRECT, mailed=False),
    NoticeKind.DIRECT_DEAL_EXPIRED: MailRule(_DIRECT, mailed=False),
    NoticeKind.DIRECT_DEAL_ACCEPTED: MailRule("direct-deal-accepted:{contract_id}"),
    NoticeKind.DIRECT_DEAL_DECLINED: MailRule(_DIRECT),
    NoticeKind.FILE_REFUSED: MailRule(mailed=False),
    NoticeKind.CONTACT_LOST: MailRule(mailed=False),
    NoticeKind.ORDER_HELD: MailRule("order-held:{order_id}", mailed=False),
    NoticeKind.ORDER_RELEASED: MailRule("order-held:{order_id}", mailed=False),
}
NOBODY_ELSES: Mapping[NoticeKind, str] = {
    NoticeKind.CONFIRM_EMAIL: "the account asked for it, with a limit of its own",
    NoticeKind.CHANGE_EMAIL: "the account asked for it, with a limit of its own",
    NoticeKind.RESET_PASSWORD: "asked for by name, with limits of its own",
    NoticeKind.SIGN_PAPER: "the account asked for it, with a limit of its own",
    NoticeKind.DIRECT_DEAL_INVITED: "one e-mail to an address, with limits of its own",
    NoticeKind.PASSWORD_CHANGED: "security of the account: each is told",
    NoticeKind.EMAIL_CHANGE_REQUESTED: "security of the account: each is told",
    NoticeKind.EMAIL_CHANGED: "security of the account: each is told",
    NoticeKind.PHONE_CHANGED: "security of the account: each is told",
    NoticeKind.LEGAL_STATUS_CHANGED: "security of the account: each is told",
    NoticeKind.CONTACT_LOST: "the account has one contact to lose, and no e-mail",
    NoticeKind.NEW_DEVICE: "security of the account: each is told",
    NoticeKind.SESSION_REPLAYED: "security of the account: each is told",
    NoticeKind.ACCOUNT_DEACTIVATED: "the account's own act",
    NoticeKind.ACCOUNT_BANNED: "the operator decides",
    NoticeKind.ACCOUNT_UNBANNED: "the operator decides",
    NoticeKind.ORDER_APPROVED: "the operator decides",
    NoticeKind.ORDER_REJECTED: "the operator decides",
    NoticeKind.ORDER_TAKEN_DOWN: "the operator decides",
    NoticeKind.ORDER_RESTORED: "the operator decides",
    NoticeKind.FILE_TAKEN_DOWN: "the operator decides",
    NoticeKind.FILE_RESTORED: "the operator decides",
    NoticeKind.PROFILE_TAKEN_DOWN: "the operator decides",
    NoticeKind.PROFILE_RESTORED: "the operator decides",
    NoticeKind.WORK_TAKEN_DOWN: "the operator decides",
    NoticeKind.WORK_RESTORED: "the operator decides",
    NoticeKind.MESSAGE_TAKEN_DOWN: "the operator decides",
    NoticeKind.MESSAGE_RESTORED: "the operator decides",
    NoticeKind.REPORT_CLOSED: "the operator decides",
    NoticeKind.REPORT_UPHELD: "the operator decides",
    NoticeKind.REPORT_LIFTED: "the operator decides",
    NoticeKind.ORDERS_FOUND: "the account set how often, and one e-mail lists all orders",
    NoticeKind.FILE_REFUSED: "the account's own file, and no e-mail",
    NoticeKind.PAYMENT_RECEIVED: "the account's own payment",
    NoticeKind.PAYMENT_FAILED: "the account's own payment",
    NoticeKind.PAYMENT_QUESTIONED: "the account's own payment",
    NoticeKind.PAYOUT_PAID: "the account's own money",
    NoticeKind.CARD_REFUND_PAID: "the account's own money",
    NoticeKind.MONEY_BACK: "the account's own money",
    NoticeKind.ACCOUNT_CORRECTED: "the operator decides",
    NoticeKind.CHEQUE_ANNULLED: "the account's own receipt",
    NoticeKind.CORRECTION_EXECUTED: "a colleague decides",
    NoticeKind.CORRECTION_REFUSED: "a colleague decides",
    NoticeKind.CORRECTION_EXPIRED: "the account's own proposal",
    NoticeKind.WITHDRAWAL_TO_APPROVE: "withdrawals have a limit of their own, and so many are rare",
    NoticeKind.WITHDRAWAL_APPROVED: "the operator decides",
}
"""Kinds that no other user can cause at will, each with the reason why nothing joins them to one."""
MAIL_RULES: Mapping[NoticeKind, MailRule] = {kind: _MAIL_RULES.get(kind, MailRule()) for kind in NoticeKind}


def about(kind: NoticeKind, params: Mapping[str, object]) -> str | None:
    """Return the name of the thing that a notification is about; None if it stands by itself."""
    thing = MAIL_RULES[kind].about
    return thing.format(**params) if thing is not None else None


def about_of_offer(order_id: str, maker_id: str) -> str:
    """Return the name of what a person offers for an order."""
    return _OFFER.format(order_id=order_id, person_id=maker_id)


def about_of_direct_deal(deal_id: str) -> str:
    """Return the name of a direct deal."""
    return _DIRECT.format(deal_id=deal_id)


def about_of_proposal(order_id: str, freelancer_id: str) -> str:
    """Return the name of a freelancer's proposal for an order."""
    return _PROPOSAL.format(order_id=order_id, person_id=freelancer_id)


def mail_due(kind: NoticeKind, now: datetime, mailed_at: datetime | None, longest: timedelta) -> datetime:
    """Return when the e-mail of a notification is due.

    Args:
        kind: The kind of the news.
        now: The time of the news.
        mailed_at: When the last e-mail about the unread thing was sent.
        longest: The longest wait for news that may become pointless (`MAIL_WAIT_SECONDS`).
    """
    due = now + min(MAIL_RULES[kind].waits, longest)
    return max(due, mailed_at + A_DAY) if mailed_at is not None else due


def is_worth_mailing(kind: NoticeKind, count: int, mailed_at: datetime | None, order_status: str | None) -> bool:
    """Tell whether an unread notification should be sent by e-mail now.

    Args:
        kind: The kind of the newest news.
        count: How many pieces of news the notification stands for.
        mailed_at: When the last e-mail about them was sent.
        order_status: The state of the order, if the news is about one that exists.
    """
    rule = MAIL_RULES[kind]
    taken_back = rule.undoes and count > 1 and mailed_at is None
    closed = rule.while_open and order_status not in (OrderStatus.OPEN, OrderStatus.PAUSED)
    return rule.mailed and not taken_back and not closed


def text_of(kind: NoticeKind, facts: Mapping[str, str]) -> str:
    """Return the text of a notification in the reader's language; deleted objects get a general name."""
    known = {"order": _("a deleted order"), "person": _("a deleted account"), **facts}
    known["news"] = _(facts.get("news", NEWS))
    return _(WORDINGS[kind].text).format(**known)


def href_of(kind: NoticeKind, params: Mapping[str, object]) -> str | None:
    """Return the address that a notification links to."""
    href = WORDINGS[kind].href
    return href.format(**params) if href else None


def next_delay(attempts: int) -> timedelta:
    """Return the delay after this many attempts: 10, 20, 40 … seconds, at most half an hour."""
    return min(timedelta(seconds=10 * 2 ** min(attempts - 1, 12)), MAX_DELAY)


UNANNOUNCED = frozenset({"begun", "begin_work", "cancel", "funding_failed", "review_ending", "start_funding", "submit"})
"""Events of a deal that another notification tells, or that concern only the one who acts."""


def readers_of_deal(event: str, side: str, customer_id: str, freelancer_id: str) -> list[str]:
    """Return who is notified of an event of a deal: the other party, or both where a timer or a payment acts."""
    if event in UNANNOUNCED:
        return []
    if event == "available":
        return [freelancer_id]
    others = {"customer": [freelancer_id], "freelancer": [customer_id]}
    return others.get(side, sorted((customer_id, freelancer_id)))

"""Delivery of e-mails: claimed in one transaction, sent outside of any, marked in another."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.audit import record_audit
from app.core.clock import utc_now
from app.core.text.links import hide_links
from app.core.unit_of_work import UnitOfWork
from app.features.chat import service as chat
from app.features.contracts import service as contracts
from app.features.hiring import service as hiring
from app.features.identity import service as identity
from app.features.matching import service as matching
from app.features.matching.schemas import AlertEmailRead
from app.features.notifications import rules
from app.features.notifications.repository import MailRepository, NotificationRepository
from app.features.notifications.service.commands import News
from app.features.notifications.service.commands import mail as queue_mail
from app.features.notifications.service.notice_context import NoticeSubject, load_notice_context
from app.features.papers import service as papers
from app.models import NoticeChannel
from app.models.notification import MailMessage, MailStatus, NoticeKind, Notification

PATHS = {
    NoticeKind.CONFIRM_EMAIL: "/confirm-email",
    NoticeKind.CHANGE_EMAIL: "/confirm-email",
    NoticeKind.RESET_PASSWORD: "/reset/confirm",
}


MADE_WHEN_SENT = frozenset({"challenge_id", "sign_code_id", "direct_deal_id"})
"""Parameters of e-mails with a link or a code that is stored nowhere."""


class SendFailure(StrEnum):
    """Whether a failed e-mail is worth another attempt."""

    LATER = "later"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A claimed e-mail and the context of its template; `to` is None when there is nothing to send any more.

    `about` and `message_id` say which news about which thing it tells.
    """

    mail_id: UUID
    key: str
    kind: NoticeKind
    user_id: UUID
    about: str | None
    message_id: int
    to: str | None
    locale: str
    request_id: str | None
    context: dict[str, Any]
    unsubscribe: str | None = None


async def claim_mail(uow: UnitOfWork) -> Draft | None:
    """Claim the next e-mail that is due and load the current data for its template."""
    mail = await MailRepository(uow.session).claim(utc_now() + rules.CLAIM)
    return await _draft(uow, mail) if mail is not None else None


async def _draft(uow: UnitOfWork, mail: MailMessage) -> Draft:
    origin = uow.resources.settings.origin
    notice = await _take_newest(uow.session, mail)
    context: dict[str, Any] = {"origin": origin, "kind": mail.kind.value, "reason": mail.params.get("reason")}
    context["operator"] = uow.resources.settings.appeal_address
    contact = await identity.contact_of(uow.session, mail.user_id)
    to = mail.to_address or (contact.email if contact is not None else None)
    if mail.params.keys() & MADE_WHEN_SENT:
        to, values = await _code(uow, mail, to)
        context |= values
    elif mail.kind in rules.WORDINGS:
        news = NoticeSubject(mail.user_id, mail.kind, mail.params)
        (values,) = await load_notice_context(uow.session, [news])
        if not _is_worth_sending(mail, notice, values.get("order_status")):
            to = None
        href = rules.href_of(mail.kind, mail.params)
        context |= {"order": hide_links(values.get("order", "")), "person": _mailed_name(values.get("person", ""))}
        context["link"] = f"{origin}{href}" if href else origin
        context |= {name: hide_links(values.get(name, "")) for name in ("file", "work", "amount")}
        context["news"] = values.get("news", rules.NEWS)
    if mail.kind is NoticeKind.MESSAGE_RECEIVED and await _was_read(uow.session, mail):
        to = None
    unsubscribe: str | None = None
    if mail.kind is NoticeKind.ORDERS_FOUND:
        found = await matching.read_alert_email(uow.session, uow.resources, UUID(mail.params["letter_id"]))
        context["found"] = _mailed_orders(found) if found is not None else None
        to, unsubscribe = (to, f"{origin}{found.unsubscribe}") if found is not None else (None, None)
    locale = contact.locale if contact is not None else "ru"
    # A mail that confirms an address may go to a stranger, so it greets with the user name, not with chosen words.
    chosen = "" if contact is None else contact.username if "code" in context else contact.display_name
    context.setdefault("name", _mailed_name(chosen))
    return Draft(
        mail_id=mail.id,
        key=mail.key,
        kind=mail.kind,
        user_id=mail.user_id,
        about=mail.about,
        message_id=mail.message_id,
        to=to,
        locale=locale,
        request_id=mail.request_id,
        context=context,
        unsubscribe=unsubscribe,
    )


async def _code(uow: UnitOfWork, mail: MailMessage, to: str | None) -> tuple[str | None, dict[str, Any]]:
    """Return where the link or code of a mail goes, None where it is over, and what its template needs."""
    settings = uow.resources.settings
    if "direct_deal_id" in mail.params:
        found = await hiring.mailed_invitation(uow.session, settings, UUID(mail.params["direct_deal_id"]))
        if found is None:
            return None, {}
        # To a stranger: nothing in it is written by its author but the name.
        return to, {"link": found.link, "person": _mailed_name(found.author), "side": found.side.value, "name": ""}
    if "sign_code_id" in mail.params:
        code = await papers.sign_message(uow.session, settings, UUID(mail.params["sign_code_id"]))
        if code is None:
            return None, {}
        link = f"{settings.origin}/papers/{code.document_id}/sign"
        return to, {"link": link, "code": code.code, "number": code.number, "sha256": code.sha256}
    challenge = await identity.challenge_message(uow.session, uow.resources, UUID(mail.params["challenge_id"]))
    if challenge is None:
        return None, {}
    link = f"{settings.origin}{PATHS[mail.kind]}?token={challenge.token}"
    return challenge.to_email, {"link": link, "code": challenge.code, "expires_at": challenge.expires_at}


def _mailed_name(name: str) -> str:
    """Return a public name without addresses; the user name at its end is kept."""
    chosen, beside, username = name.rpartition(" (@")
    return f"{hide_links(chosen)}{beside}{username}" if beside else hide_links(username)


def _mailed_orders(found: AlertEmailRead) -> AlertEmailRead:
    """Return the content of an alert e-mail without addresses that customers wrote."""
    orders = (replace(order, title=hide_links(order.title), text=hide_links(order.text)) for order in found.orders)
    return replace(found, orders=tuple(orders))


async def _take_newest(session: AsyncSession, mail: MailMessage) -> Notification | None:
    """Let an e-mail about a thing tell the newest unread news about it; return their notification."""
    if mail.about is None:
        return None
    notice = await NotificationRepository(session).unread_about(mail.user_id, mail.about)
    if notice is not None:
        mail.kind, mail.params, mail.message_id = notice.kind, notice.params, notice.message_id
    return notice


def _is_worth_sending(mail: MailMessage, notice: Notification | None, order_status: str | None) -> bool:
    """Tell whether an e-mail says something that its reader has not read on the site and that still holds."""
    if mail.about is None:
        return True
    return notice is not None and rules.is_worth_mailing(notice.kind, notice.count, notice.mailed_at, order_status)


async def _was_read(session: AsyncSession, mail: MailMessage) -> bool:
    """Tell whether the message that an e-mail announces was read meanwhile."""
    conversation_id, number = UUID(mail.params["conversation_id"]), int(mail.params["number"])
    return await chat.is_read(session, conversation_id, mail.user_id, number)


async def mark_sent(uow: UnitOfWork, draft: Draft) -> None:
    """Mark an e-mail as sent, or as obsolete where nothing was sent; its address is deleted.

    News about the same thing that came while it was being sent gets an e-mail of its own.
    """
    # The notification is locked before the e-mail, as by those who record both.
    notices = NotificationRepository(uow.session)
    notice = await notices.unread_about(draft.user_id, draft.about, locked=True) if draft.about else None
    mail = await MailRepository(uow.session).lock(draft.mail_id)
    if mail is None:
        return
    mail.status = MailStatus.SENT if draft.to else MailStatus.OBSOLETE
    mail.sent_at, mail.to_address, mail.last_error = utc_now(), None, None
    if draft.to and draft.kind is NoticeKind.REVIEW_WAITS:
        submission_id = UUID(mail.params["submission_id"])
        await contracts.record_notice(uow, submission_id, NoticeChannel.MAIL, draft.message_id, delivered=True)
    if notice is None:
        return
    if draft.to:
        notice.mailed_at = utc_now()
    if notice.message_id != draft.message_id and rules.MAIL_RULES[notice.kind].mailed:
        await uow.session.flush()  # one e-mail about a thing may wait
        longest = timedelta(seconds=uow.resources.settings.mail_wait_seconds)
        due = rules.mail_due(notice.kind, utc_now(), notice.mailed_at, longest)
        await queue_mail(uow, notice.user_id, News(notice.kind, notice.message_id, notice.params), due=due)


async def mark_failed(uow: UnitOfWork, draft: Draft, trouble: SendFailure, error: str) -> MailStatus:
    """Schedule another attempt, or give up: an e-mail that the server refused permanently is not sent again."""
    mail = await MailRepository(uow.session).lock(draft.mail_id)
    if mail is None or mail.status is not MailStatus.QUEUED:
        return MailStatus.OBSOLETE
    mail.last_error = error[:200]
    if trouble is SendFailure.NEVER:
        mail.status, mail.to_address = MailStatus.REFUSED, None
    elif mail.attempts >= rules.MAX_ATTEMPTS:
        mail.status, mail.about = MailStatus.DEAD, None  # what an operator sends again stands by itself
    else:
        mail.next_try_at = utc_now() + rules.next_delay(mail.attempts)
    return mail.status


async def dead_mails(session: AsyncSession) -> Sequence[MailMessage]:
    """Return e-mails whose attempts are used up, for an operator."""
    return await MailRepository(session).with_status(MailStatus.DEAD)


async def mail_counts(session: AsyncSession) -> dict[MailStatus, int]:
    """Count the e-mails that wait and those whose attempts are used up."""
    return await MailRepository(session).counts()


async def mail_lag(session: AsyncSession) -> float:
    """Return for how many seconds the oldest waiting e-mail has been due; 0 when none is due."""
    now = utc_now()
    oldest = await MailRepository(session).oldest_due(now)
    return (now - oldest).total_seconds() if oldest is not None else 0.0


async def retry_mail(uow: UnitOfWork, actor: Actor, mail_id: UUID, *, reason: str = "") -> bool:
    """Queue a dead e-mail again with a new set of attempts."""
    mail = await MailRepository(uow.session).lock(mail_id)
    if mail is None or mail.status is not MailStatus.DEAD:
        return False
    old = {"status": mail.status.value, "attempts": mail.attempts}
    mail.status, mail.attempts, mail.next_try_at = MailStatus.QUEUED, 0, utc_now()
    new = {"status": mail.status.value, "attempts": mail.attempts}
    record_audit(uow.session, actor, "mail.send_again", mail.id, old=old, new=new, reason=reason)
    uow.trigger_task("notifications.send_mail")
    return True

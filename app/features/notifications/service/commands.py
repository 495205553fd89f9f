"""Use cases that record notifications and e-mails; nothing is sent from here."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from app.core.clock import utc_now
from app.core.unit_of_work import UnitOfWork
from app.features.chat import service as chat
from app.features.chat.events import MessageSent
from app.features.contracts import service as contracts
from app.features.contracts.events import ReviewWaits
from app.features.hiring import service as hiring
from app.features.identity import service as identity
from app.features.notifications import rules
from app.features.notifications.repository import MailRepository, NotificationRepository, RecordedNotice
from app.features.proposals import service as proposals
from app.models import NoticeChannel
from app.models.notification import NoticeKind

SEND_TASK = "notifications.send_mail"


@dataclass(frozen=True, slots=True)
class News:
    """What happened, by which event, and the ids that its text needs."""

    kind: NoticeKind
    message_id: int
    params: dict[str, Any] = field(default_factory=dict)


async def notify(uow: UnitOfWork, user_id: str, kind: NoticeKind, message_id: int, **params: str) -> None:
    """Add a notification for the person and, where the address is confirmed, an e-mail; `rules.MAIL_RULES` says when.

    While a notification about the same thing is unread, it is renewed and counts one more.
    """
    owner, news = UUID(user_id), News(kind, message_id, params)
    contact = await identity.contact_of(uow.session, owner)
    if contact is None or not contact.active:
        return
    recorded = await _record(uow, owner, news)
    if recorded is not None and contact.email and contact.email_confirmed and rules.MAIL_RULES[kind].mailed:
        longest = timedelta(seconds=uow.resources.settings.mail_wait_seconds)
        await mail(uow, owner, news, due=rules.mail_due(kind, utc_now(), recorded.mailed_at, longest))


async def _record(uow: UnitOfWork, owner: UUID, news: News) -> RecordedNotice | None:
    """Add or renew a notification; return None if this one was recorded before."""
    notice = {
        "user_id": owner,
        "kind": news.kind,
        "params": news.params,
        "message_id": news.message_id,
        "about": rules.about(news.kind, news.params),
        "created_at": utc_now(),
    }
    return await NotificationRepository(uow.session).record(notice)


async def mail(
    uow: UnitOfWork, user_id: UUID, news: News, *, to_address: str | None = None, due: datetime | None = None
) -> None:
    """Record an e-mail to send: once it is due, at first after the commit, to the account or to `to_address`."""
    other = "other-" if to_address else ""
    await MailRepository(uow.session).add(
        {
            "key": f"{news.message_id}.{news.kind.value.replace('_', '-')}.{other}{user_id.hex}",
            "user_id": user_id,
            "kind": news.kind,
            "params": news.params,
            "to_address": to_address,
            "message_id": news.message_id,
            "about": rules.about(news.kind, news.params),
            "request_id": structlog.contextvars.get_contextvars().get("request_id"),
            "next_try_at": due or utc_now(),
        }
    )
    uow.trigger_task(SEND_TASK)


async def notify_elsewhere(
    uow: UnitOfWork, user_id: str, kind: NoticeKind, message_id: int, *, to_address: str | None
) -> None:
    """Add a notification and an e-mail to an address that is no longer, or will soon not be, the account's own."""
    owner, news = UUID(user_id), News(kind, message_id)
    contact = await identity.contact_of(uow.session, owner)
    if contact is None:
        return
    await _record(uow, owner, news)
    if to_address:
        await mail(uow, owner, news, to_address=to_address)


async def mail_challenge(uow: UnitOfWork, user_id: str, challenge_id: str, message_id: int) -> None:
    """Record an e-mail with a link and a code; both are created when it is sent and never stored."""
    challenge = await identity.challenge_message(uow.session, uow.resources, UUID(challenge_id))
    if challenge is None or challenge.to_email is None:
        return
    kind = NoticeKind(challenge.purpose.value)
    await mail(uow, UUID(user_id), News(kind, message_id, {"challenge_id": challenge_id}))


async def mail_only(uow: UnitOfWork, user_id: str, kind: NoticeKind, message_id: int, **params: str) -> None:
    """Notify a person by e-mail only, whatever the account's state: they may be unable to read a notification."""
    contact = await identity.contact_of(uow.session, UUID(user_id))
    if contact is not None and contact.email and contact.email_confirmed:
        await mail(uow, contact.user_id, News(kind, message_id, params))


async def mail_invitation(uow: UnitOfWork, author_id: str, deal_id: str, message_id: int) -> None:
    """Record the e-mail that invites an address to a direct deal; its link is created when it is sent."""
    found = await hiring.mailed_invitation(uow.session, uow.resources.settings, UUID(deal_id))
    if found is not None:
        news = News(NoticeKind.DIRECT_DEAL_INVITED, message_id, {"direct_deal_id": deal_id})
        await mail(uow, UUID(author_id), news, to_address=found.to)


async def notify_of_message(uow: UnitOfWork, event: MessageSent, message_id: int) -> None:
    """Notify the recipient of a message, unless they have read it already."""
    conversation_id, reader_id = UUID(event.conversation_id), UUID(event.reader_id)
    if not event.notify_reader or await chat.is_read(uow.session, conversation_id, reader_id, event.number):
        return
    about = {"order_id": event.order_id, "person_id": event.author_id, "number": str(event.number)}
    kind = NoticeKind.MESSAGE_RECEIVED
    await notify(uow, event.reader_id, kind, message_id, conversation_id=event.conversation_id, **about)


async def notify_of_review(uow: UnitOfWork, event: ReviewWaits, message_id: int) -> None:
    """Notify the client that submitted work waits, and record the message as sent on the site."""
    await notify(
        uow,
        event.customer_id,
        NoticeKind.REVIEW_WAITS,
        message_id,
        order_id=event.order_id,
        person_id=event.freelancer_id,
        contract_id=event.contract_id,
        milestone_id=event.milestone_id,
        submission_id=event.submission_id,
    )
    submission_id = UUID(event.submission_id)
    await contracts.record_notice(uow, submission_id, NoticeChannel.SITE, message_id, delivered=False)


async def notify_undecided_freelancers(
    uow: UnitOfWork, order_id: str, message_id: int, kind: NoticeKind = NoticeKind.ORDER_EDITED
) -> None:
    """Notify all freelancers with an undecided proposal of what happened to the order."""
    for freelancer_id in await proposals.freelancers_with_undecided_proposals(uow.session, UUID(order_id)):
        await notify(uow, str(freelancer_id), kind, message_id, order_id=order_id)


async def mark_offer_answered(uow: UnitOfWork, reader_id: str, maker_id: str, order_id: str) -> None:
    """Mark the notifications about a person's offer as read, because its reader has answered it."""
    await NotificationRepository(uow.session).mark_settled(UUID(reader_id), [rules.about_of_offer(order_id, maker_id)])


async def mark_direct_deal_answered(uow: UnitOfWork, reader_id: str, deal_id: str) -> None:
    """Mark the notifications of a person about the terms of a direct deal as read, because they were answered."""
    await NotificationRepository(uow.session).mark_settled(UUID(reader_id), [rules.about_of_direct_deal(deal_id)])


async def mark_offers_ended(uow: UnitOfWork, customer_id: str, freelancer_id: str, order_id: str) -> None:
    """Mark the notifications of both sides about each other's offers as read, because nobody can answer them."""
    for reader, maker in sorted(((customer_id, freelancer_id), (freelancer_id, customer_id))):
        await mark_offer_answered(uow, reader, maker, order_id)


async def mark_proposal_decided(uow: UnitOfWork, customer_id: str, freelancer_id: str, order_id: str) -> None:
    """Mark the notifications about a proposal and its offers as read, because it was decided."""
    await mark_offers_ended(uow, customer_id, freelancer_id, order_id)
    proposal = rules.about_of_proposal(order_id, freelancer_id)
    await NotificationRepository(uow.session).mark_settled(UUID(customer_id), [proposal])

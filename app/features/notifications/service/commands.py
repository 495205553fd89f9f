"""Use cases that record notifications and e-mails; nothing is sent from here."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog

from app.core.clock import utc_now
from app.core.unit_of_work import UnitOfWork
from app.features.chat import service as chat
from app.features.chat.events import MessageSent
from app.features.identity import service as identity
from app.features.notifications import rules
from app.features.notifications.repository import MailRepository, NotificationRepository
from app.features.proposals import service as proposals
from app.models.notification import NoticeKind

SEND_TASK = "notifications.send_mail"


async def notify(uow: UnitOfWork, user_id: str, kind: NoticeKind, message_id: int, **params: str) -> None:
    """Add a notification for the person and, where the address is confirmed, an e-mail."""
    owner = UUID(user_id)
    contact = await identity.contact_of(uow.session, owner)
    if contact is None or not contact.active:
        return
    await NotificationRepository(uow.session).add(owner, kind, params, message_id)
    if contact.email and contact.email_confirmed and kind not in rules.NOTICE_ONLY:
        await mail(uow, owner, kind, message_id, params)


async def mail(
    uow: UnitOfWork,
    user_id: UUID,
    kind: NoticeKind,
    message_id: int,
    params: dict[str, Any],
    *,
    to_address: str | None = None,
) -> None:
    """Record an e-mail to send; it is sent after the commit, to `to_address` or to the account's own address."""
    other = "other-" if to_address else ""
    await MailRepository(uow.session).add(
        {
            "key": f"{message_id}.{kind.value.replace('_', '-')}.{other}{user_id.hex}",
            "user_id": user_id,
            "kind": kind,
            "params": params,
            "to_address": to_address,
            "message_id": message_id,
            "request_id": structlog.contextvars.get_contextvars().get("request_id"),
            "next_try_at": utc_now() + rules.MAIL_WAITS.get(kind, timedelta(0)),
        }
    )
    uow.trigger_task(SEND_TASK)


async def notify_elsewhere(
    uow: UnitOfWork, user_id: str, kind: NoticeKind, message_id: int, *, to_address: str | None
) -> None:
    """Add a notification and an e-mail to an address that is no longer, or will soon not be, the account's own."""
    owner = UUID(user_id)
    contact = await identity.contact_of(uow.session, owner)
    if contact is None:
        return
    await NotificationRepository(uow.session).add(owner, kind, {}, message_id)
    if to_address:
        await mail(uow, owner, kind, message_id, {}, to_address=to_address)


async def mail_challenge(uow: UnitOfWork, user_id: str, challenge_id: str, message_id: int) -> None:
    """Record an e-mail with a link and a code; both are created when it is sent and never stored."""
    challenge = await identity.challenge_message(uow.session, uow.resources, UUID(challenge_id))
    if challenge is None or challenge.to_email is None:
        return
    kind = NoticeKind(challenge.purpose.value)
    await mail(uow, UUID(user_id), kind, message_id, {"challenge_id": challenge_id})


async def mail_only(uow: UnitOfWork, user_id: str, kind: NoticeKind, message_id: int, **params: str) -> None:
    """Notify a person by e-mail only, whatever the account's state: they may be unable to read a notification."""
    contact = await identity.contact_of(uow.session, UUID(user_id))
    if contact is not None and contact.email and contact.email_confirmed:
        await mail(uow, contact.user_id, kind, message_id, params)


async def notify_of_message(uow: UnitOfWork, event: MessageSent, message_id: int) -> None:
    """Notify the recipient of a message, unless they have read it already."""
    conversation_id, reader_id = UUID(event.conversation_id), UUID(event.reader_id)
    if not event.notify_reader or await chat.is_read(uow.session, conversation_id, reader_id, event.number):
        return
    about = {"order_id": event.order_id, "person_id": event.author_id, "number": str(event.number)}
    kind = NoticeKind.MESSAGE_RECEIVED
    await notify(uow, event.reader_id, kind, message_id, conversation_id=event.conversation_id, **about)


async def notify_undecided_freelancers(
    uow: UnitOfWork, order_id: str, message_id: int, kind: NoticeKind = NoticeKind.ORDER_EDITED
) -> None:
    """Notify all freelancers with an undecided proposal of what happened to the order."""
    for freelancer_id in await proposals.freelancers_with_undecided_proposals(uow.session, UUID(order_id)):
        await notify(uow, str(freelancer_id), kind, message_id, order_id=order_id)

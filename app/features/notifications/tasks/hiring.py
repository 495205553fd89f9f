"""Consumers of notifications about direct deals."""

from app.core.messaging.worker import consumer
from app.core.unit_of_work import UnitOfWork
from app.features.hiring import events
from app.features.notifications import service
from app.models.notification import NoticeKind


@consumer("notifications.on_direct_deal_offered", events.DirectDealOffered)
async def on_direct_deal_offered(uow: UnitOfWork, event: events.DirectDealOffered, message_id: int) -> None:
    """Notify who has to answer the terms, or e-mail the link to an address; changed terms answer earlier ones."""
    await service.mark_direct_deal_answered(uow, event.maker_id, event.deal_id)
    if event.mailed:
        await service.mail_invitation(uow, event.maker_id, event.deal_id, message_id)
    if event.reader_id:
        about = {"deal_id": event.deal_id, "person_id": event.maker_id}
        await service.notify(uow, event.reader_id, NoticeKind.DIRECT_DEAL_OFFERED, message_id, **about)


@consumer("notifications.on_direct_deal_accepted", events.DirectDealAccepted)
async def on_direct_deal_accepted(uow: UnitOfWork, event: events.DirectDealAccepted, message_id: int) -> None:
    """Notify who made the terms."""
    await service.mark_direct_deal_answered(uow, event.reader_id, event.deal_id)
    about = {"deal_id": event.deal_id, "contract_id": event.contract_id, "person_id": event.reader_id}
    await service.notify(uow, event.maker_id, NoticeKind.DIRECT_DEAL_ACCEPTED, message_id, **about)


@consumer("notifications.on_direct_deal_declined", events.DirectDealDeclined)
async def on_direct_deal_declined(uow: UnitOfWork, event: events.DirectDealDeclined, message_id: int) -> None:
    """Notify who made the terms."""
    await service.mark_direct_deal_answered(uow, event.reader_id, event.deal_id)
    about = {"deal_id": event.deal_id, "person_id": event.reader_id}
    await service.notify(uow, event.maker_id, NoticeKind.DIRECT_DEAL_DECLINED, message_id, **about)


@consumer("notifications.on_direct_deal_withdrawn", events.DirectDealWithdrawn)
async def on_direct_deal_withdrawn(uow: UnitOfWork, event: events.DirectDealWithdrawn, message_id: int) -> None:
    """Notify who had to answer the terms, on the site only; an e-mail that waits is not sent."""
    if event.reader_id:
        about = {"deal_id": event.deal_id, "person_id": event.maker_id}
        await service.notify(uow, event.reader_id, NoticeKind.DIRECT_DEAL_WITHDRAWN, message_id, **about)


@consumer("notifications.on_direct_deal_expired", events.DirectDealExpired)
async def on_direct_deal_expired(uow: UnitOfWork, event: events.DirectDealExpired, message_id: int) -> None:
    """Notify who made the terms, on the site only."""
    await service.notify(uow, event.maker_id, NoticeKind.DIRECT_DEAL_EXPIRED, message_id, deal_id=event.deal_id)

"""Messages of the provider: kept as they arrive, handled later. A message is never a fact, only a reason to read."""

from collections.abc import Iterable

from app.core.clock import utc_now
from app.core.ids import new_id
from app.core.unit_of_work import UnitOfWork
from app.features.payments.repository import OperationRepository, WebhookRepository
from app.features.payments.schemas import ReceivedMessage
from app.features.payments.service.intents import SEND_TASK
from app.models import WebhookMessage

INBOX_TASK = "payments.read_inbox"
MESSAGES_AT_ONCE = 100


async def keep_messages(uow: UnitOfWork, received: Iterable[ReceivedMessage]) -> int:
    """Keep verified messages; return how many are new."""
    now = utc_now()
    messages = [
        WebhookMessage(
            id=new_id(),
            provider=message.provider,
            digest=event.digest,
            type=event.type,
            kind=event.kind,
            object_id=event.object_id,
            reference=event.reference,
            body=message.body,
            received_at=now,
        )
        for message in received
        for event in message.events
    ]
    added = await WebhookRepository(uow.session).add(messages) if messages else 0
    if added:
        uow.trigger_task(INBOX_TASK)
    return added


async def handle_messages(uow: UnitOfWork) -> int:
    """Let the operations that new messages are about be read now; return how many messages that were.

    A message about an operation that is being sent right now needs nothing: its answer arrives, or its claim lapses.
    """
    operations, now = OperationRepository(uow.session), utc_now()
    messages = await WebhookRepository(uow.session).take(MESSAGES_AT_ONCE)
    await operations.wake({(message.provider, message.reference) for message in messages}, now)
    for message in messages:
        message.handled_at = now
    if messages:
        uow.trigger_task(SEND_TASK)
    return len(messages)

"""All queries on the outbox: due messages, receipts, dead letters, pruning."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import real_now
from app.core.persistence.outbox import DeadLetter, InboxReceipt, OutboxMessage

MAX_DELIVERIES = 8
MAX_OUTAGE_DELIVERIES = 20
MAX_CRASHES = 3
MAX_DELAY = timedelta(minutes=5)


async def unpublished(session: AsyncSession, limit: int) -> Sequence[OutboxMessage]:
    """Lock unpublished messages; rows locked by another relay are skipped."""
    statement = (
        select(OutboxMessage)
        .where(
            OutboxMessage.published_at.is_(None),
            or_(OutboxMessage.available_at.is_(None), OutboxMessage.available_at <= real_now()),
        )
        .order_by(OutboxMessage.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return (await session.execute(statement)).scalars().all()


async def due_retries(session: AsyncSession, limit: int) -> Sequence[InboxReceipt]:
    """Lock failed deliveries that are due for a retry."""
    statement = (
        select(InboxReceipt)
        .where(InboxReceipt.next_try_at <= real_now())
        .order_by(InboxReceipt.message_id, InboxReceipt.consumer)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return (await session.execute(statement)).scalars().all()


async def published_incomplete(
    session: AsyncSession, before: datetime, after_id: int, limit: int
) -> Sequence[OutboxMessage]:
    """Lock published messages that some consumer has not processed yet, in id order."""
    statement = (
        select(OutboxMessage)
        .where(OutboxMessage.completed_at.is_(None), OutboxMessage.published_at < before, OutboxMessage.id > after_id)
        .order_by(OutboxMessage.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return (await session.execute(statement)).scalars().all()


@dataclass(frozen=True, slots=True)
class Settled:
    """Which consumers are done with which messages, and which wait for a retry."""

    done: frozenset[tuple[int, str]]
    waiting: frozenset[tuple[int, str]]


async def settled(session: AsyncSession, ids: Iterable[int]) -> Settled:
    """Look up the receipts and dead letters of the given messages."""
    wanted = list(ids)
    receipts = (await session.execute(select(InboxReceipt).where(InboxReceipt.message_id.in_(wanted)))).scalars().all()
    letters = await session.execute(
        select(DeadLetter.message_id, DeadLetter.consumer).where(DeadLetter.message_id.in_(wanted))
    )
    done = {(row.message_id, row.consumer) for row in receipts if row.taken_at is not None}
    done.update((message_id, consumer) for message_id, consumer in letters)
    waiting = {(row.message_id, row.consumer) for row in receipts if row.next_try_at is not None}
    return Settled(frozenset(done), frozenset(waiting))


async def find_message(session: AsyncSession, message_id: int) -> OutboxMessage | None:
    """Return one message."""
    return await session.get(OutboxMessage, message_id)


async def claim_receipt(session: AsyncSession, message_id: int, consumer: str) -> bool:
    """Write the consumer's receipt in this transaction; False when it exists already.

    A concurrent delivery of the same message waits here for the first one to commit.
    """
    now = real_now()
    statement = insert(InboxReceipt).values(message_id=message_id, consumer=consumer, taken_at=now)
    taken = await session.execute(
        statement.on_conflict_do_update(
            index_elements=["message_id", "consumer"],
            set_={"taken_at": now, "next_try_at": None},
            where=InboxReceipt.taken_at.is_(None),
        ).returning(InboxReceipt.message_id)
    )
    return taken.scalar() is not None


async def count_delivery(session: AsyncSession, message_id: int, consumer: str, error: str) -> int:
    """Count a failed delivery; return 0 when the consumer has processed the message meanwhile."""
    statement = insert(InboxReceipt).values(message_id=message_id, consumer=consumer, deliveries=1, last_error=error)
    counted = await session.execute(
        statement.on_conflict_do_update(
            index_elements=["message_id", "consumer"],
            set_={"deliveries": InboxReceipt.deliveries + 1, "last_error": error},
            where=InboxReceipt.taken_at.is_(None),
        ).returning(InboxReceipt.deliveries)
    )
    return counted.scalar() or 0


async def schedule_next_try(session: AsyncSession, message_id: int, consumer: str, deliveries: int) -> None:
    """Schedule the retry after 2, 4, 8 … seconds, up to the maximum delay."""
    delay = min(timedelta(seconds=2**deliveries), MAX_DELAY)
    await session.execute(
        update(InboxReceipt)
        .where(InboxReceipt.message_id == message_id, InboxReceipt.consumer == consumer)
        .values(next_try_at=real_now() + delay)
    )


async def move_to_dead_letters(
    session: AsyncSession, message: OutboxMessage, consumer: str, error: str, attempts: int
) -> None:
    """Add the message to the dead letters of this consumer, once."""
    statement = insert(DeadLetter).values(
        message_id=message.id,
        consumer=consumer,
        topic=message.topic,
        payload=message.payload,
        request_id=message.request_id,
        error=error,
        attempts=attempts,
    )
    await session.execute(
        statement.on_conflict_do_nothing(
            index_elements=["message_id", "consumer"], index_where=DeadLetter.closed_at.is_(None)
        )
    )
    await session.execute(
        update(InboxReceipt)
        .where(InboxReceipt.message_id == message.id, InboxReceipt.consumer == consumer)
        .values(next_try_at=None)
    )


async def open_dead_letters(session: AsyncSession, ids: Sequence[int] | None = None) -> Sequence[DeadLetter]:
    """Return the open dead letters, oldest first."""
    statement = select(DeadLetter).where(DeadLetter.closed_at.is_(None)).order_by(DeadLetter.id)
    if ids is not None:
        statement = statement.where(DeadLetter.id.in_(ids)).with_for_update()
    return (await session.execute(statement)).scalars().all()


async def replay(session: AsyncSession, letter: DeadLetter) -> bool:
    """Deliver a dead letter again; False when the message itself has been pruned."""
    message = await session.get(OutboxMessage, letter.message_id, with_for_update=True)
    if message is None:
        return False
    now = real_now()
    letter.closed_at, letter.outcome = now, "replayed"
    message.completed_at = None
    statement = insert(InboxReceipt).values(message_id=letter.message_id, consumer=letter.consumer, next_try_at=now)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["message_id", "consumer"],
            set_={"next_try_at": now, "deliveries": 0},
            where=InboxReceipt.taken_at.is_(None),
        )
    )
    return True


async def prune(session: AsyncSession, *, messages_before: datetime, receipts_before: datetime, limit: int) -> int:
    """Delete completed messages, then receipts that no delivery can ask for any more."""
    old = (
        select(OutboxMessage.id)
        .where(OutboxMessage.completed_at < messages_before)
        .order_by(OutboxMessage.id)
        .limit(limit)
    )
    gone = await session.execute(delete(OutboxMessage).where(OutboxMessage.id.in_(old)).returning(OutboxMessage.id))
    count = len(gone.scalars().all())
    stale = (
        select(InboxReceipt.message_id)
        .where(InboxReceipt.received_at < receipts_before)
        .order_by(InboxReceipt.message_id)
        .limit(limit)
    )
    await session.execute(
        delete(InboxReceipt).where(InboxReceipt.message_id.in_(stale), InboxReceipt.received_at < receipts_before)
    )
    return count


@dataclass(frozen=True, slots=True)
class OutboxState:
    """The size and age of the outbox's backlog."""

    pending: int
    oldest_pending_seconds: float
    open: int
    retrying: int
    dead: int


async def state(session: AsyncSession) -> OutboxState:
    """Compute the backlog."""
    now = real_now()
    pending, oldest = (
        await session.execute(
            select(func.count(), func.min(OutboxMessage.created_at)).where(
                OutboxMessage.published_at.is_(None),
                or_(OutboxMessage.available_at.is_(None), OutboxMessage.available_at <= now),
            )
        )
    ).one()
    counts = [
        select(func.count()).select_from(OutboxMessage).where(OutboxMessage.completed_at.is_(None)),
        select(func.count()).select_from(InboxReceipt).where(InboxReceipt.next_try_at.is_not(None)),
        select(func.count()).select_from(DeadLetter).where(DeadLetter.closed_at.is_(None)),
    ]
    opened, retrying, dead = [(await session.execute(each)).scalar_one() for each in counts]
    age = max((now - oldest).total_seconds(), 0.0) if pending else 0.0
    return OutboxState(pending=pending, oldest_pending_seconds=age, open=opened, retrying=retrying, dead=dead)

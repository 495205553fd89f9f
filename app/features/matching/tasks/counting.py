"""Keeps what is known of customers true: listens to what they do, counts soon after, and counts all of it nightly."""

import time
from uuid import UUID

from app.core.messaging.worker import consumer, periodic
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork, unit_of_work
from app.features.matching import service
from app.features.orders import events as orders
from app.features.proposals import events as proposals

RUN_SECONDS = 8.0
"""No batch is begun after this long, so that a run never meets the limit of a task; the next one goes on."""


@consumer("matching.note_order_published", orders.OrderPublished)
async def note_order_published(uow: UnitOfWork, event: orders.OrderPublished, _message_id: int) -> None:
    """One more order was posted."""
    await service.note_deed(uow, UUID(event.customer_id))


@consumer("matching.note_order_closed", orders.OrderClosed)
async def note_order_closed(uow: UnitOfWork, event: orders.OrderClosed, _message_id: int) -> None:
    """An order ended without a choice."""
    await service.note_deed(uow, UUID(event.customer_id))


@consumer("matching.note_proposal_accepted", proposals.ProposalAccepted)
async def note_proposal_accepted(uow: UnitOfWork, event: proposals.ProposalAccepted, _message_id: int) -> None:
    """An order ended with a choice."""
    await service.note_deed(uow, UUID(event.customer_id))


@consumer("matching.note_proposal_declined", proposals.ProposalDeclined)
async def note_proposal_declined(uow: UnitOfWork, event: proposals.ProposalDeclined, _message_id: int) -> None:
    """A freelancer has an answer, or will never have one."""
    await service.note_deed(uow, UUID(event.customer_id))


@periodic(service.COUNT_TASK)
async def count_customers(resources: Resources) -> None:
    """Count those who did something, a batch and a transaction at a time."""
    began, count = time.monotonic(), 1
    while count and time.monotonic() - began < RUN_SECONDS:
        async with unit_of_work(resources) as uow:
            count = await service.count_stale_customers(uow)


@periodic("matching.mark_customers")
async def mark_customers(resources: Resources) -> None:
    """Have everybody counted anew: what an event could not tell, and what a hand changed, is right by morning."""
    async with unit_of_work(resources) as uow:
        last = await service.mark_all_customers(uow, None)
    while last is not None:
        async with unit_of_work(resources) as uow:
            last = await service.mark_all_customers(uow, last)

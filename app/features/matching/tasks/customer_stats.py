"""Keeps what is known of customers true: listens to what they do, counts soon after, and counts all of it nightly."""

from uuid import UUID

from app.core.messaging.worker import consumer, periodic
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork
from app.features.matching import service, workflows
from app.features.orders import events as orders
from app.features.proposals import events as proposals


@consumer("matching.note_order_published", orders.OrderPublished)
async def on_order_published_mark_stale(uow: UnitOfWork, event: orders.OrderPublished, _message_id: int) -> None:
    """One more order was posted."""
    await service.mark_customer_stats_stale(uow, UUID(event.customer_id))


@consumer("matching.note_order_closed", orders.OrderClosed)
async def on_order_closed_mark_stale(uow: UnitOfWork, event: orders.OrderClosed, _message_id: int) -> None:
    """An order ended without a choice."""
    await service.mark_customer_stats_stale(uow, UUID(event.customer_id))


@consumer("matching.note_proposal_accepted", proposals.ProposalAccepted)
async def on_proposal_accepted_mark_stale(uow: UnitOfWork, event: proposals.ProposalAccepted, _message_id: int) -> None:
    """An order ended with a choice."""
    await service.mark_customer_stats_stale(uow, UUID(event.customer_id))


@consumer("matching.note_proposal_declined", proposals.ProposalDeclined)
async def on_proposal_declined_mark_stale(uow: UnitOfWork, event: proposals.ProposalDeclined, _message_id: int) -> None:
    """A freelancer has an answer, or will never have one."""
    await service.mark_customer_stats_stale(uow, UUID(event.customer_id))


@periodic(service.COUNT_TASK)
async def count_customers(resources: Resources) -> None:
    """Count those who did something, a batch and a transaction at a time."""
    await workflows.count_customers(resources)


@periodic("matching.mark_customers")
async def mark_customers(resources: Resources) -> None:
    """Have everybody counted anew: what an event could not tell, and what a hand changed, is right by morning."""
    await workflows.mark_customers(resources)

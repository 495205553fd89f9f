"""Tasks of customer statistics: mark clients as stale on events, recount soon after, recount everybody nightly."""

from uuid import UUID

from app.core.messaging.worker import consumer, periodic
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork
from app.features.matching import service, workflows
from app.features.orders import events as orders
from app.features.proposals import events as proposals


@consumer("matching.note_order_published", orders.OrderPublished)
async def on_order_published_mark_stale(uow: UnitOfWork, event: orders.OrderPublished, _message_id: int) -> None:
    """Recount the client: one more order was published."""
    await service.mark_customer_stats_stale(uow, UUID(event.customer_id))


@consumer("matching.note_order_closed", orders.OrderClosed)
async def on_order_closed_mark_stale(uow: UnitOfWork, event: orders.OrderClosed, _message_id: int) -> None:
    """Recount the client: an order ended without a choice."""
    await service.mark_customer_stats_stale(uow, UUID(event.customer_id))


@consumer("matching.note_proposal_accepted", proposals.ProposalAccepted)
async def on_proposal_accepted_mark_stale(uow: UnitOfWork, event: proposals.ProposalAccepted, _message_id: int) -> None:
    """Recount the client: an order was awarded."""
    await service.mark_customer_stats_stale(uow, UUID(event.customer_id))


@consumer("matching.note_proposal_declined", proposals.ProposalDeclined)
async def on_proposal_declined_mark_stale(uow: UnitOfWork, event: proposals.ProposalDeclined, _message_id: int) -> None:
    """Recount the client: a proposal was declined, by the client or by the system."""
    await service.mark_customer_stats_stale(uow, UUID(event.customer_id))


@periodic(service.COUNT_TASK)
async def count_customers(resources: Resources) -> None:
    """Recount the stale clients, one batch per transaction."""
    await workflows.count_customers(resources)


@periodic("matching.mark_customers")
async def mark_customers(resources: Resources) -> None:
    """Mark all clients for a recount; this corrects what events did not report and what was changed by hand."""
    await workflows.mark_customers(resources)

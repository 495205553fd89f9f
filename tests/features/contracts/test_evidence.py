"""What is evidence of a deal is neither changed nor deleted, not even by the role of the application."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.features.contracts import service
from app.features.contracts.schemas import ChangeOrderCreate, MilestoneChange, RefundAnswer, RefundAsk
from app.models import MilestoneStatus, TimerKind
from tests.factories.deal_commands import reach
from tests.factories.deals import DealScene, make_deal
from tests.factories.orders import Market

ONLY_GROW = ("submissions", "change_requests", "deal_entries", "documents", "document_signatures", "fee_policies")
NEVER_DELETED = (
    *("contracts", "deals", "milestones", "releases", "refund_requests", "change_orders", "deal_timers"),
    *("review_notices", "document_files", "document_sign_codes"),
)
TRUNCATED = ("payments", "payouts", "card_refunds", "provider_operations", "reconciliation_cases")
CHANGES = {
    "submissions": ["note = 'other'", "submitted_at = submitted_at - interval '1 day'", "answers = '[]'"],
    "change_requests": ["lines = '[]'"],
    "deal_entries": ["amount = 1", "event = 'accept'", "txn_id = NULL"],
    "contracts": ["price_amount = 1"],
    "deals": ["customer_fee = freelancer_fee || '{\"rate_bp\": 9}'", "freelancer_legal_version = 9"],
    "milestones": ["number = number + 10", "currency = 'USD'"],
    "releases": ["amount = amount - 1, net = 0", "available_at = released_at", "matured_at = NULL"],
    "refund_requests": ["reason = 'other'", "amount = 1", "status = 'agreed'"],
    "change_orders": ["note = 'other'", "changes = '[]'", "status = 'agreed'"],
    "review_notices": ["channel = 'site'", "delivered_at = NULL"],
    "documents": ["number = 9"],
}


async def lived(market: Market) -> DealScene:
    """Return a deal that has a row in each table, ended where it can be."""
    scene = await make_deal(market)
    milestone = scene.milestones[0]
    change = MilestoneChange(id=scene.milestones[1], title="Pages", amount=4_000_000, days=3, checklist=["Pages"])
    async with market.uow() as work:
        command = ChangeOrderCreate(changes=[change])
        order = await service.propose_change(work, scene.freelancer, scene.contract_id, command)
    async with market.uow() as work:
        await service.answer_change(work, scene.customer, order.id, agree=False)
    await scene.start()
    async with market.uow() as work:
        await service.ask_refund(work, scene.customer, milestone, RefundAsk(version=3, reason="Plans changed"))
    async with market.uow() as work:
        await service.answer_refund(work, scene.freelancer, milestone, RefundAnswer(version=4, agree=False))
    await scene.notify(await scene.submit())
    async with market.uow() as work:
        await service.accept_milestone(work, scene.customer, milestone)
    await scene.sweep(TimerKind.SECURITY)
    await reach(scene, MilestoneStatus.REVISION, 1)
    return scene


async def refused(market: Market, statement: str) -> None:
    """Try a statement as the application."""
    async with market.uow() as work:
        with pytest.raises(DBAPIError, match=r"append-only|stays? as"):
            await work.session.execute(text(statement))
        await work.session.rollback()


async def test_the_past_of_a_deal_stays_as_it_was(market: Market) -> None:
    await lived(market)
    for table, changes in CHANGES.items():
        for change in changes:
            await refused(market, f"UPDATE {table} SET {change}")  # noqa: S608 - of this test


@pytest.mark.parametrize("table", [*ONLY_GROW, *NEVER_DELETED])
async def test_nothing_is_deleted(market: Market, table: str) -> None:
    await refused(market, f"DELETE FROM {table}")  # noqa: S608 - of this test
    await refused(market, f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize("table", TRUNCATED)
async def test_payments_are_not_emptied(market: Market, table: str) -> None:
    await refused(market, f"TRUNCATE {table} CASCADE")

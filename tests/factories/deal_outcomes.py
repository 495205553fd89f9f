"""What a deal looks like after commands in a row: the outcomes that commands at the same instant may have."""

import json
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, async_sessionmaker

from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from tests.factories.deal_racers import Racer
from tests.factories.deals import DealScene
from tests.factories.orders import Market

# Ids that a command draws, and times, differ between two runs of it: they are left out.
OUTCOME = text("""
    WITH parts AS (SELECT * FROM milestones WHERE contract_id = :contract),
    owners AS (SELECT id FROM parts UNION ALL SELECT unnest(CAST(:people AS uuid[])))
    SELECT json_build_object(
        'deal', (SELECT json_build_array(status, terms_version, version) FROM deals WHERE contract_id = :contract),
        'parts', (
            SELECT json_agg(json_build_array(
                number, status, version, amount, funded, released, refunded, accepted_lines, submissions, rounds
            ) ORDER BY number) FROM parts
        ),
        'timers', (
            SELECT json_agg(json_build_array(t.kind, p.number) ORDER BY t.kind, p.number) FROM deal_timers t
            LEFT JOIN parts p ON p.id = t.milestone_id WHERE t.contract_id = :contract AND t.status = 'waiting'
        ),
        'entries', (
            SELECT json_agg(json_build_array(e.event, e.side, e.amount, p.number)
                ORDER BY e.event, e.side, e.amount, p.number)
            FROM deal_entries e LEFT JOIN parts p ON p.id = e.milestone_id WHERE e.contract_id = :contract
        ),
        'changes', (SELECT json_agg(status ORDER BY status) FROM change_orders WHERE contract_id = :contract),
        'asked', (
            SELECT json_agg(json_build_array(r.status, r.amount) ORDER BY r.status, r.amount)
            FROM refund_requests r JOIN parts p ON p.id = r.milestone_id
        ),
        'released', (
            SELECT json_agg(json_build_array(r.kind, r.amount, r.net) ORDER BY r.kind, r.amount, r.net)
            FROM releases r JOIN parts p ON p.id = r.milestone_id
        ),
        'hired', (
            SELECT json_agg(status ORDER BY status) FROM direct_deals WHERE author_id = ANY(CAST(:people AS uuid[]))
        ),
        'money', (
            SELECT json_agg(json_build_array(a.kind, a.owner_id, b.credits - b.debits) ORDER BY a.kind, a.owner_id)
            FROM ledger.account a JOIN ledger.balance b ON b.account_id = a.id
            WHERE a.owner_id IN (SELECT id FROM owners) AND b.credits <> b.debits
        )
    )::text
""")
CHECK_NOW = text("DO 'BEGIN SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED; END'")


class Outcomes:
    """Tries commands in a row in a transaction that is rolled back."""

    def __init__(self, resources: Resources, connection: AsyncConnection) -> None:
        self.connection = connection
        bound = async_sessionmaker(connection, expire_on_commit=False, join_transaction_mode="create_savepoint")
        inside = replace(resources, sessions=bound, read_sessions=bound)
        self.market = Market(lambda: unit_of_work(inside))

    async def now(self, scene: DealScene) -> str:
        """Return what is stored about a deal."""
        people = [scene.customer.id, scene.freelancer.id]
        async with self.connection.begin_nested() if self.connection.in_transaction() else self.connection.begin():
            row = await self.connection.execute(OUTCOME, {"contract": scene.contract_id, "people": people})
            return json.dumps(json.loads(row.scalar_one()))

    async def after(self, scene: DealScene, place: int, version: int, racers: Sequence[Racer]) -> tuple[str, list[str]]:
        """Return what is stored after racers in this order, and which of them did something."""
        tried = replace(scene, market=self.market)
        transaction = await self.connection.begin()
        try:
            done = [racer.name for racer in racers if await racer.run(tried, place, version)]
            await self.connection.execute(CHECK_NOW)
            return await self.now(scene), sorted(set(done))
        finally:
            await transaction.rollback()

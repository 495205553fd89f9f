"""A ledger with the story of two deals, in a transaction of the superuser that is rolled back after the test."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import pytest_asyncio
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.core.clock import utc_now
from app.core.database import create_engine
from app.core.ids import new_id
from app.core.money import Currency, Money
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.ledger import service as ledger
from app.features.ledger.service import templates
from app.features.transparency import workflows
from tests.features.ledger.conftest import superusers


def rub(amount: int) -> Money:
    return Money(amount, Currency.RUB)


@dataclass
class Story:
    """Deals as they are posted; each posting is a transaction of its own."""

    resources: Resources
    customer: UUID = field(default_factory=new_id)
    freelancer: UUID = field(default_factory=new_id)
    milestone: UUID = field(default_factory=new_id)
    contract: UUID | None = None
    txns: list[UUID] = field(default_factory=list[UUID])

    async def post(self, entry: Any, **given: Any) -> UUID:
        """Post an entry."""
        async with unit_of_work(self.resources) as uow:
            made = await ledger.post(uow, entry, key=f"test:{new_id()}", effective_at=utc_now(), **given)
            await uow.session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
            await uow.session.execute(text("SET CONSTRAINTS ALL DEFERRED"))
        self.txns.append(made.txn_id)
        return made.txn_id

    async def deposit(self, amount: int, owner: UUID | None = None) -> UUID:
        """Pay into the wallet of the customer, or of another person."""
        entry = templates.deposit(provider="sandbox", customer_id=owner or self.customer, amount=rub(amount))
        return await self.post(entry)

    async def deal(self) -> None:
        """Fund a milestone, release most of it, refund the rest."""
        await self.deposit(10_000)
        fund = templates.fund(customer_id=self.customer, milestone_id=self.milestone, amount=rub(9_000), fee=90)
        await self.post(fund, contract_id=self.contract)
        release = templates.release(
            milestone_id=self.milestone,
            freelancer_id=self.freelancer,
            amount=rub(6_000),
            fee=300,
            tax=50,
            customer_fee=60,
            customer_tax=10,
        )
        await self.post(release, contract_id=self.contract)

    async def seal(self) -> int:
        """Seal what waits."""
        return await workflows.seal(self.resources)

    async def sql(self, statement: str, **values: object) -> Any:
        """Execute a statement as the superuser."""
        async with self.resources.sessions() as session:
            result = await session.execute(text(statement), values)
            await session.commit()
            return result

    async def value(self, statement: str, **values: object) -> Any:
        """Return one value."""
        return (await self.sql(statement, **values)).scalar_one()


@pytest_asyncio.fixture(loop_scope="session")
async def story(resources: Resources, database_url: str) -> AsyncGenerator[Story]:
    """Two deals and a deposit of somebody else, sealed in two checkpoints."""
    address = make_url(superusers(database_url)).set(drivername="postgresql+asyncpg")
    engine = create_engine(address.render_as_string(hide_password=False))
    async with engine.connect() as connection:
        outer = await connection.begin()
        made: async_sessionmaker[AsyncSession] = async_sessionmaker(
            connection, expire_on_commit=False, join_transaction_mode="create_savepoint"
        )
        yield Story(replace(resources, sessions=made, read_sessions=made))
        await outer.rollback()
    await engine.dispose()

"""Runs the state machine of deals on a database of its own, each example in a transaction that is rolled back."""

import asyncio
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, seed
from hypothesis import settings as profile
from hypothesis.stateful import run_state_machine_as_test as run_machine
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, async_sessionmaker

from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.fees.schemas import FeePolicyInput
from app.features.fees.service import add_policy
from app.models import FeeSide
from tests.factories.commands import OPERATOR
from tests.factories.deal_life import FEES, PRICES, DealLife
from tests.factories.deal_world import DealWorld
from tests.factories.deals import make_deal
from tests.factories.orders import Market


async def worlds(resources: Resources, connection: AsyncConnection) -> list[DealWorld]:
    """Return a deal for each choice of fees, all committed; the examples are transactions of one connection."""
    outside, made = Market(lambda: unit_of_work(resources)), list[DealWorld]()
    await outside.catalogue()
    stranger = await outside.person()
    bound = async_sessionmaker(connection, expire_on_commit=False, join_transaction_mode="create_savepoint")
    inside = replace(resources, sessions=bound, read_sessions=bound)
    for fees, prices in zip(FEES, PRICES, strict=True):
        async with outside.uow() as work:
            for side, fee in zip((FeeSide.CUSTOMER, FeeSide.FREELANCER), fees, strict=True):
                given = FeePolicyInput(side=side, rate_bp=fee.bp, minimum=fee.minimum, cap=fee.cap, tax_bp=fee.tax_bp)
                await add_policy(work, OPERATOR, given, reason="test")
        parts = [
            {"title": f"Part {number}", "amount": price, "days": 1} for number, price in enumerate(prices, start=1)
        ]
        scene = await make_deal(outside, paid=0, milestones=parts, price={"amount": sum(prices), "currency": "RUB"})
        scene.market = Market(lambda: unit_of_work(inside))
        made.append(DealWorld(scene, connection, stranger=stranger))
    return made


async def play(resources: Resources, number: int | None = None, **options: Any) -> set[str]:
    """Run Hypothesis in a separate thread; the product runs in this event loop.

    Args:
        resources: A database of its own, in which the deals are committed before the first example.
        number: The seed of the examples; None for examples that nobody has seen.
        options: Settings of Hypothesis.

    Returns:
        The commands that were done.
    """
    chosen = profile(
        deadline=None,
        print_blob=True,
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large),
        **options,
    )
    async with resources.engine.connect() as connection:
        await connection.execute(text("SET idle_in_transaction_session_timeout = 0"))
        await connection.commit()
        made, done = await worlds(resources, connection), set[str]()
        life = type("Life", (DealLife,), {"worlds": made, "loop": asyncio.get_running_loop(), "done": done})
        await asyncio.to_thread(run_machine, seed(number)(life), settings=chosen)
    return done

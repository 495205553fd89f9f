"""A sealer that dies at any of its statements, or after its commit: the log stays whole and the next one goes on."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from app.core.clock import utc_now
from app.core.ids import new_id
from app.core.money import Currency, Money
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.ledger import service as ledger
from app.features.transparency import service, workflows

MAX_STATEMENTS = 40


async def post(resources: Resources, count: int) -> None:
    """Post so many deposits, each in a transaction of its own."""
    for _number in range(count):
        entry = ledger.templates.deposit(provider="sandbox", customer_id=new_id(), amount=Money(100, Currency.RUB))
        async with unit_of_work(resources) as uow:
            await ledger.post(uow, entry, key=f"test:{new_id()}", effective_at=utc_now())


@contextmanager
def killed_at(resources: Resources, number: int, *, when: str) -> Generator[list[str]]:
    """Cut the connection to the database before or after so many statements, as the death of a process does."""
    engine = resources.sessions.kw["bind"].sync_engine
    said: list[str] = []

    def cut(connection: Connection, *details: Any) -> None:
        said.append(str(details[1])[:60])
        if len(said) == number:
            driver: Any = connection.connection.driver_connection
            driver.terminate()

    event.listen(engine, f"{when}_cursor_execute", cut)
    try:
        yield said
    finally:
        event.remove(engine, f"{when}_cursor_execute", cut)


async def state(resources: Resources) -> tuple[int, int]:
    """Return how many transactions are sealed and how many wait."""
    async with resources.sessions() as session:
        found = await service.read_state(session)
    return found.sealed, found.unsealed


async def holds(resources: Resources, kept: str) -> bool:
    """Verify the log against a checkpoint that was kept."""
    async with resources.read_sessions() as session:
        verdict = await service.verify_ledger(session, kept)
    return verdict.code == 0


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_sealer_that_dies_at_any_statement_leaves_a_log_that_holds(
    live_resources: Resources, when: str
) -> None:
    await post(live_resources, 3)
    assert await workflows.seal(live_resources) == 3
    async with live_resources.sessions() as session:
        kept = str((await session.execute(text("SELECT note FROM ledger.checkpoint"))).scalar_one())
    await post(live_resources, 4)
    for number in range(1, MAX_STATEMENTS):
        before = await state(live_resources)
        with killed_at(live_resources, number, when=when) as said:
            try:
                sealed = await workflows.seal(live_resources)
            except (DBAPIError, OSError):
                sealed = None
        if sealed is not None:
            assert len(said) < number, "the sealer did not notice that it was cut off"
            break
        assert await state(live_resources) == before, f"half a batch is sealed after {said[-1]}"
        assert await holds(live_resources, kept)
    else:
        pytest.fail("the sealer never came to an end")
    assert sealed == 4
    assert number > 5, "a batch takes several statements"
    assert await state(live_resources) == (7, 0)
    assert await holds(live_resources, kept)

"""The unit of work: what a refused use case changed is rolled back, and the transaction after it counts."""

import pytest
from sqlalchemy import select

from app.core.errors import ConflictError, DomainError, InvalidError
from app.core.persistence.outbox import OutboxMessage
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork, unit_of_work
from tests.core.outbox_events import BellRung


class _CommittedError(ConflictError):
    """A refusal that must be remembered."""

    code = "tests-committed"
    title = "No"
    commits_on_error = True


class _RefusedError(ConflictError):
    """A refusal that leaves nothing."""

    code = "tests-refused"
    title = "No"


async def _ring(uow: UnitOfWork, name: str, error: type[DomainError] | None = None) -> str:
    uow.emit(BellRung(name=name))
    await uow.session.flush()
    uow.session.info["read"] = name
    if error is not None:
        raise error
    return name


async def _rung(resources: Resources) -> list[str]:
    async with resources.sessions() as session:
        found = await session.execute(select(OutboxMessage.payload).order_by(OutboxMessage.id))
        return [payload["name"] for payload in found.scalars()]


async def test_a_refused_use_case_leaves_nothing_and_the_next_one_commits(resources: Resources) -> None:
    async with unit_of_work(resources) as uow:
        refused = await uow.attempt(_ring(uow, "lost", _RefusedError))
        assert isinstance(refused, _RefusedError)
        assert not uow.session.in_transaction()
        assert not uow.session.info, "what was kept of rows that are read no longer holds"
        assert uow.emitted == 0
        assert await uow.attempt(_ring(uow, "kept")) == "kept"
    assert await _rung(resources) == ["kept"]


async def test_what_a_refusal_must_remember_is_committed(resources: Resources) -> None:
    async with unit_of_work(resources) as uow:
        assert isinstance(await uow.attempt(_ring(uow, "counted", _CommittedError)), _CommittedError)
    assert await _rung(resources) == ["counted"]


async def test_errors_that_are_not_expected_are_raised(resources: Resources) -> None:
    with pytest.raises(_RefusedError):
        async with unit_of_work(resources) as uow:
            await uow.attempt(_ring(uow, "lost", _RefusedError), InvalidError)
    async with unit_of_work(resources) as uow:
        assert isinstance(await uow.attempt(_ring(uow, "lost", _RefusedError), _RefusedError), _RefusedError)
    assert await _rung(resources) == []

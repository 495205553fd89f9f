"""The unit of work: what a refused use case leaves behind."""

import pytest
from sqlalchemy import select

from app.core.audit import AuditEntry
from app.core.errors import ConflictError, DomainError, InvalidError
from app.core.persistence.outbox import OutboxMessage
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork, unit_of_work
from tests.core.outbox_events import BellRung


class CountedError(ConflictError):
    """An error whose changes are kept."""

    commits_on_error = True


def entry(action: str) -> AuditEntry:
    return AuditEntry(
        action=action, subject="1", actor="test", source="test", old_values={}, new_values={}, reason="test"
    )


async def write(uow: UnitOfWork, action: str, error: DomainError | None = None) -> str:
    """Write a row and an event, remember something for later reads, trigger a task, and fail."""
    uow.session.add(entry(action))
    await uow.session.flush()
    uow.emit(BellRung(name=action))
    uow.session.info["remembered"] = action
    uow.after_commit(lambda: _note(action))
    if error is not None:
        raise error
    return action


noted: list[str] = []


async def _note(action: str) -> None:
    noted.append(action)


async def stored(resources: Resources) -> tuple[list[str], list[object]]:
    """Return the actions and the events that were committed, and the actions that ran after the commit."""
    async with resources.read_sessions() as session:
        actions = (await session.execute(select(AuditEntry.action).order_by(AuditEntry.id))).scalars().all()
        events = (await session.execute(select(OutboxMessage.payload).order_by(OutboxMessage.id))).scalars().all()
    return list(actions), [payload["name"] for payload in events]


@pytest.fixture(autouse=True)
def forget() -> None:
    """Begin each test without notes."""
    noted.clear()


async def test_a_refused_use_case_leaves_nothing_and_the_page_reads_on(resources: Resources) -> None:
    async with unit_of_work(resources) as uow:
        done = await uow.attempt(write(uow, "refused", ConflictError()))
        assert isinstance(done, ConflictError)
        assert (await uow.session.execute(select(AuditEntry))).all() == []
        assert uow.session.info == {}
        assert uow.emitted == 0
        assert await uow.attempt(write(uow, "second")) == "second"
    assert await stored(resources) == (["second"], ["second"])
    assert noted == ["second"]


async def test_what_was_written_before_a_refused_use_case_stays(resources: Resources) -> None:
    async with unit_of_work(resources) as uow:
        await write(uow, "first")
        assert isinstance(await uow.attempt(write(uow, "refused", InvalidError())), InvalidError)
    assert await stored(resources) == (["first"], ["first"])
    assert noted == ["first"]


@pytest.mark.parametrize("begun", [True, False])
async def test_an_error_that_commits_is_returned_with_its_changes(resources: Resources, *, begun: bool) -> None:
    async with unit_of_work(resources) as uow:
        if begun:
            await write(uow, "first")
        assert isinstance(await uow.attempt(write(uow, "counted", CountedError())), CountedError)
    assert (await stored(resources))[0] == (["first"] if begun else []) + ["counted"]


async def test_only_the_named_errors_are_returned(resources: Resources) -> None:
    with pytest.raises(InvalidError):
        async with unit_of_work(resources) as uow:
            await uow.attempt(write(uow, "refused", InvalidError()), ConflictError)
    assert await stored(resources) == ([], [])

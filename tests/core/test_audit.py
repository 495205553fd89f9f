"""The audit log: entries are written with the change, read newest first, and never changed."""

from contextlib import suppress

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core.audit import MAX_REASON_LENGTH, AuditEntry, read_audit, record_audit
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from tests.factories.commands import OPERATOR
from tests.factories.users import actor_for, make_user

GREETED = {"status": "greeted"}


async def record(resources: Resources, *subjects: str) -> list[AuditEntry]:
    async with unit_of_work(resources) as uow:
        for subject in subjects:
            record_audit(uow.session, OPERATOR, "test.greet", subject, new=GREETED, reason="For this test.")
    async with resources.read_sessions() as session:
        return list(await read_audit(session, limit=100))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET reason = 'another one'",
        "UPDATE audit_entries SET actor = 'somebody else' WHERE false",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
    ],
)
async def test_the_table_refuses_every_change(resources: Resources, statement: str) -> None:
    before = await record(resources, "one")
    with pytest.raises(DBAPIError, match="audit_entries is append-only"):
        async with unit_of_work(resources) as uow:
            await uow.session.execute(text(statement))
    async with resources.read_sessions() as session:
        after = await read_audit(session, limit=100)
    assert [(entry.id, entry.reason, entry.actor) for entry in after] == [
        (entry.id, entry.reason, entry.actor) for entry in before
    ]


async def test_an_entry_says_who_what_when_from_where_and_why(resources: Resources) -> None:
    (entry,) = await record(resources, "one")
    assert (entry.action, entry.subject, entry.actor, entry.source) == ("test.greet", "one", "olga", "tests")
    assert (entry.actor_id, entry.old_values, entry.new_values) == (None, {}, GREETED)
    assert entry.reason == "For this test."
    assert entry.created_at is not None


async def test_an_account_that_acts_is_named_by_its_id(resources: Resources) -> None:
    async with unit_of_work(resources) as uow:
        person = actor_for(await make_user(uow.session))
        record_audit(uow.session, person, "test.greet", 1)
    async with resources.read_sessions() as session:
        (entry,) = await read_audit(session, actor=person.username, limit=10)
    assert (entry.actor, entry.actor_id) == (person.username, person.id)


async def test_what_is_undone_leaves_no_entry(resources: Resources) -> None:
    with suppress(ZeroDivisionError):
        async with unit_of_work(resources) as uow:
            record_audit(uow.session, OPERATOR, "test.greet", "one")
            await uow.session.flush()
            raise ZeroDivisionError
    assert await record(resources) == []


async def test_entries_are_read_newest_first_in_pages(resources: Resources) -> None:
    found = await record(resources, "one", "two", "one")
    assert [entry.subject for entry in found] == ["one", "two", "one"]
    assert [entry.id for entry in found] == sorted((entry.id for entry in found), reverse=True)
    async with resources.read_sessions() as session:
        first = await read_audit(session, limit=2)
        rest = await read_audit(session, before=first[-1].id, limit=2)
        ones = await read_audit(session, subjects=["one"], limit=10)
        nobody = await read_audit(session, actor="nobody", limit=10)
    assert [entry.id for entry in (*first, *rest)] == [entry.id for entry in found]
    assert [entry.id for entry in ones] == [found[0].id, found[2].id]
    assert list(nobody) == []


async def test_a_reason_has_a_longest_length(resources: Resources) -> None:
    with pytest.raises(DBAPIError, match="reason_length"):
        async with unit_of_work(resources) as uow:
            record_audit(uow.session, OPERATOR, "test.greet", "one", reason="x" * (MAX_REASON_LENGTH + 1))

"""Queries for timers that are fired together, a batch in a transaction."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, func, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.core.database import milliseconds
from app.core.money import Currency
from app.features.contracts.repository.deals import DATABASE_TIME, LockedMilestone
from app.models import Contract, Deal, DealTimer, Milestone, Release, ReviewNotice, TimerKind, TimerStatus


@dataclass(slots=True)
class DueTimer(LockedMilestone):
    """A timer of a milestone whose time is over, locked together with its deal and its milestone."""

    timer: DealTimer


def _store(table: type[Deal | Milestone | Release], key: str, **columns: str) -> tuple[TextClause, Sequence[str]]:
    """Return the statement that stores columns, given by their types, of many rows, and the names of its values."""
    types = {key: "uuid", **columns}
    arrays = ", ".join(f"CAST(:{name} AS {type_}[])" for name, type_ in types.items())
    changes = ", ".join(f"{name} = given.{name}" for name in columns)
    statement = f"""
        UPDATE {table.__tablename__} AS stored SET {changes}
        FROM unnest({arrays}) AS given ({", ".join(types)}) WHERE stored.{key} = given.{key}"""  # noqa: S608 - names of columns
    return text(statement), tuple(types)


_STORE = {
    Deal: _store(Deal, "contract_id", status="text", version="bigint", ended_at="timestamptz"),
    Milestone: _store(
        Milestone,
        "id",
        status="text",
        version="bigint",
        released="bigint",
        postings="bigint",
        finished_at="timestamptz",
    ),
    Release: _store(Release, "id", matured_at="timestamptz"),
}
"""What a sweep changes in rows."""


class SweepRepository:
    """Queries of the sweep."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def limit_waiting(self, limit: timedelta) -> None:
        """Let this transaction wait for no lock longer than that."""
        await self._session.execute(select(func.set_config("lock_timeout", milliseconds(limit.total_seconds()), True)))

    async def due(self, kind: TimerKind, limit: int) -> Sequence[tuple[UUID, Currency]]:
        """Return the next timers of a kind that are due, in the order of their times, and their currencies."""
        statement = (
            select(DealTimer.id, Contract.currency)
            .join(Contract, Contract.id == DealTimer.contract_id)
            .where(DealTimer.kind == kind, DealTimer.status == TimerStatus.WAITING, DealTimer.look_at <= DATABASE_TIME)
            .order_by(DealTimer.look_at, DealTimer.id)
            .limit(limit)
        )
        return [(row[0], row[1]) for row in await self._session.execute(statement)]

    async def lock(self, timer_ids: Collection[UUID]) -> Sequence[DueTimer]:
        """Lock timers that are still due with their deals and milestones; whoever somebody else has is left out.

        The session does not follow the rows: `store` writes what has changed in them, all of a table at once.
        A timer waits while its deal has an earlier one of another kind that is due: they fire in their order.
        """
        earlier = aliased(DealTimer)
        waits = (
            select(earlier.id)
            .where(
                earlier.contract_id == DealTimer.contract_id,
                earlier.status == TimerStatus.WAITING,
                earlier.kind != DealTimer.kind,
                tuple_(earlier.look_at, earlier.id) < tuple_(DealTimer.look_at, DealTimer.id),
            )
            .exists()
        )
        statement = (
            select(Contract, Deal, DATABASE_TIME, Milestone, DealTimer)
            .select_from(DealTimer)
            .join(Deal, Deal.contract_id == DealTimer.contract_id)
            .join(Contract, Contract.id == Deal.contract_id)
            .join(Milestone, Milestone.id == DealTimer.milestone_id)
            .where(
                DealTimer.id.in_(timer_ids),
                DealTimer.status == TimerStatus.WAITING,
                DealTimer.look_at <= DATABASE_TIME,
                ~waits,
            )
            .order_by(DealTimer.look_at, DealTimer.id)
            .with_for_update(of=(Deal, Milestone, DealTimer), skip_locked=True)
            .execution_options(populate_existing=True)
        )
        rows = (await self._session.execute(statement)).all()
        self._session.expunge_all()
        return [DueTimer(row[0], row[1], row[2], row[3], row[4]) for row in rows]

    async def end(self, timers: Collection[DealTimer]) -> None:
        """Store that timers have fired."""
        statement = update(DealTimer).where(DealTimer.id.in_([timer.id for timer in timers]))
        await self._session.execute(
            statement.values(status=TimerStatus.FIRED).execution_options(synchronize_session=False)
        )

    async def store(self, rows: Iterable[Deal | Milestone | Release]) -> None:
        """Store what has changed in rows that this repository has read, one statement for each table."""
        by_table: dict[type[Deal | Milestone | Release], list[Any]] = {}
        for row in {id(row): row for row in rows}.values():
            by_table.setdefault(type(row), []).append(row)
        for table in (Deal, Milestone, Release):
            if changed := by_table.get(table):
                statement, columns = _STORE[table]
                values = {column: [getattr(row, column) for row in changed] for column in columns}
                await self._session.execute(statement, values)

    async def waiting_releases(self, release_ids: Collection[UUID]) -> Sequence[Release]:
        """Return those releases whose money is not available yet; the session does not follow them."""
        statement = select(Release).where(Release.id.in_(release_ids), Release.matured_at.is_(None))
        found = (await self._session.execute(statement)).scalars().all()
        for made in found:
            self._session.expunge(made)
        return found

    async def notices(self, submission_ids: Collection[UUID]) -> dict[UUID, list[tuple[str, bool]]]:
        """Return for each submission the channel of each message, and whether it is known to have arrived."""
        statement = select(
            ReviewNotice.submission_id, ReviewNotice.channel, ReviewNotice.delivered_at.is_not(None)
        ).where(ReviewNotice.submission_id.in_(submission_ids))
        found: dict[UUID, list[tuple[str, bool]]] = {key: [] for key in submission_ids}
        for submission_id, channel, arrived in await self._session.execute(statement):
            found[submission_id].append((channel, arrived))
        return found

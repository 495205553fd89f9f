"""Reading corrections of the ledger."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.pagination import encode_cursor, last_id
from app.features.finance.errors import CorrectionNotFoundError
from app.features.finance.policy import may_approve
from app.features.finance.repository import CorrectionRepository
from app.features.finance.schemas import CorrectionList, CorrectionRead
from app.features.identity import service as identity
from app.models import AccountKind, CorrectionState, LedgerCorrection


async def list_corrections(session: AsyncSession, actor: Actor, cursor: str | None, limit: int) -> CorrectionList:
    """Return corrections, the newest first.

    Raises:
        BadCursorError: The cursor is not of this list.
    """
    rows = await CorrectionRepository(session).newest(last_id(cursor), limit + 1)
    items = await _read(session, actor, rows[:limit])
    return CorrectionList(items=items, next_cursor=encode_cursor(items[-1].id) if len(rows) > limit else None)


async def get_correction(session: AsyncSession, actor: Actor, correction_id: UUID) -> CorrectionRead:
    """Return a correction.

    Raises:
        CorrectionNotFoundError: There is none.
    """
    found = await CorrectionRepository(session).get(correction_id)
    if found is None:
        raise CorrectionNotFoundError
    return await read_correction(session, actor, found)


async def read_correction(session: AsyncSession, actor: Actor, correction: LedgerCorrection) -> CorrectionRead:
    """Return a correction for the people who look after the money."""
    [read] = await _read(session, actor, [correction])
    return read


async def _read(session: AsyncSession, actor: Actor, rows: Sequence[LedgerCorrection]) -> list[CorrectionRead]:
    people = {
        person for it in rows for person in (it.proposed_by_id, it.decided_by_id, it.user_id) if person is not None
    }
    names = await identity.usernames(session, list(people))
    now = utc_now()
    return [
        CorrectionRead(
            id=it.id,
            kind=it.kind,
            reverses=it.reverses,
            debit=AccountKind(it.debit) if it.debit else None,
            credit=AccountKind(it.credit) if it.credit else None,
            person=names.get(it.user_id, "") if it.user_id else "",
            amount=it.amount,
            currency=it.currency,
            contract_id=it.contract_id,
            reason=it.reason,
            explanation=it.explanation,
            evidence=it.evidence,
            state=it.state,
            expired=it.state is CorrectionState.PROPOSED and it.expires_at <= now,
            alone=it.alone,
            proposed_by=names.get(it.proposed_by_id, ""),
            proposed_at=it.proposed_at,
            expires_at=it.expires_at,
            decided_by=names.get(it.decided_by_id, "") if it.decided_by_id else "",
            decided_at=it.decided_at,
            note=it.note,
            txn_id=it.txn_id,
            is_own=it.proposed_by_id == actor.id,
            may_approve=may_approve(actor),
        )
        for it in rows
    ]

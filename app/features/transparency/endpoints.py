"""JSON endpoints of the transparency log."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query

from app.core.http.dependencies import FeatureRouter, ReadSession
from app.core.http.problem_details import refusals
from app.core.pagination import DEFAULT_LIMIT, MAX_LIMIT
from app.core.text.whole_numbers import WholeNumber
from app.features.authentication.dependencies import CurrentActor
from app.features.transparency import service
from app.features.transparency.errors import NoCheckpointError, NotSealedYetError, ReceiptNotFoundError
from app.features.transparency.schemas import CheckpointList, CheckpointRead, ConsistencyRead, ReceiptRead

router = FeatureRouter(prefix="/transparency", tags=["transparency"])
LARGEST = 2**63 - 1


@router.get("/checkpoints")
async def list_checkpoints(
    session: ReadSession,
    before: Annotated[WholeNumber | None, Query(ge=1, le=LARGEST, description="Only smaller ones.")] = None,
    limit: Annotated[WholeNumber, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
) -> CheckpointList:
    """List the signed checkpoints of the ledger, the largest first, with the public keys of the log."""
    return await service.list_checkpoints(session, limit, before)


@router.get("/checkpoints/{size}", responses=refusals(NoCheckpointError))
async def read_checkpoint(size: Annotated[WholeNumber, Path(ge=1, le=LARGEST)], session: ReadSession) -> CheckpointRead:
    """Return one checkpoint."""
    return await service.read_checkpoint(session, size)


@router.get("/consistency", responses=refusals(NoCheckpointError))
async def read_consistency(
    session: ReadSession,
    earlier: Annotated[WholeNumber, Query(ge=1, le=LARGEST, description="The size of the earlier checkpoint.")],
    later: Annotated[WholeNumber | None, Query(ge=1, le=LARGEST, description="By default the newest.")] = None,
) -> ConsistencyRead:
    """Return the proof that the log of a later checkpoint begins with that of an earlier one."""
    return await service.read_consistency(session, earlier, later)


@router.get("/receipts/{txn_id:uuid}", responses=refusals(ReceiptNotFoundError, NotSealedYetError))
async def read_receipt(txn_id: UUID, actor: CurrentActor, session: ReadSession) -> ReceiptRead:
    """Return what proves that one of your transactions is in the log. Responds 409 in its first seconds."""
    return await service.read_receipt(session, actor, txn_id)

"""JSON endpoints of the transparency log."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query
from starlette.responses import Response, StreamingResponse

from app.core.http.dependencies import FeatureRouter, ProcessResources, ReadSession
from app.core.http.problem_details import refusals
from app.core.money import Currency
from app.core.pagination import DEFAULT_LIMIT, MAX_LIMIT
from app.core.text.whole_numbers import WholeNumber
from app.features.authentication.dependencies import CurrentActor
from app.features.transparency import service, workflows
from app.features.transparency.errors import (
    InvalidPeriodError,
    NoCheckpointError,
    NoSolvencyProofError,
    NotSealedYetError,
    ReceiptNotFoundError,
    StatementTooLongError,
)
from app.features.transparency.schemas import (
    CheckpointList,
    CheckpointRead,
    ConsistencyRead,
    OwnSolvency,
    ReceiptRead,
    SolvencyList,
    SolvencyRead,
    StatementFormat,
    StatementRead,
)

router = FeatureRouter(prefix="/transparency", tags=["transparency"])
statements = FeatureRouter(prefix="/wallet/statement", tags=["payments"])
LARGEST = 2**63 - 1
First = Annotated[date | None, Query(description="The first day; by default the first of the month of the last one.")]
Last = Annotated[date | None, Query(description="The last day; by default today.")]


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


@router.get("/solvency")
async def list_solvency(
    session: ReadSession, limit: Annotated[WholeNumber, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT
) -> SolvencyList:
    """List what the site owed to all people in the latest nights, beside what its payment provider held."""
    return await service.list_nights(session, limit)


@router.get("/solvency/own", responses=refusals(NoSolvencyProofError))
async def read_own_solvency(actor: CurrentActor, session: ReadSession) -> OwnSolvency:
    """Return the latest night with the proofs that your balances are in its totals."""
    return await service.read_own_solvency(session, actor)


@router.get("/solvency/{night}", responses=refusals(NoSolvencyProofError))
async def read_solvency(night: date, session: ReadSession) -> SolvencyRead:
    """Return what the site owed to all people in one night."""
    return await service.read_night(session, night)


@statements.get("", responses=refusals(InvalidPeriodError))
async def read_statement(
    actor: CurrentActor, session: ReadSession, currency: Currency = Currency.RUB, first: First = None, last: Last = None
) -> StatementRead:
    """Return what you had at the beginning and at the end of a period, by state."""
    return await service.read_statement(session, actor, service.period_of(currency, first, last))


@statements.get(
    "/{format}",
    response_class=Response,
    responses=refusals(InvalidPeriodError, StatementTooLongError)
    | {200: {"content": {media_type: {} for media_type in service.MEDIA_TYPES.values()}}},
)
async def download_statement(
    format: StatementFormat,  # noqa: A002 - the name in the address
    actor: CurrentActor,
    resources: ProcessResources,
    currency: Currency = Currency.RUB,
    first: First = None,
    last: Last = None,
) -> Response:
    """Return a statement as a file: every transaction with its fees and the balance after it, in your language."""
    period = service.period_of(currency, first, last)
    made = await workflows.write_statement(resources, actor, period, format)
    return StreamingResponse(made.pieces, media_type=made.media_type, headers=made.headers)

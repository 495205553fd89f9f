"""JSON endpoints of reports."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.core.http.dependencies import FeatureRouter, ReadSession, Uow
from app.core.http.problem_details import refusals
from app.core.pagination import DEFAULT_LIMIT, MAX_LIMIT, BadCursorError, Page
from app.core.security.rate_limits import TooManyTriesError
from app.core.text.whole_numbers import WholeNumber
from app.features.authentication.dependencies import CurrentActor
from app.features.reports import service
from app.features.reports.errors import (
    AlreadyReportedError,
    OwnContentError,
    ReportClosedAlreadyError,
    ReportedItemNotFoundError,
    ReportNotFoundError,
)
from app.features.reports.schemas import ObjectionCreate, ReportCreate, ReportRead, ReportSide

router = FeatureRouter(prefix="/reports", tags=["reports"])

SENDING = (ReportedItemNotFoundError, OwnContentError, AlreadyReportedError, TooManyTriesError)
OBJECTING = (ReportNotFoundError, ReportClosedAlreadyError)
Cursor = Annotated[str | None, Query(max_length=300, description="`next_cursor` of the previous page.")]
Limit = Annotated[WholeNumber, Query(ge=1, le=MAX_LIMIT)]


@router.post("", status_code=HTTPStatus.CREATED, responses=refusals(*SENDING))
async def send_report(command: ReportCreate, actor: CurrentActor, uow: Uow) -> ReportRead:
    """Report an order, a proposal, a profile, a conversation or a direct deal. Responds 404 if you cannot see it."""
    return service.present(actor, await service.send_report(uow, actor, command))


@router.get("", responses=refusals(BadCursorError))
async def list_reports(
    actor: CurrentActor,
    session: ReadSession,
    side: ReportSide = ReportSide.REPORTER,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[ReportRead]:
    """List the reports you sent, or with `side=reported` those decided against you, newest first."""
    page = await service.list_reports(session, actor, side, cursor, limit)
    return Page(items=page.items, next_cursor=page.next_cursor)


@router.get("/{report_id:uuid}", responses=refusals(ReportNotFoundError))
async def get_report(report_id: UUID, actor: CurrentActor, session: ReadSession) -> ReportRead:
    """Return one report. Only its sender and, after a decision against them, the reported user may read it."""
    return await service.get_report(session, actor, report_id)


@router.post("/{report_id:uuid}/objection", status_code=HTTPStatus.CREATED, responses=refusals(*OBJECTING))
async def object_to_report(report_id: UUID, command: ObjectionCreate, actor: CurrentActor, uow: Uow) -> ReportRead:
    """Object to a decision against you. This is possible once; otherwise responds 409."""
    return service.present(actor, await service.object_to_decision(uow, actor, report_id, command))

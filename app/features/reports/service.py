"""Use cases of reports: send, read, object, decide."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.audit import record_audit
from app.core.clock import utc_now
from app.core.config import Settings
from app.core.errors import NotFoundError
from app.core.i18n import _
from app.core.pagination import Slice, encode_cursor, last_id
from app.core.security.rate_limits import Rate
from app.core.unit_of_work import UnitOfWork
from app.features.chat import service as chat
from app.features.hiring import service as hiring
from app.features.identity import service as identity
from app.features.orders import service as orders
from app.features.profiles import service as profiles
from app.features.proposals import service as proposals
from app.features.reports import policy, rules
from app.features.reports.errors import (
    OwnContentError,
    ReportClosedAlreadyError,
    ReportedItemNotFoundError,
    ReportNotFoundError,
)
from app.features.reports.events import ReportAppealed, ReportClosed, ReportSent
from app.features.reports.repository import ReportRepository
from app.features.reports.schemas import (
    RULE_TEXTS,
    ObjectionCreate,
    ReportCreate,
    ReportRead,
    ReportSide,
    SubjectInput,
    SubjectRead,
)
from app.models.report import Report, ReportReason, ReportStatus, ReportSubject

REPORTS_BY_ACCOUNT = Rate("reports", 20, 24 * 60 * 60)
KEPT_MESSAGES = 50
"""How many of the other side's latest messages are stored with a report of a conversation."""


@dataclass(frozen=True, slots=True)
class ReportedItem:
    """The current state of a reportable item: its owner, title and text."""

    kind: ReportSubject
    id: UUID
    owner_id: UUID
    title: str
    evidence: str


async def find_reported_item(
    session: AsyncSession, settings: Settings, actor: Actor, subject: SubjectInput
) -> ReportedItem:
    """Return an item that the actor may see and does not own.

    Raises:
        ReportedItemNotFoundError: The item does not exist or is not visible to the actor.
        OwnContentError: The actor owns the item.
    """
    try:
        if subject.kind is ReportSubject.DIRECT_DEAL:
            thing = await _direct_deal(session, settings, actor, subject)
        else:
            thing = await _FINDERS[subject.kind](session, actor, subject.id)
    except NotFoundError as wrong:
        raise ReportedItemNotFoundError from wrong
    if thing.owner_id == actor.id:
        raise OwnContentError
    return thing


async def _order(session: AsyncSession, actor: Actor, thing_id: UUID) -> ReportedItem:
    order = await orders.get_order(session, actor, thing_id)
    return ReportedItem(ReportSubject.ORDER, order.id, order.customer_id, order.title, order.description)


async def _proposal(session: AsyncSession, actor: Actor, thing_id: UUID) -> ReportedItem:
    found = await proposals.get_proposal(session, actor, thing_id)
    return ReportedItem(ReportSubject.PROPOSAL, found.id, found.freelancer.id, found.order.title, found.letter)


async def _profile(session: AsyncSession, actor: Actor, thing_id: UUID) -> ReportedItem:
    del actor  # profiles of active accounts are public
    account = await identity.contact_of(session, thing_id)
    if account is None:
        raise ReportedItemNotFoundError
    person = await profiles.find_person(session, account.username)
    texts = [person.display_name, *((person.profile.headline, person.profile.about) if person.profile else ())]
    evidence = "\n\n".join(filter(None, texts))
    return ReportedItem(ReportSubject.PROFILE, thing_id, thing_id, person.username, evidence)


async def _conversation(session: AsyncSession, actor: Actor, thing_id: UUID) -> ReportedItem:
    found, texts = await chat.latest_texts_of_other(session, actor, thing_id, KEPT_MESSAGES)
    return ReportedItem(ReportSubject.CONVERSATION, found.id, found.other.id, found.order.title, "\n\n".join(texts))


async def _direct_deal(session: AsyncSession, settings: Settings, actor: Actor, subject: SubjectInput) -> ReportedItem:
    found = await hiring.texts_of_other(session, settings, actor, subject.id, subject.key)
    evidence = "\n\n".join(found.texts)
    return ReportedItem(ReportSubject.DIRECT_DEAL, subject.id, found.person_id, found.title, evidence)


_FINDERS: dict[ReportSubject, Callable[[AsyncSession, Actor, UUID], Coroutine[Any, Any, ReportedItem]]] = {
    ReportSubject.ORDER: _order,
    ReportSubject.PROPOSAL: _proposal,
    ReportSubject.PROFILE: _profile,
    ReportSubject.CONVERSATION: _conversation,
}


async def find_open(session: AsyncSession, actor: Actor, kind: ReportSubject, thing_id: UUID) -> UUID | None:
    """Return the id of the actor's open report about an item, or None."""
    return await ReportRepository(session).open_of(actor.id, kind, thing_id)


async def send_report(uow: UnitOfWork, actor: Actor, command: ReportCreate) -> Report:
    """Send a report. Emits `ReportSent`.

    Raises:
        ReportedItemNotFoundError: The item does not exist or is not visible to the actor.
        OwnContentError: The actor owns the item.
        AlreadyReportedError: The actor has an open report about the item.
        TooManyTriesError: The actor has sent too many reports within 24 hours.
    """
    thing = await find_reported_item(uow.session, uow.resources.settings, actor, command.subject)
    await uow.resources.limiter.hit(REPORTS_BY_ACCOUNT, str(actor.id))
    now = utc_now()
    report = Report(
        reporter_id=actor.id,
        reported_id=thing.owner_id,
        subject_kind=thing.kind,
        subject_id=thing.id,
        title=thing.title,
        evidence=thing.evidence,
        reason=command.reason,
        note=command.note,
        created_at=now,
        due_at=rules.due(now),
    )
    await ReportRepository(uow.session).insert(report)
    uow.emit(ReportSent(report_id=str(report.id), subject_kind=thing.kind.value, subject_id=str(thing.id)))
    return report


async def get_report(session: AsyncSession, actor: Actor, report_id: UUID) -> ReportRead:
    """Return a report to one of its two sides.

    Raises:
        ReportNotFoundError: The report does not exist or is not visible to the actor.
    """
    report = await ReportRepository(session).get(report_id)
    if report is None or not policy.can_read(actor, report):
        raise ReportNotFoundError
    return present(actor, report)


async def list_reports(
    session: AsyncSession, actor: Actor, side: ReportSide, cursor: str | None, limit: int
) -> Slice[ReportRead]:
    """Return a page of the reports the actor sent, or of those decided against the actor, newest first."""
    repository, before = ReportRepository(session), last_id(cursor)
    read = repository.sent_by if side is ReportSide.REPORTER else repository.decided_against
    rows = await read(actor.id, before, limit + 1)
    shown = [present(actor, report) for report in rows[:limit]]
    return Slice(shown, encode_cursor(shown[-1].id) if len(rows) > limit else None)


async def object_to_decision(uow: UnitOfWork, actor: Actor, report_id: UUID, command: ObjectionCreate) -> Report:
    """Object to a decision against the actor; it is then reviewed once more. Emits `ReportAppealed`.

    Raises:
        ReportNotFoundError: The report does not exist or is not visible to the actor.
        ReportClosedAlreadyError: There is no decision against the actor to which they may still object.
    """
    report = await ReportRepository(uow.session).get_for_update(report_id)
    if report is None or not policy.can_read(actor, report):
        raise ReportNotFoundError
    if not policy.is_notified_side(actor, report) or not rules.may_object(report):
        raise ReportClosedAlreadyError
    now = utc_now()
    report.objection, report.objected_at, report.due_at = command.text, now, rules.due(now)
    uow.emit(ReportAppealed(report_id=str(report.id), reported_id=str(report.reported_id)))
    return report


async def decide(
    uow: UnitOfWork,
    actor: Actor,
    report_id: UUID,
    status: ReportStatus,
    *,
    verdict: str,
    rule: ReportReason | None = None,
) -> Report:
    """Decide a report as the operator. Emits `ReportClosed`.

    Both sides can read the verdict. An upheld report names a rule: `rule`, else the rule of the previous decision, else
    the reporter's reason. The decision has no other effect on the reported item or its owner.

    Raises:
        ReportNotFoundError: The report does not exist.
        ReportClosedAlreadyError: The report does not wait for a decision.
    """
    report = await ReportRepository(uow.session).get_for_update(report_id)
    if report is None:
        raise ReportNotFoundError
    if not rules.may_close(report, status):
        raise ReportClosedAlreadyError
    before, old = report.status, _decision(report)
    report.status, report.verdict = status, verdict
    report.closed_at, report.due_at = utc_now(), None
    if status is ReportStatus.UPHELD:
        report.rule = rule or report.rule or report.reason
    record_audit(uow.session, actor, "report.close", report.id, old=old, new=_decision(report), reason=verdict)
    uow.emit(
        ReportClosed(
            report_id=str(report.id),
            reporter_id=str(report.reporter_id),
            reported_id=str(report.reported_id),
            before=before.value,
            status=status.value,
        )
    )
    return report


def _decision(report: Report) -> dict[str, object]:
    return {"status": report.status.value, "rule": report.rule.value if report.rule else None}


async def list_waiting(session: AsyncSession, limit: int) -> Sequence[Report]:
    """Return the reports that wait for a decision, earliest deadline first; for operator commands only."""
    return await ReportRepository(session).waiting(limit)


async def find_any(session: AsyncSession, report_id: UUID) -> Report | None:
    """Return a report regardless of its sides; for operator commands only."""
    return await ReportRepository(session).get(report_id)


async def count_waiting(session: AsyncSession) -> tuple[int, int]:
    """Count the reports that wait for a decision, and those of them past their deadline."""
    return await ReportRepository(session).count_waiting(utc_now())


def present(actor: Actor, report: Report) -> ReportRead:
    """Convert a report to the response for the actor's side; the reported side never learns who sent it."""
    sent = policy.is_reporter(actor, report)
    href = rules.href_of(report.subject_kind, report.subject_id, report.title)
    return ReportRead(
        id=report.id,
        side=ReportSide.REPORTER if sent else ReportSide.REPORTED,
        subject=SubjectRead(kind=report.subject_kind, id=report.subject_id, title=report.title, href=href),
        reason=report.reason if sent else None,
        note=report.note if sent else None,
        status=report.status,
        created_at=report.created_at if sent else None,
        due_at=report.due_at if not sent or report.status is ReportStatus.OPEN else None,
        closed_at=report.closed_at,
        rule=report.rule,
        rule_text=_(RULE_TEXTS[report.rule]) if report.rule else None,
        verdict=report.verdict,
        objection=None if sent else report.objection,
        objected_at=None if sent else report.objected_at,
        actions=["object"] if not sent and rules.may_object(report) else [],
    )

"""What an operator does with reports from the command line: see what waits, read one, decide."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from app.core.clock import utc_now
from app.core.config import Settings
from app.core.embedded import ServerAddresses
from app.core.errors import DomainError
from app.core.resources import Resources, open_resources
from app.core.uow import unit_of_work
from app.features.identity import service as identity
from app.features.reports import service
from app.features.reports.errors import ReportNotFoundError
from app.features.reports.schemas import REASON_WORDS, RULE_WORDS
from app.models.report import Report, ReportReason, ReportStatus

type Act = Callable[[Resources], Awaitable[str]]
MOST_LISTED = 100
LONGEST_VERDICT = 2000


class ReportCommandError(Exception):
    """The command cannot do it to this report; the message says why."""


async def waiting(resources: Resources, given: Sequence[str] = ()) -> str:
    """Return one line for each report or objection that waits, the most urgent first."""
    del given
    async with resources.read_sessions() as session:
        found = await service.list_waiting(session, MOST_LISTED)
    names = await _names(resources, found)
    return "\n".join(_line(report, names) for report in found) or "Nothing waits."


async def shown(resources: Resources, given: Sequence[str]) -> str:
    """Return all that is known of a report: what it said, what was said about it, and what was decided.

    Raises:
        ReportCommandError: There is no such report.
    """
    (report_id,) = given
    async with resources.read_sessions() as session:
        report = await service.find_any(session, _id(report_id))
    if report is None:
        raise ReportCommandError(ReportNotFoundError.title)
    names = await _names(resources, [report])
    parts = [
        ("report", str(report.id)),
        ("state", f"{report.status}, {_due(report)}" if report.due_at else report.status.value),
        ("about", f"{report.subject_kind} {report.subject_id} of {names[report.reported_id]}: {report.title}"),
        ("from", f"{names[report.reporter_id]}, {report.created_at:%Y-%m-%d %H:%M} UTC"),
        ("reason", REASON_WORDS[report.reason]),
        ("note", report.note),
        ("it said", report.evidence),
        ("rule", RULE_WORDS[report.rule] if report.rule else ""),
        ("verdict", report.verdict or ""),
        ("objection", report.objection or ""),
    ]
    return "\n".join(f"{name + ':':<11}{text}" for name, text in parts if text)


async def close(resources: Resources, given: Sequence[str]) -> str:
    """Decide, and return the sentence that says so; given are the id, the state, the reason and, or not, a rule.

    Raises:
        ReportCommandError: There is nothing to decide, no reason was given, or the rule is none.
    """
    report_id, status, reason, rule = given
    said = reason.strip()
    if not 1 <= len(said) <= LONGEST_VERDICT:
        raise ReportCommandError(f"Say why in 1 to {LONGEST_VERDICT} characters: both sides read it.")
    if rule and rule not in set(ReportReason):
        raise ReportCommandError(f"{rule} is no rule: choose one of {', '.join(ReportReason)}.")
    named = ReportReason(rule) if rule else None
    try:
        async with unit_of_work(resources) as uow:
            report = await service.decide(uow, _id(report_id), ReportStatus(status), said, named)
    except DomainError as refused:
        raise ReportCommandError(refused.title) from refused
    told = "both sides are told" if report.status is ReportStatus.UPHELD else "whom it concerns is told"
    return f"The report about “{report.title}” is {report.status}: {told}."


async def with_resources(settings: Settings, servers: ServerAddresses, act: Act) -> str:
    """Do one of the acts above with resources of its own."""
    async with open_resources(settings, database_url=servers.database_url, redis_url=servers.redis_url) as resources:
        return await act(resources)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as wrong:
        raise ReportCommandError(f"{text} is no id of a report: `python -m app reports list` shows them.") from wrong


def _due(report: Report) -> str:
    late = report.due_at is not None and report.due_at < utc_now()
    return f"{'OVERDUE since' if late else 'due'} {report.due_at:%Y-%m-%d %H:%M} UTC"


async def _names(resources: Resources, reports: Sequence[Report]) -> dict[UUID, str]:
    ids = {key for report in reports for key in (report.reporter_id, report.reported_id)}
    async with resources.read_sessions() as session:
        return await identity.usernames(session, list(ids))


def _line(report: Report, names: dict[UUID, str]) -> str:
    what = "objection" if report.objection else report.reason.value
    return (
        f"{report.id}  {_due(report)}  {what}  {report.subject_kind} of {names[report.reported_id]}, "
        f"from {names[report.reporter_id]}: {report.title}"
    )

"""Commands for reports: list, show, decide."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from app.cli.shared import Refusal, app, called, reason_given, say, title
from app.core.clock import utc_now
from app.models.report import Report, ReportReason, ReportStatus

MAX_LISTED = 100
reports = typer.Typer(no_args_is_help=True, help="See what people have reported, and decide.")
app.add_typer(reports, name="reports")
ReportId = Annotated[str, typer.Argument(metavar="ID", help="of the report, as the list shows it")]


@reports.command(name="list")
def list_reports(ctx: typer.Context) -> None:
    """List the reports that wait for a decision, the most urgent first."""
    from app.features.reports import service

    async def query(session: AsyncSession) -> list[str]:
        found = await service.list_waiting(session, MAX_LISTED)
        names = await _names(session, found)
        return [_line(report, names) for report in found]

    say("\n".join(called(ctx).read(query)) or "Nothing waits.")


@reports.command(name="show")
def show_report(ctx: typer.Context, report: ReportId) -> None:
    """Show a report with a copy of the reported object."""
    from app.features.reports import service
    from app.features.reports.errors import ReportNotFoundError

    report_id = _id(report)

    async def query(session: AsyncSession) -> str:
        found = await service.find_any(session, report_id)
        if found is None:
            raise Refusal(ReportNotFoundError.title)
        return _shown(found, await _names(session, [found]))

    say(called(ctx).read(query))


@reports.command(name="close")
def close_report(
    ctx: typer.Context,
    report: ReportId,
    uphold: Annotated[bool, typer.Option("--uphold/--dismiss", help="whether a rule was broken")],
    reason: Annotated[str, typer.Option(help="why; both sides read it")],
    rule: Annotated[str, typer.Option(help="the rule that was broken, where it is not the one that was named")] = "",
) -> None:
    """Decide a report, or an appeal against a decision."""
    from app.features.reports import service

    verdict = reason_given(reason, "both sides read it")
    if rule and rule not in set(ReportReason):
        raise Refusal(f"{rule} is no rule: choose one of {', '.join(ReportReason)}.")
    invocation, report_id, named = called(ctx), _id(report), ReportReason(rule) if rule else None
    status = ReportStatus.UPHELD if uphold else ReportStatus.DISMISSED
    closed = invocation.change(
        lambda uow: service.decide(uow, invocation.actor, report_id, status, verdict=verdict, rule=named), title
    )
    told = "both sides are told" if closed.status is ReportStatus.UPHELD else "whom it concerns is told"
    say(f"The report about “{closed.title}” is {closed.status}: {told}.")


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as wrong:
        raise Refusal(f"{text} is no id of a report: `python -m app reports list` shows them.") from wrong


def _shown(report: Report, names: dict[UUID, str]) -> str:
    from app.features.reports.schemas import REASON_LABELS, RULE_TEXTS

    parts = [
        ("report", str(report.id)),
        ("state", f"{report.status}, {_due(report)}" if report.due_at else report.status.value),
        ("about", f"{report.subject_kind} {report.subject_id} of {names[report.reported_id]}: {report.title}"),
        ("from", f"{names[report.reporter_id]}, {report.created_at:%Y-%m-%d %H:%M} UTC"),
        ("reason", REASON_LABELS[report.reason]),
        ("note", report.note),
        ("it said", report.evidence),
        ("rule", RULE_TEXTS[report.rule] if report.rule else ""),
        ("verdict", report.verdict or ""),
        ("objection", report.objection or ""),
    ]
    return "\n".join(f"{name + ':':<11}{text}" for name, text in parts if text)


def _due(report: Report) -> str:
    late = report.due_at is not None and report.due_at < utc_now()
    return f"{'OVERDUE since' if late else 'due'} {report.due_at:%Y-%m-%d %H:%M} UTC"


async def _names(session: AsyncSession, reports: Sequence[Report]) -> dict[UUID, str]:
    from app.features.identity import service as identity

    ids = {key for report in reports for key in (report.reporter_id, report.reported_id)}
    return await identity.usernames(session, list(ids))


def _line(report: Report, names: dict[UUID, str]) -> str:
    what = "objection" if report.objection else report.reason.value
    return (
        f"{report.id}  {_due(report)}  {what}  {report.subject_kind} of {names[report.reported_id]}, "
        f"from {names[report.reporter_id]}: {report.title}"
    )

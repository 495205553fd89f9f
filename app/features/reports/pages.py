"""Pages of reports: the form, the user's reports, one report with its objection form."""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query, Request
from pydantic import ValidationError
from starlette.responses import Response

from app.core.errors import InvalidError
from app.core.http.dependencies import FeatureRouter, PostedForm, ProcessResources, ReadSession, Uow
from app.core.http.problem_details import field_errors
from app.core.http.submissions import Once
from app.core.i18n import N_, _
from app.features.authentication.dependencies import CurrentActor
from app.features.hiring.schemas import MAX_KEY
from app.features.reports import service
from app.features.reports.errors import AlreadyReportedError, InvalidReportError
from app.features.reports.rules import href_of
from app.features.reports.schemas import (
    REASON_LABELS,
    ObjectionCreate,
    ReportCreate,
    ReportRead,
    ReportSide,
    SubjectInput,
)
from app.features.reports.service import ReportedItem
from app.models.report import ReportStatus, ReportSubject
from app.web.flash import redirect
from app.web.forms import FormState
from app.web.templating import render

router = FeatureRouter()

PAGE = 20
SUBJECT_LABELS: dict[ReportSubject, str] = {
    ReportSubject.ORDER: N_("Order"),
    ReportSubject.PROPOSAL: N_("Proposal"),
    ReportSubject.PROFILE: N_("Profile"),
    ReportSubject.CONVERSATION: N_("Messages"),
    ReportSubject.DIRECT_DEAL: N_("Invitation to a deal"),
}
BADGES: dict[ReportStatus, tuple[str, str]] = {
    ReportStatus.OPEN: (N_("Being looked at"), "accent"),
    ReportStatus.UPHELD: (N_("A rule was broken"), "warn"),
    ReportStatus.DISMISSED: (N_("No rule was broken"), ""),
}


@router.get("/report/{kind}/{thing_id}")
async def report_form(  # noqa: PLR0913, PLR0917 - each is parsed by its own dependency
    request: Request,
    kind: ReportSubject,
    thing_id: UUID,
    actor: CurrentActor,
    session: ReadSession,
    resources: ProcessResources,
    key: Annotated[str | None, Query(max_length=MAX_KEY)] = None,
) -> Response:
    """Show the report form; redirect to the user's open report if there is one."""
    subject = SubjectInput(kind=kind, id=thing_id, key=key)
    thing = await service.find_reported_item(session, resources.settings, actor, subject)
    known = await service.find_open(session, actor, kind, thing_id)
    if known is not None:
        return redirect(f"/my/reports/{known}", _(AlreadyReportedError.title), "note")
    return _form(request, thing, FormState.start(), key)


@router.post("/report/{kind}/{thing_id}")
async def send_report(  # noqa: PLR0913, PLR0917 - each is parsed by its own dependency
    request: Request,
    kind: ReportSubject,
    thing_id: UUID,
    actor: CurrentActor,
    form: PostedForm,
    uow: Uow,
    once: Once,
) -> Response:
    """Send a report and redirect to it."""
    typed = form.get("key")
    subject = SubjectInput(kind=kind, id=thing_id, key=typed[:MAX_KEY] if isinstance(typed, str) and typed else None)
    given = {
        "subject": subject.model_dump(),
        "reason": form.get("reason"),
        "note": form.get("note") or "",
    }
    try:
        command = ReportCreate.model_validate(given)
    except ValidationError as wrong:
        error = InvalidReportError(errors=field_errors([dict(item) for item in wrong.errors()]))
        thing = await service.find_reported_item(uow.session, uow.resources.settings, actor, subject)
        return _form(request, thing, FormState.posted(form, error), subject.key)
    try:
        async with uow.session.begin_nested():
            report = await service.send_report(uow, actor, command)
    except AlreadyReportedError as error:
        known = await service.find_open(uow.session, actor, kind, thing_id)
        return redirect(f"/my/reports/{known}" if known else "/my/reports", _(error.title), "note")
    return once.led_to(redirect(f"/my/reports/{report.id}", _("Thank you. Your report has reached the operator.")))


@router.get("/my/reports")
async def list_reports(
    request: Request,
    actor: CurrentActor,
    session: ReadSession,
    side: ReportSide = ReportSide.REPORTER,
    cursor: Annotated[str | None, Query(max_length=300)] = None,
) -> Response:
    """List the reports the user sent, or those decided against the user."""
    page = await service.list_reports(session, actor, side, cursor, PAGE)
    start = f"/my/reports?side={side}"
    context = {
        "reports": [_shown(item) for item in page.items],
        "side": side,
        "older": f"{start}&{urlencode({'cursor': page.next_cursor})}" if page.next_cursor else None,
        "newer": start if cursor else None,
    }
    return render(request, "reports/mine.html", context)


@router.get("/my/reports/{report_id}")
async def show_report(request: Request, report_id: UUID, actor: CurrentActor, session: ReadSession) -> Response:
    """Show one report with its status, its decision and, where allowed, the objection form."""
    report = await service.get_report(session, actor, report_id)
    return render(request, "reports/show.html", _shown(report) | {"f": FormState.start()})


@router.post("/my/reports/{report_id}/objection")
async def object_to_report(
    request: Request, report_id: UUID, actor: CurrentActor, form: PostedForm, uow: Uow
) -> Response:
    """Object to a decision."""
    try:
        command = ObjectionCreate.model_validate({"text": form.get("text") or ""})
    except ValidationError as wrong:
        error: InvalidError = InvalidReportError(errors=field_errors([dict(item) for item in wrong.errors()]))
        report = await service.get_report(uow.session, actor, report_id)
        context = _shown(report) | {"f": FormState.posted(form, error)}
        return render(request, "reports/show.html", context, status_code=422)
    await service.object_to_decision(uow, actor, report_id, command)
    return redirect(f"/my/reports/{report_id}", _("Your answer has reached the operator."))


def _form(request: Request, thing: ReportedItem, form: FormState, key: str | None) -> Response:
    back = href_of(thing.kind, thing.id, thing.title)
    context = {
        "thing": thing,
        "key": key,
        "back": f"{back}?{urlencode({'key': key})}" if key else back,
        "what": _(SUBJECT_LABELS[thing.kind]),
        "reasons": [(reason.value, _(words), None) for reason, words in REASON_LABELS.items()],
        "f": form,
    }
    return render(request, "reports/new.html", context, status_code=422 if form.has_errors else 200)


def _shown(report: ReportRead) -> dict[str, object]:
    words, tone = BADGES[report.status]
    return {
        "report": report,
        "what": _(SUBJECT_LABELS[report.subject.kind]),
        "state": (_(words), tone),
        "reason": _(REASON_LABELS[report.reason]) if report.reason else None,
    }

"""Requests and responses of reports, and the texts of reasons and rules."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.core.i18n import N_
from app.core.text.text_cleaning import CLEAN_LINES, at_least
from app.features.hiring.schemas import MAX_KEY
from app.features.orders.schemas import Moment
from app.models.report import ReportReason, ReportStatus, ReportSubject

MAX_NOTE = 2000

REASON_LABELS: dict[ReportReason, str] = {
    ReportReason.SPAM: N_("Advertising or the same text everywhere"),
    ReportReason.FRAUD: N_("Fraud: it asks for money, passwords or unpaid work"),
    ReportReason.FORBIDDEN: N_("The work or the content is against the law"),
    ReportReason.ABUSE: N_("Insults, threats or hatred"),
    ReportReason.FOREIGN_WORK: N_("Somebody else's work, name or face"),
    ReportReason.OTHER: N_("Something else"),
}
RULE_TEXTS: dict[ReportReason, str] = {
    ReportReason.SPAM: N_("Orders, proposals and profiles are about work: no advertising, no text sent to everybody."),
    ReportReason.FRAUD: N_("Nobody is asked for money, passwords or unpaid work before a contract."),
    ReportReason.FORBIDDEN: N_("Nothing is asked for, offered or shown that the law forbids."),
    ReportReason.ABUSE: N_("People are not insulted, threatened or hated here."),
    ReportReason.FOREIGN_WORK: N_("Work, names and pictures are one's own, or shown with leave."),
    ReportReason.OTHER: N_("The marketplace is used for what it is for, with respect for the others."),
}
"""The text of each rule, shown to the user whose content broke it."""


class ReportSide(StrEnum):
    """The user's side of a report: its sender, or the reported user."""

    REPORTER = "reporter"
    REPORTED = "reported"


class SubjectRead(BaseModel):
    """The reported item, with its title at the time of the report."""

    kind: ReportSubject
    id: UUID
    title: str
    href: str


class SubjectInput(BaseModel):
    """The item to report: an order, a proposal, a profile (by the user's id), a conversation or a direct deal."""

    model_config = ConfigDict(extra="forbid")

    kind: ReportSubject
    id: UUID
    key: Annotated[
        str | None, Field(max_length=MAX_KEY, description="The key of the link to a direct deal, until it is answered.")
    ] = None


class ReportCreate(BaseModel):
    """A new report."""

    model_config = ConfigDict(extra="forbid")

    subject: SubjectInput
    reason: ReportReason
    note: Annotated[str, Field(max_length=MAX_NOTE), CLEAN_LINES] = ""


class ObjectionCreate(BaseModel):
    """An objection of the reported user."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(min_length=1, max_length=MAX_NOTE), CLEAN_LINES, at_least(1)]


class ReportRead(BaseModel):
    """A report as one of its two sides sees it; the reported side never learns who sent it or what they wrote."""

    id: UUID
    side: ReportSide
    subject: SubjectRead
    reason: ReportReason | None = Field(description="Reason chosen by the reporter; null for the reported side.")
    note: str | None = Field(description="Text written by the reporter; null for the reported side.")
    status: ReportStatus
    created_at: Moment | None = Field(description="When the report was sent; null for the reported side.")
    due_at: Moment | None = Field(description="When the operator's decision is due; null if none is pending.")
    closed_at: Moment | None
    rule: ReportReason | None = Field(description="Rule that the operator found to be broken, if any.")
    rule_text: str | None
    verdict: str | None = Field(description="Text of the operator's decision.")
    objection: str | None = Field(description="Objection of the reported side; null for the reporter.")
    objected_at: Moment | None
    actions: list[str]

"""Reports: people see their own and the decisions against them; everybody can report what they see."""

from collections.abc import Mapping
from typing import Any

from app.features.reports import service as reports
from app.features.reports.schemas import ReportCreate, SubjectInput
from app.models import ReportReason, ReportStatus, ReportSubject
from tests.contract.permissions.fixtures import Scene
from tests.contract.permissions.table import SIGNED_IN, Row, page
from tests.factories.commands import OPERATOR


def about_order(ids: Mapping[str, Any]) -> dict[str, Any]:
    """Report the customer's order."""
    return {"subject": {"kind": "order", "id": str(ids["order_id"])}, "reason": "spam"}


async def make_report(scene: Scene, row: Row, _role: str) -> Any:
    """Let the freelancer report the customer; the operator upholds it if the row says so."""
    order = await scene.market.order(scene.people["customer"])
    async with scene.market.uow() as work:
        subject = SubjectInput(kind=ReportSubject.ORDER, id=order.id)
        command = ReportCreate(subject=subject, reason=ReportReason.SPAM)
        report = await reports.send_report(work, scene.people["freelancer"], command)
        if row.state == "upheld":
            await reports.decide(work, OPERATOR, report.id, ReportStatus.UPHELD, verdict="So it is.")
    return report.id


async def make_thing(scene: Scene, _row: Row, role: str) -> Any:
    """Return the order of the customer, or of the banned person for the banned role."""
    return (await scene.market.order(scene.people["banned" if role == "banned" else "customer"])).id


MAKERS = {"report_id": make_report, "thing_id": make_thing}
ROWS = [
    Row("POST /reports", (401, 201, 201, 201, 403), body=about_order, about=("order_id",)),
    Row("GET /reports", SIGNED_IN),
    Row("GET /reports/{report_id}", (401, 404, 404, 200, 404)),
    Row("GET /reports/{report_id}", (401, 404, 404, 200, 200), "upheld"),
    Row("POST /reports/{report_id}/objection", (401, 404, 404, 409, 404), body={"text": "No."}),
    Row("POST /reports/{report_id}/objection", (401, 404, 404, 409, 201), "upheld", {"text": "No."}),
]

PAGES = [
    page("GET /report/{kind}/{thing_id}", 401, 200, 200, 200, 403, fixed={"kind": "order"}),
    page("POST /report/{kind}/{thing_id}", 401, 303, 303, 303, 403, fixed={"kind": "order"}, body={"reason": "spam"}),
    page("GET /my/reports", 401, 200),
    page("GET /my/reports/{report_id}", 401, 404, 404, 200, 404),
    page("GET /my/reports/{report_id}", 401, 404, 404, 200, 200, state="upheld"),
    page("POST /my/reports/{report_id}/objection", 401, 404, 404, 409, 404, body={"text": "No."}),
    page("POST /my/reports/{report_id}/objection", 401, 404, 404, 409, 303, state="upheld", body={"text": "No."}),
]

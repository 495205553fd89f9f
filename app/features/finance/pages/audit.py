"""The page of the audit log, filtered by person, kind and date."""

import json
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query, Request
from starlette.responses import Response

from app.core.http.dependencies import FeatureRouter, ReadSession
from app.features.authentication.dependencies import FinanceActor
from app.features.finance import service
from app.features.finance.schemas import MAX_SEARCH, AuditFilter
from app.web.templating import render

router = FeatureRouter(prefix="/finance/audit")
PAGE = 30
type Typed = Annotated[str, Query(max_length=MAX_SEARCH)]


@router.get("")
async def show_audit(  # noqa: PLR0913, PLR0917 - fields of the filter
    request: Request,
    _actor: FinanceActor,
    session: ReadSession,
    person: Typed = "",
    kind: Typed = "",
    subject: Typed = "",
    since: Typed = "",
    until: Typed = "",
    cursor: Annotated[str | None, Query(max_length=300)] = None,
) -> Response:
    """Show what operators changed, the newest first; a date that is none does not filter."""
    typed = {"person": person, "kind": kind, "subject": subject, "since": since, "until": until}
    wanted = AuditFilter(
        person=person.strip(), kind=kind.strip(), subject=subject.strip(), since=_date(since), until=_date(until)
    )
    page = await service.list_audit(session, wanted, cursor, PAGE)
    chosen = urlencode({name: value for name, value in typed.items() if value})
    start = f"/finance/audit?{chosen}" if chosen else "/finance/audit"
    context: dict[str, Any] = {
        "rows": [(each, _values(each.old_values), _values(each.new_values)) for each in page.items],
        "typed": typed,
        "older": f"{start}{'&' if chosen else '?'}cursor={page.next_cursor}" if page.next_cursor else None,
        "newer": start if cursor else None,
    }
    return render(request, "finance/audit.html", context)


def _date(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def _values(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, sort_keys=True) if values else ""

"""The page on which the clock of a demonstration is turned forward."""

from datetime import timedelta
from typing import Annotated

from fastapi import Query, Request, Response

from app.core.errors import FieldError
from app.core.http.dependencies import FeatureRouter, PostedForm, ProcessResources
from app.core.i18n import N_, _
from app.features.authentication.dependencies import CurrentActor
from app.features.demonstration import rules, service, workflows
from app.features.demonstration.errors import ClockStepError
from app.web.flash import redirect
from app.web.forms import FormState
from app.web.safe_redirects import safe_redirect_target
from app.web.templating import render

router = FeatureRouter()
ADDRESS = "/demo/clock"
STEPS = (
    ("1h", N_("1 hour")),
    ("1d", N_("1 day")),
    ("3d", N_("3 days")),
    ("7d", N_("7 days")),
    ("14d", N_("14 days")),
    ("30d", N_("30 days")),
)


def _page(request: Request, resources: ProcessResources, target: str, form: FormState, status: int = 200) -> Response:
    clock = service.read_clock(resources)
    steps = [(value, _(label)) for value, label in STEPS]
    context = {"clock": clock, "steps": steps, "next": target, "f": form}
    return render(request, "demonstration/clock.html", context, status)


@router.get(ADDRESS)
async def show_clock(
    request: Request,
    resources: ProcessResources,
    next: Annotated[str | None, Query()] = None,  # noqa: A002 - the name in the address
) -> Response:
    """Show the time of a demonstration, and how to turn it forward."""
    return _page(request, resources, safe_redirect_target(next, ADDRESS), FormState())


@router.post(ADDRESS)
async def turn_clock(
    request: Request, actor: CurrentActor, posted: PostedForm, resources: ProcessResources
) -> Response:
    """Turn the clock forward, and go back to the page from which the reader came."""
    target = safe_redirect_target(str(posted.get("next") or ""), ADDRESS)
    step = rules.typed_step(str(posted.get("by") or "")) or timedelta()
    try:
        followed = await workflows.turn_clock(resources, actor, step)
    except ClockStepError as wrong:
        form = FormState.posted(posted, [FieldError(("by",), wrong.text())])
        return _page(request, resources, target, form, 422)
    if followed is False:
        text = _("The clock is turned. The trial payments did not answer and keep their time until the next turn.")
        return redirect(target, text, "warn")
    return redirect(target, _("The clock is turned. What has become due happens within seconds: load the page again."))

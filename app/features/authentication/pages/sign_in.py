"""Pages for signing in and out."""

from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import RedirectResponse, Response

from app.core.errors import DomainError
from app.core.http.dependencies import FeatureRouter, PostedForm, ProcessResources, Uow
from app.core.i18n import _
from app.features.authentication import dependencies, service, workflows
from app.features.authentication.dependencies import ClientInfo, OptionalActor
from app.features.authentication.schemas import SignInForm
from app.web.flash import redirect
from app.web.forms import FormState
from app.web.model_forms import read, refuse
from app.web.safe_redirects import safe_redirect_target
from app.web.templating import render

router = FeatureRouter()
type Next = Annotated[str | None, Query(max_length=1500)]
AFTER = "/orders"


def _come_back(target: str) -> RedirectResponse:
    return RedirectResponse(target, status_code=303)


@router.get("/sign-in")
async def show_sign_in(request: Request, actor: OptionalActor, next: Next = None) -> Response:  # noqa: A002 - the name of the query parameter
    """Show the sign-in form."""
    if actor is not None:
        return _come_back(safe_redirect_target(next, AFTER))
    return render(request, "authentication/sign_in.html", {"f": FormState(), "next": safe_redirect_target(next, AFTER)})


@router.post("/sign-in")
async def sign_in(request: Request, caller: ClientInfo, resources: ProcessResources, form: PostedForm) -> Response:
    """Sign in and redirect to the requested page."""
    target = safe_redirect_target(str(form.get("next", "")), AFTER)
    try:
        typed, replaces = read(SignInForm, form), dependencies.sent_session(request)
        _user, issued = await workflows.sign_in(resources, typed, caller, replaces=replaces)
    except DomainError as error:
        return refuse(request, "authentication/sign_in.html", form, error, {"next": target})
    dependencies.set_session_cookies(request, resources.settings, issued)
    return _come_back(target)


@router.post("/sign-out")
async def sign_out(request: Request, caller: ClientInfo, resources: ProcessResources, uow: Uow) -> Response:
    """Sign out; expired tokens are accepted."""
    await service.sign_out(uow, dependencies.sent_claims(request), caller)
    dependencies.delete_session_cookies(request, resources.settings, device=True)
    return redirect("/", _("You have been signed out."), "note")

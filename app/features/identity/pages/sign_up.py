"""Pages for signing up."""

from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import RedirectResponse, Response

from app.core.errors import DomainError
from app.core.http.dependencies import FeatureRouter, PostedForm, ProcessResources, connection_resources
from app.core.i18n import N_, _, ngettext
from app.features.authentication import dependencies
from app.features.authentication.dependencies import ClientInfo, OptionalActor
from app.features.identity import service, workflows
from app.features.identity.schemas import PasswordToRate, Registration
from app.web.flash import redirect
from app.web.forms import FormState
from app.web.model_forms import read, refuse
from app.web.safe_redirects import safe_redirect_target
from app.web.templating import render

router = FeatureRouter()
type Next = Annotated[str | None, Query(max_length=1500)]
AFTER = "/orders"
SCORES = (
    N_("Guessed at once"),
    N_("Very weak"),
    N_("Weak"),
    N_("Good"),
    N_("Strong"),
)


def _come_back(target: str) -> RedirectResponse:
    return RedirectResponse(target, status_code=303)


@router.get("/sign-up")
async def show_sign_up(request: Request, actor: OptionalActor, next: Next = None) -> Response:  # noqa: A002 - the name of the query parameter
    """Show the sign-up form."""
    if actor is not None:
        return _come_back(safe_redirect_target(next, AFTER))
    context = {"f": FormState(), "next": safe_redirect_target(next, AFTER), "shortest": _shortest(request)}
    return render(request, "identity/sign_up.html", context)


def _shortest(request: Request) -> int:
    return connection_resources(request).settings.password_min_length


@router.post("/sign-up")
async def sign_up(request: Request, caller: ClientInfo, resources: ProcessResources, form: PostedForm) -> Response:
    """Create an account and sign in to it."""
    target = safe_redirect_target(str(form.get("next", "")), AFTER)
    context = {"next": target, "shortest": _shortest(request)}
    try:
        typed, replaces = read(Registration, form), dependencies.sent_session(request)
        user, issued = await workflows.register(resources, typed, caller, replaces=replaces)
    except DomainError as error:
        return refuse(request, "identity/sign_up.html", form, error, context)
    dependencies.set_session_cookies(request, resources.settings, issued)
    text = _("Welcome. We have sent a message to confirm how you can be reached.")
    return redirect(target, text.format(name=user.username))


@router.post("/password-strength")
async def password_strength(
    request: Request, caller: ClientInfo, resources: ProcessResources, form: PostedForm
) -> Response:
    """Render the strength of the typed password as a page fragment."""
    typed = str(form.get("password") or form.get("new_password") or "")
    names = {name: str(form.get(name) or "")[:320] for name in ("username", "email")}
    rating = await service.rate_password(resources, PasswordToRate(password=typed[:512], **names), caller)
    length = ngettext("{count} character", "{count} characters", len(typed)).format(count=len(typed))
    context = {"score": rating.score, "words": _(SCORES[rating.score]), "problems": rating.problems, "length": length}
    return render(request, "identity/password_strength.html", context)

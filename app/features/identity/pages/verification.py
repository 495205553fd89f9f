"""Pages for password resets and for confirming contacts by link or code."""

from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import Response

from app.core.errors import DomainError
from app.core.http.dependencies import FeatureRouter, PostedForm, ProcessResources, Uow, connection_resources
from app.core.i18n import _
from app.features.authentication import dependencies
from app.features.authentication.dependencies import ClientInfo, CurrentActor, OptionalActor
from app.features.identity import service, workflows
from app.features.identity.dependencies import NewResetFlow, SentResetFlow
from app.features.identity.schemas import ChallengeAnswer, CodeAnswer, ResetConfirmation, ResetRequest
from app.web.flash import redirect
from app.web.forms import FormState
from app.web.model_forms import read, refuse
from app.web.templating import render

router = FeatureRouter()
type Token = Annotated[str, Query(max_length=200)]
type Typed = Annotated[str, Query(max_length=320)]


def _private(page: Response) -> Response:
    """Forbid caching of a page whose URL may contain a token; SecurityHeadersMiddleware handles the referrer."""
    page.headers["Cache-Control"] = "no-store"
    return page


@router.get("/reset")
async def show_reset(request: Request, identifier: Typed = "") -> Response:
    """Show the form that requests a password reset, with the name that was typed at sign-in."""
    return _private(
        render(request, "identity/reset.html", {"f": FormState.start(identifier=identifier), "sent": False})
    )


@router.post("/reset")
async def reset(request: Request, caller: ClientInfo, form: PostedForm, flow: NewResetFlow, uow: Uow) -> Response:
    """Request a password reset; the page is the same for known and unknown identifiers."""
    try:
        await service.request_password_reset(uow, read(ResetRequest, form).identifier, caller, flow)
    except DomainError as error:
        return refuse(request, "identity/reset.html", form, error, {"sent": False})
    asked = str(form.get("identifier", ""))
    return render(request, "identity/reset.html", {"f": FormState.start(identifier=asked), "sent": True})


@router.get("/reset/confirm")
async def show_reset_confirm(request: Request, token: Token = "", identifier: Typed = "") -> Response:
    """Show the form for the new password; opening the link changes nothing."""
    context = {"f": FormState.start(identifier=identifier), "token": token, "shortest": _shortest(request)}
    return _private(render(request, "identity/reset_confirm.html", context))


def _shortest(request: Request) -> int:
    return connection_resources(request).settings.password_min_length


@router.post("/reset/confirm")
async def reset_confirm(
    request: Request, caller: ClientInfo, resources: ProcessResources, form: PostedForm, flow: SentResetFlow
) -> Response:
    """Set the new password; this does not sign in."""
    context = {"token": str(form.get("token", "")), "shortest": _shortest(request)}
    try:
        await workflows.reset_password(resources, read(ResetConfirmation, form), caller, flow)
    except DomainError as error:
        return _private(refuse(request, "identity/reset_confirm.html", form, error, context))
    dependencies.delete_session_cookies(request, resources.settings)
    return redirect("/sign-in", _("The password is changed and every device is signed out. Sign in with the new one."))


@router.get("/confirm-email")
async def show_confirm_email(request: Request, actor: OptionalActor, token: Token = "") -> Response:
    """Show the confirmation button; a mail client that prefetches the link confirms nothing."""
    context = {"f": FormState(), "token": token, "signed_in": actor is not None}
    return _private(render(request, "identity/confirm_email.html", context))


@router.post("/confirm-email")
async def confirm_email(
    request: Request, actor: OptionalActor, caller: ClientInfo, form: PostedForm, uow: Uow
) -> Response:
    """Confirm an e-mail address by link, or by code while signed in."""
    context = {"token": str(form.get("token", "")), "signed_in": actor is not None}
    try:
        answer = read(ChallengeAnswer, form)
    except DomainError as error:
        return _private(refuse(request, "identity/confirm_email.html", form, error, context))
    user_id = actor.id if actor is not None else None
    done = await uow.attempt(
        service.complete_email_confirmation(uow, caller, token=answer.token, user_id=user_id, code=answer.code)
    )
    if isinstance(done, DomainError):
        return _private(refuse(request, "identity/confirm_email.html", form, done, context))
    target = "/settings/security" if actor is not None else "/sign-in"
    return redirect(target, _("The e-mail address is confirmed."))


@router.post("/confirm-email/resend")
async def resend_email(actor: CurrentActor, uow: Uow) -> Response:
    """Send a new confirmation e-mail."""
    done = await uow.attempt(service.resend_email(uow, actor.id))
    if isinstance(done, DomainError):
        return redirect("/settings/security", done.text(), "warn")
    return redirect("/confirm-email", _("A new message is on its way. The older one does not work any more."))


@router.get("/confirm-phone")
async def show_confirm_phone(request: Request, _actor: CurrentActor) -> Response:
    """Show the form for the code of the text message."""
    return render(request, "identity/confirm_phone.html", {"f": FormState()})


@router.post("/confirm-phone")
async def confirm_phone(
    request: Request, actor: CurrentActor, caller: ClientInfo, form: PostedForm, uow: Uow
) -> Response:
    """Confirm a phone number by code."""
    try:
        answer = read(CodeAnswer, form)
    except DomainError as error:
        return refuse(request, "identity/confirm_phone.html", form, error)
    done = await uow.attempt(service.complete_phone_confirmation(uow, caller, actor.id, answer.code))
    if isinstance(done, DomainError):
        return refuse(request, "identity/confirm_phone.html", form, done)
    return redirect("/settings/security", _("The phone number is confirmed."))


@router.post("/confirm-phone/resend")
async def resend_phone(actor: CurrentActor, uow: Uow) -> Response:
    """Send a new code to the phone number."""
    done = await uow.attempt(service.resend_phone(uow, actor.id))
    if isinstance(done, DomainError):
        return redirect("/settings/security", done.text(), "warn")
    return redirect("/confirm-phone", _("A new message is on its way. The older one does not work any more."))

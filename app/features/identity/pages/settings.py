"""Settings pages of the account: profile, contacts, password, security history, closing."""

from typing import Annotated, Any, Literal

from fastapi import Query, Request
from fastapi.responses import RedirectResponse, Response

from app.core.errors import DomainError
from app.core.http.dependencies import FeatureRouter, PostedForm, ProcessResources, ReadSession, Uow
from app.core.i18n import N_, _
from app.core.resources import Resources
from app.features.authentication import dependencies
from app.features.authentication import service as authentication
from app.features.authentication.dependencies import ClientInfo, CurrentSession
from app.features.authentication.service import SessionView
from app.features.identity import service, workflows
from app.features.identity.schemas import EmailChange, PasswordChange, PhoneChange, ProfileChange
from app.models.security_event import SecurityEventKind
from app.web.flash import redirect
from app.web.forms import FormState
from app.web.model_forms import read, refuse
from app.web.templating import render

router = FeatureRouter(prefix="/settings")
type Change = Literal["password", "email", "phone", "close"]
HAPPENED: dict[SecurityEventKind, str] = {
    SecurityEventKind.REGISTERED: N_("The account was made"),
    SecurityEventKind.SIGNED_IN: N_("Signed in"),
    SecurityEventKind.SIGN_IN_FAILED: N_("Somebody entered a wrong password"),
    SecurityEventKind.SIGN_IN_DELAYED: N_("Wrong passwords again and again: signing in was delayed"),
    SecurityEventKind.SIGNED_OUT: N_("Signed out"),
    SecurityEventKind.REAUTHENTICATED: N_("The password was entered again"),
    SecurityEventKind.SESSION_ENDED: N_("A device was signed out"),
    SecurityEventKind.OTHER_SESSIONS_ENDED: N_("All other devices were signed out"),
    SecurityEventKind.TOKEN_REPLAYED: N_("An old copy of a sign-in was used, so it was ended"),
    SecurityEventKind.PASSWORD_CHANGED: N_("The password was changed"),
    SecurityEventKind.PASSWORD_RESET_ASKED: N_("A reset of the password was asked for"),
    SecurityEventKind.PASSWORD_RESET: N_("The password was reset"),
    SecurityEventKind.EMAIL_CONFIRMED: N_("The e-mail address was confirmed"),
    SecurityEventKind.EMAIL_CHANGE_ASKED: N_("Another e-mail address was asked for"),
    SecurityEventKind.EMAIL_CHANGED: N_("The e-mail address was changed"),
    SecurityEventKind.PHONE_CONFIRMED: N_("The phone number was confirmed"),
    SecurityEventKind.PHONE_CHANGE_ASKED: N_("Another phone number was asked for"),
    SecurityEventKind.PHONE_CHANGED: N_("The phone number was changed"),
    SecurityEventKind.DEACTIVATED: N_("The account was closed"),
    SecurityEventKind.ROLE_CHANGED: N_("The rights of the account were changed"),
    SecurityEventKind.SESSIONS_ENDED_BY_OPERATOR: N_("The operator signed this account out everywhere"),
    SecurityEventKind.BANNED: N_("The operator blocked the account"),
    SecurityEventKind.BAN_LIFTED: N_("The operator opened the account again"),
    SecurityEventKind.LEGAL_STATUS_CHANGED: N_("The legal details were changed"),
}
type Cursor = Annotated[str | None, Query(max_length=500)]


@router.get("")
async def settings() -> Response:
    """Redirect to the first settings page."""
    return RedirectResponse("/settings/profile", status_code=303)


@router.get("/profile")
async def show_profile(request: Request, view: CurrentSession) -> Response:
    """Show the form for the display name and the language."""
    form = FormState.start(display_name=view.display_name, locale=view.locale)
    return render(request, "identity/profile.html", {"f": form, **_about_profile(view)})


def _about_profile(view: SessionView) -> dict[str, Any]:
    return {"me": view, "name_problem": service.problem_of_name(view.display_name)}


@router.post("/profile")
async def change_profile(request: Request, view: CurrentSession, form: PostedForm, uow: Uow) -> Response:
    """Change the display name and the language."""
    try:
        typed = read(ProfileChange, form)
    except DomainError as error:
        return refuse(request, "identity/profile.html", form, error, _about_profile(view))
    done = await uow.attempt(service.update_profile(uow, view.user_id, typed.display_name or "", typed.locale))
    if isinstance(done, DomainError):
        return refuse(request, "identity/profile.html", form, done, _about_profile(view))
    return redirect("/settings/profile", _("Saved."))


@router.get("/security")
async def show_security(
    request: Request, view: CurrentSession, session: ReadSession, resources: ProcessResources, cursor: Cursor = None
) -> Response:
    """Show the contacts, pending changes and the security history."""
    found = await authentication.history(session, view.user_id, cursor=cursor)
    context = {
        "me": await service.contact_of(session, view.user_id),
        "pending": await service.pending_changes(session, view.user_id),
        "history": [(_(HAPPENED[item.kind]), item) for item in found.items],
        "older": found.next_cursor,
        "unconfirmed_days": resources.settings.unconfirmed_contact_days,
    }
    return render(request, "identity/security.html", context)


def _context(resources: Resources, view: SessionView) -> dict[str, Any]:
    return {
        "ask_password": not authentication.has_recent_password(resources, view),
        "shortest": resources.settings.password_min_length,
        "username": view.username,
    }


@router.get("/security/{change}")
async def show_change(request: Request, change: Change, view: CurrentSession, resources: ProcessResources) -> Response:
    """Show the form of a change that requires the password."""
    return render(request, f"identity/change_{change}.html", {"f": FormState(), **_context(resources, view)})


@router.post("/security/password")
async def change_password(
    request: Request, view: CurrentSession, caller: ClientInfo, resources: ProcessResources, form: PostedForm
) -> Response:
    """Change the password and end the other sessions."""
    try:
        await workflows.change_password(resources, view, read(PasswordChange, form), caller)
    except DomainError as error:
        return refuse(request, "identity/change_password.html", form, error, _context(resources, view))
    return redirect("/settings/security", _("The password is changed, and the other devices are signed out."))


@router.post("/security/email")
async def change_email(
    request: Request, view: CurrentSession, caller: ClientInfo, resources: ProcessResources, form: PostedForm
) -> Response:
    """Request a change of the e-mail address."""
    template = "identity/change_email.html"
    try:
        await workflows.change_email(resources, view, read(EmailChange, form), caller)
    except DomainError as error:
        return refuse(request, template, form, error, _context(resources, view))
    return redirect("/confirm-email", _("We have sent a message to the new address. The old one stays until then."))


@router.post("/security/phone")
async def change_phone(
    request: Request, view: CurrentSession, caller: ClientInfo, resources: ProcessResources, form: PostedForm
) -> Response:
    """Request a change of the phone number."""
    template = "identity/change_phone.html"
    try:
        await workflows.change_phone(resources, view, read(PhoneChange, form), caller)
    except DomainError as error:
        return refuse(request, template, form, error, _context(resources, view))
    return redirect("/confirm-phone", _("We have sent a code to the new number. The old one stays until then."))


@router.post("/security/close")
async def close_account(
    request: Request, view: CurrentSession, caller: ClientInfo, resources: ProcessResources, form: PostedForm
) -> Response:
    """Close the account."""
    try:
        await workflows.deactivate(resources, view, str(form.get("current_password", "")), caller)
    except DomainError as error:
        return refuse(request, "identity/change_close.html", form, error, _context(resources, view))
    dependencies.delete_session_cookies(request, resources.settings, device=True)
    return redirect("/", _("The account is closed."), "note")

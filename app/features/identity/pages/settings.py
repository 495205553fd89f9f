"""What a person sets about their account: how they are shown, how they are reached, where they are signed in."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from app.core.errors import DomainError, InvalidError
from app.core.http import PostedForm, ProcessResources, ReadSession, RoomRouter, Uow
from app.core.i18n import N_, _, ngettext
from app.core.resources import Resources
from app.features.identity import access, service
from app.features.identity.access import CurrentSession, Knocker
from app.features.identity.pages._forms import read, refuse
from app.features.identity.schemas import EmailChange, PasswordChange, PhoneChange, ProfileChange
from app.features.identity.service import SessionView
from app.models.security_event import SecurityEventKind
from app.web.flash import redirect
from app.web.forms import FormState
from app.web.render import render

router = RoomRouter(prefix="/settings")
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
}
type Cursor = Annotated[str | None, Query(max_length=500)]


@router.get("")
async def settings() -> Response:
    """Begin with the profile."""
    return RedirectResponse("/settings/profile", status_code=303)


@router.get("/profile")
async def show_profile(request: Request, view: CurrentSession) -> Response:
    """Show how one is shown and addressed."""
    form = FormState.start(display_name=view.display_name, locale=view.locale)
    return render(request, "identity/profile.html", {"f": form, "me": view})


@router.post("/profile")
async def change_profile(request: Request, view: CurrentSession, form: PostedForm, uow: Uow) -> Response:
    """Change how one is shown and addressed."""
    try:
        typed = read(ProfileChange, form)
    except DomainError as error:
        return refuse(request, "identity/profile.html", form, error, {"me": view})
    await service.update_profile(uow, view.user_id, typed.display_name or "", typed.locale)
    return redirect("/settings/profile", _("Saved."))


@router.get("/security")
async def show_security(
    request: Request, view: CurrentSession, session: ReadSession, cursor: Cursor = None
) -> Response:
    """Show how one is reached, and what happened to the account."""
    found = await service.history(session, view.user_id, cursor=cursor)
    context = {
        "me": await service.contact_of(session, view.user_id),
        "pending": await service.pending_changes(session, view.user_id),
        "history": [(_(HAPPENED[item.kind]), item) for item in found.items],
        "older": found.next_cursor,
    }
    return render(request, "identity/security.html", context)


def _context(resources: Resources, view: SessionView) -> dict[str, Any]:
    return {
        "ask_password": not service.is_fresh(resources, view),
        "shortest": resources.settings.password_min_length,
        "username": view.username,
    }


@router.get("/security/{change}")
async def show_change(request: Request, change: Change, view: CurrentSession, resources: ProcessResources) -> Response:
    """Offer one of the changes that need the password."""
    return render(request, f"identity/change_{change}.html", {"f": FormState(), **_context(resources, view)})


@router.post("/security/password")
async def change_password(
    request: Request, view: CurrentSession, caller: Knocker, resources: ProcessResources, form: PostedForm, uow: Uow
) -> Response:
    """Set a new password and sign out everywhere else."""
    try:
        # Every refusal of this verb comes before its first write, so nothing has to be undone here.
        await service.change_password(uow, view, read(PasswordChange, form), caller)
    except DomainError as error:
        return refuse(request, "identity/change_password.html", form, error, _context(resources, view))
    return redirect("/settings/security", _("The password is changed, and the other devices are signed out."))


@router.post("/security/email")
async def change_email(
    request: Request, view: CurrentSession, caller: Knocker, resources: ProcessResources, form: PostedForm, uow: Uow
) -> Response:
    """Ask for another address."""
    template = "identity/change_email.html"
    try:
        typed = read(EmailChange, form)
        await service.require_proof(resources, view, typed.current_password)
    except DomainError as error:
        return refuse(request, template, form, error, _context(resources, view))
    done = await uow.attempt(service.ask_email_change(uow, view.user_id, typed.email, caller))
    if isinstance(done, DomainError):
        return refuse(request, template, form, done, _context(resources, view))
    return redirect("/confirm-email", _("We have sent a message to the new address. The old one stays until then."))


@router.post("/security/phone")
async def change_phone(
    request: Request, view: CurrentSession, caller: Knocker, resources: ProcessResources, form: PostedForm, uow: Uow
) -> Response:
    """Ask for another number."""
    template = "identity/change_phone.html"
    try:
        typed = read(PhoneChange, form)
        await service.require_proof(resources, view, typed.current_password)
    except DomainError as error:
        return refuse(request, template, form, error, _context(resources, view))
    done = await uow.attempt(service.ask_phone_change(uow, view.user_id, typed.phone, caller))
    if isinstance(done, DomainError):
        return refuse(request, template, form, done, _context(resources, view))
    return redirect("/confirm-phone", _("We have sent a code to the new number. The old one stays until then."))


@router.post("/security/close")
async def close_account(
    request: Request, view: CurrentSession, caller: Knocker, resources: ProcessResources, form: PostedForm, uow: Uow
) -> Response:
    """Close the account for good."""
    try:
        await service.prove(resources, view.user_id, str(form.get("current_password", "")))
    except DomainError as error:
        return refuse(request, "identity/change_close.html", form, error, _context(resources, view))
    await service.deactivate(uow, view.user_id, caller)
    access.drop_tokens(request, resources.settings, device=True)
    return redirect("/", _("The account is closed."), "note")


@router.get("/devices")
async def show_devices(
    request: Request, view: CurrentSession, session: ReadSession, resources: ProcessResources
) -> Response:
    """List where one is signed in."""
    items = await service.my_sessions(session, view)
    context = {"f": FormState(), "items": items, **_context(resources, view)}
    return render(request, "identity/devices.html", context)


@router.post("/devices/end")
async def end_devices(
    request: Request, view: CurrentSession, caller: Knocker, resources: ProcessResources, form: PostedForm, uow: Uow
) -> Response:
    """Sign out on one device, or on all the others."""
    chosen = str(form.get("session", ""))
    try:
        await service.require_proof(resources, view, str(form.get("current_password", "")))
        target = None if chosen == "others" else UUID(chosen)
    except ValueError:
        return await _devices_again(request, uow, view, form, InvalidError())
    except DomainError as error:
        return await _devices_again(request, uow, view, form, error)
    if target is None:
        ended = await service.end_others(uow, view.user_id, view.id, caller)
    else:
        await service.end_session(uow, view.user_id, target, caller)
        ended = 1
    text = ngettext("{count} device is signed out.", "{count} devices are signed out.", ended).format(count=ended)
    return redirect("/settings/devices", text)


async def _devices_again(request: Request, uow: Uow, view: SessionView, form: FormData, error: DomainError) -> Response:
    items = await service.my_sessions(uow.session, view)
    return refuse(request, "identity/devices.html", form, error, {"items": items, **_context(uow.resources, view)})

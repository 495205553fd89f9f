"""Pages of a user's devices: list sessions and end them."""

from typing import Any
from uuid import UUID

from fastapi import Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from app.core.errors import DomainError, InvalidError
from app.core.http.dependencies import FeatureRouter, PostedForm, ProcessResources, ReadSession
from app.core.i18n import ngettext
from app.core.resources import Resources
from app.features.authentication import service, workflows
from app.features.authentication.dependencies import ClientInfo, CurrentSession
from app.features.authentication.errors import SessionNotFoundError
from app.features.authentication.schemas import SessionRead
from app.features.authentication.service import SessionView
from app.web.flash import redirect
from app.web.forms import FormState
from app.web.model_forms import refuse
from app.web.templating import render

router = FeatureRouter(prefix="/settings")


def _context(resources: Resources, view: SessionView, items: list[SessionRead]) -> dict[str, Any]:
    return {"items": items, "ask_password": not service.has_recent_password(resources, view)}


@router.get("/devices")
async def show_devices(
    request: Request, view: CurrentSession, session: ReadSession, resources: ProcessResources
) -> Response:
    """List the active sessions."""
    items = await service.my_sessions(session, view)
    context = {"f": FormState(), **_context(resources, view, items)}
    return render(request, "authentication/devices.html", context)


@router.post("/devices/end")
async def end_devices(
    request: Request, view: CurrentSession, caller: ClientInfo, resources: ProcessResources, form: PostedForm
) -> Response:
    """End one session, or all other sessions."""
    chosen, proof = str(form.get("session", "")), str(form.get("current_password", ""))
    try:
        if chosen == "others":
            ended = await workflows.end_others(resources, view, proof, caller)
        else:
            await workflows.end_session(resources, view, UUID(chosen), proof, caller)
            ended = 1
    except SessionNotFoundError:
        raise
    except ValueError:
        return await _devices_again(request, resources, view, form, InvalidError())
    except DomainError as error:
        return await _devices_again(request, resources, view, form, error)
    text = ngettext("{count} device is signed out.", "{count} devices are signed out.", ended).format(count=ended)
    return redirect("/settings/devices", text)


async def _devices_again(
    request: Request, resources: Resources, view: SessionView, form: FormData, error: DomainError
) -> Response:
    async with resources.read_sessions() as session:
        items = await service.my_sessions(session, view)
    return refuse(request, "authentication/devices.html", form, error, _context(resources, view, items))

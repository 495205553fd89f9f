"""Pages of order templates and copies."""

from uuid import UUID

from fastapi import Request
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.responses import Response

from app.core.http.dependencies import FeatureRouter, PostedForm, ReadSession, Uow
from app.core.http.problem_details import field_errors
from app.core.http.submissions import Once
from app.core.i18n import _
from app.features.authentication.dependencies import CurrentActor
from app.features.orders import service
from app.features.orders.errors import InvalidOrderError, TooManyTemplatesError
from app.features.orders.schemas import TemplateName
from app.web.flash import redirect
from app.web.forms import FormState
from app.web.templating import render

router = FeatureRouter()


@router.post("/orders/{order_id}/copy")
async def copy_order(order_id: UUID, actor: CurrentActor, once: Once, uow: Uow) -> Response:
    """Copy an order as a draft and redirect to its editor."""
    order = await service.copy_order(uow, actor, order_id)
    return once.led_to(redirect(f"/orders/{order.id}/edit", _("This is a copy. Nobody sees it until you publish.")))


@router.get("/orders/{order_id}/template")
async def template_form(request: Request, order_id: UUID, actor: CurrentActor, session: ReadSession) -> Response:
    """Show the form that asks for the template's name."""
    order = await service.get_own_order(session, actor, order_id)
    start = FormState.start(name=order.title[:100])
    return render(request, "orders/template.html", {"order": order, "f": start})


@router.post("/orders/{order_id}/template")
async def save_template(
    request: Request, order_id: UUID, actor: CurrentActor, form: PostedForm, uow: Uow, once: Once
) -> Response:
    """Save the order as a template."""
    order = await service.get_own_order(uow.session, actor, order_id)
    try:
        async with uow.session.begin_nested():
            await service.save_template(uow, actor, order_id, _name(form).name)
    except (InvalidOrderError, TooManyTemplatesError) as error:
        context = {"order": order, "f": FormState.posted(form, error)}
        return render(request, "orders/template.html", context, status_code=422)
    return once.led_to(redirect("/my/order-templates", _("The template is kept.")))


@router.get("/my/order-templates")
async def list_templates(request: Request, actor: CurrentActor, session: ReadSession) -> Response:
    """Show the person's own templates."""
    return render(request, "orders/templates.html", {"templates": await service.list_templates(session, actor)})


@router.post("/my/order-templates/{template_id}/use")
async def create_order_from_template(template_id: UUID, actor: CurrentActor, once: Once, uow: Uow) -> Response:
    """Create a draft from the template and redirect to its editor."""
    order = await service.create_order_from_template(uow, actor, template_id)
    said = _("This draft began with your template. Nobody sees it yet.")
    return once.led_to(redirect(f"/orders/{order.id}/edit", said))


@router.post("/my/order-templates/{template_id}/rename")
async def rename_template(template_id: UUID, actor: CurrentActor, form: PostedForm, uow: Uow) -> Response:
    """Rename the template."""
    try:
        await service.rename_template(uow, actor, template_id, _name(form).name)
    except InvalidOrderError as error:
        return redirect("/my/order-templates", error.errors[0].text(), "warn")
    return redirect("/my/order-templates", _("The template has its new name."))


@router.post("/my/order-templates/{template_id}/delete")
async def delete_template(template_id: UUID, actor: CurrentActor, uow: Uow) -> Response:
    """Delete the template."""
    await service.delete_template(uow, actor, template_id)
    return redirect("/my/order-templates", _("The template is gone. Orders made from it stay."))


def _name(form: FormData) -> TemplateName:
    try:
        return TemplateName.model_validate({"name": str(form.get("name") or "")})
    except ValidationError as wrong:
        raise InvalidOrderError(errors=field_errors([dict(error) for error in wrong.errors()])) from wrong

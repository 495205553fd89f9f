"""JSON endpoints of order templates and copies."""

from http import HTTPStatus
from uuid import UUID

from app.core.http.dependencies import FeatureRouter, ReadSession, Uow
from app.core.http.problem_details import refusals
from app.core.security.rate_limits import TooManyTriesError
from app.features.authentication.dependencies import CurrentActor
from app.features.catalog.errors import UnknownCategoryError
from app.features.files.errors import InvalidFilesError
from app.features.orders import service
from app.features.orders.errors import (
    InvalidOrderError,
    NotOrderCustomerError,
    OrderNotFoundError,
    TemplateNotFoundError,
    TooManyTemplatesError,
)
from app.features.orders.schemas import OrderRead, TemplateList, TemplateName, TemplateRead

router = FeatureRouter(tags=["orders"])
OWN = (OrderNotFoundError, NotOrderCustomerError)
TEMPLATE = (TemplateNotFoundError,)


@router.post(
    "/orders/{order_id:uuid}/copy",
    status_code=HTTPStatus.CREATED,
    responses=refusals(*OWN, InvalidOrderError, InvalidFilesError, TooManyTriesError),
)
async def copy_order(order_id: UUID, actor: CurrentActor, uow: Uow) -> OrderRead:
    """Create a draft as a copy of your order. The order may be in any state."""
    order = await service.copy_order(uow, actor, order_id)
    return await service.present(uow.session, uow.resources, actor, order)


@router.post(
    "/orders/{order_id:uuid}/template",
    status_code=HTTPStatus.CREATED,
    responses=refusals(*OWN, TooManyTemplatesError),
)
async def save_template(order_id: UUID, command: TemplateName, actor: CurrentActor, uow: Uow) -> TemplateRead:
    """Save the fields of your order as a template."""
    return service.read_template(await service.save_template(uow, actor, order_id, command.name))


@router.get("/order-templates")
async def list_templates(actor: CurrentActor, session: ReadSession) -> TemplateList:
    """List your own templates, newest first."""
    return TemplateList(items=await service.list_templates(session, actor))


@router.patch("/order-templates/{template_id:uuid}", responses=refusals(*TEMPLATE))
async def rename_template(template_id: UUID, command: TemplateName, actor: CurrentActor, uow: Uow) -> TemplateRead:
    """Rename your template."""
    return service.read_template(await service.rename_template(uow, actor, template_id, command.name))


@router.delete("/order-templates/{template_id:uuid}", status_code=HTTPStatus.NO_CONTENT, responses=refusals(*TEMPLATE))
async def delete_template(template_id: UUID, actor: CurrentActor, uow: Uow) -> None:
    """Delete your template. Orders created from it are kept."""
    await service.delete_template(uow, actor, template_id)


@router.post(
    "/order-templates/{template_id:uuid}/use",
    status_code=HTTPStatus.CREATED,
    responses=refusals(*TEMPLATE, InvalidOrderError, UnknownCategoryError),
)
async def create_order_from_template(template_id: UUID, actor: CurrentActor, uow: Uow) -> OrderRead:
    """Create a draft from your template."""
    order = await service.create_order_from_template(uow, actor, template_id)
    return await service.present(uow.session, uow.resources, actor, order)

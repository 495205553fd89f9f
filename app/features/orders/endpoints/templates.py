"""The JSON face of orders that are posted again."""

from http import HTTPStatus
from uuid import UUID

from app.core.http.dependencies import FeatureRouter, ReadSession, Uow
from app.core.http.problem_details import refusals
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
    responses=refusals(*OWN, InvalidOrderError, InvalidFilesError),
)
async def copy_order(order_id: UUID, actor: CurrentActor, uow: Uow) -> OrderRead:
    """Begin a draft that says what an order of yours says, in whatever state that one is."""
    order = await service.copy_order(uow, actor, order_id)
    return await service.present(uow.session, uow.resources, actor, order)


@router.post(
    "/orders/{order_id:uuid}/template",
    status_code=HTTPStatus.CREATED,
    responses=refusals(*OWN, TooManyTemplatesError),
)
async def save_template(order_id: UUID, command: TemplateName, actor: CurrentActor, uow: Uow) -> TemplateRead:
    """Keep what an order of yours says under a name."""
    return service.read_template(await service.save_template(uow, actor, order_id, command.name))


@router.get("/order-templates")
async def list_templates(actor: CurrentActor, session: ReadSession) -> TemplateList:
    """List your own templates."""
    return TemplateList(items=await service.list_templates(session, actor))


@router.patch("/order-templates/{template_id:uuid}", responses=refusals(*TEMPLATE))
async def rename_template(template_id: UUID, command: TemplateName, actor: CurrentActor, uow: Uow) -> TemplateRead:
    """Give a template another name."""
    return service.read_template(await service.rename_template(uow, actor, template_id, command.name))


@router.delete("/order-templates/{template_id:uuid}", status_code=HTTPStatus.NO_CONTENT, responses=refusals(*TEMPLATE))
async def delete_template(template_id: UUID, actor: CurrentActor, uow: Uow) -> None:
    """Forget a template; orders made from it stay."""
    await service.delete_template(uow, actor, template_id)


@router.post(
    "/order-templates/{template_id:uuid}/use",
    status_code=HTTPStatus.CREATED,
    responses=refusals(*TEMPLATE, InvalidOrderError, UnknownCategoryError),
)
async def create_order_from_template(template_id: UUID, actor: CurrentActor, uow: Uow) -> OrderRead:
    """Begin a draft with what a template says."""
    order = await service.create_order_from_template(uow, actor, template_id)
    return await service.present(uow.session, uow.resources, actor, order)

"""Use cases of copies and templates of orders."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.unit_of_work import UnitOfWork
from app.features.catalog import service as catalog
from app.features.files import service as files
from app.features.files.schemas import Subject
from app.features.orders.errors import TemplateNotFoundError, TooManyTemplatesError
from app.features.orders.repository import TemplateRepository
from app.features.orders.schemas import OrderCreate, TemplateRead
from app.features.orders.schemas.fields import FIELDS
from app.features.orders.service.customer_commands import create_order, own_order_for_update
from app.features.orders.service.order_fields import today_for
from app.models import Order, OrderTemplate
from app.models.file import SubjectKind

MAX_TEMPLATES = 20
COPIED = tuple(field.name for field in FIELDS if field.copied)


async def copy_order(uow: UnitOfWork, actor: Actor, order_id: UUID) -> Order:
    """Create a draft as a copy of one of the actor's own orders, in any state.

    The files are attached to both orders, except refused and damaged ones. A deadline in the past is left out.
    """
    order = await own_order_for_update(uow, actor, order_id)
    content = await _content(uow, order)
    if order.deadline and order.deadline >= await today_for(uow, actor.id, order.deadline):
        content["deadline"] = order.deadline.isoformat()
    subject = Subject(SubjectKind.ORDER, order.id)
    held = (await files.attached(uow.session, [subject]))[subject]
    kept = [str(file.id) for file in held if file.status not in ("refused", "damaged")]
    return await create_order(uow, actor, OrderCreate.model_validate(content | {"files": kept}))


async def save_template(uow: UnitOfWork, actor: Actor, order_id: UUID, name: str) -> OrderTemplate:
    """Save one of the actor's orders as a template.

    Raises:
        TooManyTemplatesError: The person has reached the limit of templates.
    """
    order = await own_order_for_update(uow, actor, order_id)
    repository = TemplateRepository(uow.session)
    await repository.acquire_advisory_lock(actor.id)
    if await repository.count(actor.id) >= MAX_TEMPLATES:
        raise TooManyTemplatesError(params={"limit": MAX_TEMPLATES})
    template = OrderTemplate(owner_id=actor.id, name=name, content=await _content(uow, order), created_at=utc_now())
    await repository.insert(template)
    return template


async def list_templates(session: AsyncSession, actor: Actor) -> list[TemplateRead]:
    """Return the actor's own templates, newest first."""
    return [read_template(row) for row in await TemplateRepository(session).of_owner(actor.id)]


async def rename_template(uow: UnitOfWork, actor: Actor, template_id: UUID, name: str) -> OrderTemplate:
    """Rename one of the actor's templates."""
    template = await _own(uow, actor, template_id)
    template.name = name
    return template


async def delete_template(uow: UnitOfWork, actor: Actor, template_id: UUID) -> None:
    """Delete one of the actor's templates. Orders created from it are kept."""
    await TemplateRepository(uow.session).delete(await _own(uow, actor, template_id))


async def create_order_from_template(uow: UnitOfWork, actor: Actor, template_id: UUID) -> Order:
    """Create a draft from one of the actor's templates."""
    template = await _own(uow, actor, template_id)
    content = dict(template.content)
    catalogue = await catalog.read_catalogue(uow.session, uow.resources)
    if content.get("category") and catalogue.category(content["category"]) is None:
        content["category"] = None  # the category may have been removed from the catalogue
    return await create_order(uow, actor, OrderCreate.model_validate(content))


def read_template(template: OrderTemplate) -> TemplateRead:
    """Return a template as its owner sees it."""
    return TemplateRead(
        id=template.id, name=template.name, title=template.content["title"], created_at=template.created_at
    )


async def _own(uow: UnitOfWork, actor: Actor, template_id: UUID) -> OrderTemplate:
    template = await TemplateRepository(uow.session).get_for_update(template_id)
    if template is None or template.owner_id != actor.id:
        raise TemplateNotFoundError
    return template


async def _content(uow: UnitOfWork, order: Order) -> dict[str, Any]:
    """Return the content of an order in the format of the API, without its files and deadline."""
    catalogue = await catalog.read_catalogue(uow.session, uow.resources)
    category = catalogue.category_by_id(order.category_id)

    def money(amount: int | None) -> dict[str, Any] | None:
        return {"amount": amount, "currency": order.currency.value} if amount else None

    composed: dict[str, Any] = {
        "category": category.slug if category else None,
        "skills": [*order.skills, *order.tags],
        "budget": money(order.budget_amount),
        "budget_max": money(order.budget_max_amount),
    }
    return {name: composed[name] if name in composed else _plain(getattr(order, name)) for name in COPIED}


def _plain(value: object) -> object:
    """Convert a value to JSON types."""
    return value.value if isinstance(value, StrEnum) else value

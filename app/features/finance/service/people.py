"""Whether two accounts belong to one person."""

from uuid import UUID

from app.core.actor import Actor
from app.core.unit_of_work import UnitOfWork
from app.features.legal import service as legal

TAX_NUMBER = "tax_number"


async def is_same_person(uow: UnitOfWork, actor: Actor, user_id: UUID) -> bool:
    """Tell whether an account is of the actor: the same, or one with the same tax number in its legal details."""
    if actor.id == user_id:
        return True
    settings = uow.resources.settings
    other = Actor(id=user_id, username="")
    numbers = [(await legal.get_status(uow.session, settings, it)).fields.get(TAX_NUMBER) for it in (actor, other)]
    return numbers[0] is not None and numbers[0] == numbers[1]

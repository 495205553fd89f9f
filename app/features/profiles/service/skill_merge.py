"""How profiles follow when two skills become one."""

from app.core.unit_of_work import UnitOfWork
from app.features.profiles.repository import MergingRepository


async def replace_skill(uow: UnitOfWork, old: str, new: str) -> None:
    """Give everybody who has one skill another instead; whoever has both keeps the better level."""
    await MergingRepository(uow.session).replace_skill(old, new)

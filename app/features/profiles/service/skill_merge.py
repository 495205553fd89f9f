"""Use case for profiles when two skills are merged."""

from app.core.unit_of_work import UnitOfWork
from app.features.profiles.repository import MergingRepository


async def replace_skill(uow: UnitOfWork, old: str, new: str) -> None:
    """Replace a skill by another in all profiles; users with both keep the higher level."""
    await MergingRepository(uow.session).replace_skill(old, new)

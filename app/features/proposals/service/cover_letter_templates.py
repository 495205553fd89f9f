"""Letters that a freelancer keeps to begin proposals with."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.unit_of_work import UnitOfWork
from app.features.proposals.errors import CoverLetterTemplateNotFoundError, TooManyCoverLetterTemplatesError
from app.features.proposals.repository import CoverLetterTemplateRepository
from app.features.proposals.schemas import CoverLetterTemplateRead, CoverLetterTemplateWrite
from app.models import CoverLetterTemplate

MAX_COVER_LETTER_TEMPLATES = 20


async def save_cover_letter_template(
    uow: UnitOfWork, actor: Actor, command: CoverLetterTemplateWrite
) -> CoverLetterTemplate:
    """Keep a letter under a name.

    Raises:
        TooManyCoverLetterTemplatesError: There are as many as one person may keep.
    """
    repository = CoverLetterTemplateRepository(uow.session)
    await repository.acquire_advisory_lock(actor.id)
    if len(await repository.of_owner(actor.id)) >= MAX_COVER_LETTER_TEMPLATES:
        raise TooManyCoverLetterTemplatesError(params={"limit": MAX_COVER_LETTER_TEMPLATES})
    kept = CoverLetterTemplate(owner_id=actor.id, name=command.name, letter=command.letter, created_at=utc_now())
    await repository.insert(kept)
    return kept


async def list_cover_letter_templates(session: AsyncSession, actor: Actor) -> list[CoverLetterTemplateRead]:
    """Return the actor's own letters, newest first."""
    return [
        CoverLetterTemplateRead.model_validate(row)
        for row in await CoverLetterTemplateRepository(session).of_owner(actor.id)
    ]


async def edit_cover_letter_template(
    uow: UnitOfWork, actor: Actor, letter_id: UUID, command: CoverLetterTemplateWrite
) -> CoverLetterTemplate:
    """Change a letter of the actor's own, or its name."""
    letter = await _own(uow, actor, letter_id)
    letter.name, letter.letter = command.name, command.letter
    return letter


async def delete_cover_letter_template(uow: UnitOfWork, actor: Actor, letter_id: UUID) -> None:
    """Forget a letter of the actor's own; proposals that began with it stay as they are."""
    await CoverLetterTemplateRepository(uow.session).delete(await _own(uow, actor, letter_id))


async def _own(uow: UnitOfWork, actor: Actor, letter_id: UUID) -> CoverLetterTemplate:
    letter = await CoverLetterTemplateRepository(uow.session).get_for_update(actor.id, letter_id)
    if letter is None:
        raise CoverLetterTemplateNotFoundError
    return letter

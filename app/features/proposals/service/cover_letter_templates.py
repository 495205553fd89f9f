"""Use cases of cover letter templates."""

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
    """Save a cover letter template.

    Raises:
        TooManyCoverLetterTemplatesError: The actor has as many templates as allowed.
    """
    repository = CoverLetterTemplateRepository(uow.session)
    await repository.acquire_advisory_lock(actor.id)
    if len(await repository.of_owner(actor.id)) >= MAX_COVER_LETTER_TEMPLATES:
        raise TooManyCoverLetterTemplatesError(params={"limit": MAX_COVER_LETTER_TEMPLATES})
    kept = CoverLetterTemplate(owner_id=actor.id, name=command.name, letter=command.letter, created_at=utc_now())
    await repository.insert(kept)
    return kept


async def list_cover_letter_templates(session: AsyncSession, actor: Actor) -> list[CoverLetterTemplateRead]:
    """Return the actor's cover letter templates, newest first."""
    return [
        CoverLetterTemplateRead.model_validate(row)
        for row in await CoverLetterTemplateRepository(session).of_owner(actor.id)
    ]


async def edit_cover_letter_template(
    uow: UnitOfWork, actor: Actor, letter_id: UUID, command: CoverLetterTemplateWrite
) -> CoverLetterTemplate:
    """Change the name and text of one of the actor's cover letter templates."""
    letter = await _own(uow, actor, letter_id)
    letter.name, letter.letter = command.name, command.letter
    return letter


async def delete_cover_letter_template(uow: UnitOfWork, actor: Actor, letter_id: UUID) -> None:
    """Delete one of the actor's cover letter templates. Proposals created from it are kept."""
    await CoverLetterTemplateRepository(uow.session).delete(await _own(uow, actor, letter_id))


async def _own(uow: UnitOfWork, actor: Actor, letter_id: UUID) -> CoverLetterTemplate:
    letter = await CoverLetterTemplateRepository(uow.session).get_for_update(actor.id, letter_id)
    if letter is None:
        raise CoverLetterTemplateNotFoundError
    return letter

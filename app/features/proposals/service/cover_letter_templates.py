"""Letters that a freelancer keeps to begin proposals with."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.unit_of_work import UnitOfWork
from app.features.proposals.errors import LetterNotFoundError, TooManyLettersError
from app.features.proposals.repository import LetterRepository
from app.features.proposals.schemas import LetterRead, LetterWrite
from app.models import LetterTemplate

MOST_LETTERS = 20


async def keep_letter(uow: UnitOfWork, actor: Actor, command: LetterWrite) -> LetterTemplate:
    """Keep a letter under a name.

    Raises:
        TooManyLettersError: There are as many as one person may keep.
    """
    repository = LetterRepository(uow.session)
    await repository.queue_up(actor.id)
    if len(await repository.of_owner(actor.id)) >= MOST_LETTERS:
        raise TooManyLettersError(params={"limit": MOST_LETTERS})
    kept = LetterTemplate(owner_id=actor.id, name=command.name, letter=command.letter, created_at=utc_now())
    await repository.insert(kept)
    return kept


async def list_letters(session: AsyncSession, actor: Actor) -> list[LetterRead]:
    """Return the actor's own letters, newest first."""
    return [LetterRead.model_validate(row) for row in await LetterRepository(session).of_owner(actor.id)]


async def edit_letter(uow: UnitOfWork, actor: Actor, letter_id: UUID, command: LetterWrite) -> LetterTemplate:
    """Change a letter of the actor's own, or its name."""
    letter = await _own(uow, actor, letter_id)
    letter.name, letter.letter = command.name, command.letter
    return letter


async def drop_letter(uow: UnitOfWork, actor: Actor, letter_id: UUID) -> None:
    """Forget a letter of the actor's own; proposals that began with it stay as they are."""
    await LetterRepository(uow.session).delete(await _own(uow, actor, letter_id))


async def _own(uow: UnitOfWork, actor: Actor, letter_id: UUID) -> LetterTemplate:
    letter = await LetterRepository(uow.session).get_for_update(actor.id, letter_id)
    if letter is None:
        raise LetterNotFoundError
    return letter

"""What part of a picture its square shows; a worker draws it anew."""

from uuid import UUID

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.unit_of_work import UnitOfWork
from app.features.files.errors import NoSuchFileError
from app.features.files.repository import FileRepository
from app.features.files.schemas import Crop
from app.features.files.service.uploads import PROCESS_TASK
from app.models.file import FileStatus


async def crop_picture(uow: UnitOfWork, actor: Actor, file_id: UUID, crop: Crop) -> None:
    """Let the square of one of the actor's pictures show another part; until it is drawn, the old one is shown.

    Raises:
        NoSuchFileError: It is not there, somebody else's, or was not taken.
    """
    file = await FileRepository(uow.session).get_for_update(file_id)
    gone = (FileStatus.REFUSED, FileStatus.DAMAGED, FileStatus.UPLOADING)
    if file is None or file.owner_id != actor.id or file.status in gone:
        raise NoSuchFileError
    file.crop = crop.model_dump()
    file.redraws += 1
    file.attempts = 0
    if file.status is FileStatus.READY:
        file.next_try_at = utc_now()
    uow.trigger_task(PROCESS_TASK)

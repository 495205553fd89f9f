"""Cropping of the square preview of a picture; a worker generates it again."""

from app.core.actor import Actor
from app.core.clock import real_now
from app.core.unit_of_work import UnitOfWork
from app.features.files.errors import NoSuchFileError
from app.features.files.repository import FileRepository
from app.features.files.schemas import Crop, Subject
from app.features.files.service.uploads import PROCESS_TASK
from app.models.file import FileStatus


async def crop_picture(uow: UnitOfWork, actor: Actor, subject: Subject, crop: Crop) -> None:
    """Change the part of the actor's picture that its square preview shows; the old one is shown until then.

    The picture is the first file attached to the subject.

    Raises:
        NoSuchFileError: There is none, it belongs to somebody else, or it was refused.
    """
    file = await FileRepository(uow.session).lock_shown(subject)
    gone = (FileStatus.REFUSED, FileStatus.DAMAGED, FileStatus.UPLOADING)
    if file is None or file.owner_id != actor.id or file.status in gone:
        raise NoSuchFileError
    file.crop = crop.model_dump()
    file.redraws += 1
    file.attempts = 0
    if file.status is FileStatus.READY:
        file.next_try_at = real_now()
    uow.trigger_task(PROCESS_TASK)

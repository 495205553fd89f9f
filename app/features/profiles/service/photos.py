"""Use cases of photos; the files feature stores the bytes."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.unit_of_work import UnitOfWork
from app.features.files import service as files
from app.features.files.errors import NoSuchFileError
from app.features.files.schemas import Crop, Subject
from app.features.profiles.errors import NoPhotoError
from app.features.profiles.schemas import PhotoRead
from app.models import FileStatus, SubjectKind


async def photos_of(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the URLs of users' photos, with one query; users without a photo are left out.

    Only the cropped square is public; the whole picture is visible to its owner alone.
    """
    found = await files.attached(session, [photo_subject(key) for key in ids])
    return {subject.id: shown[0].preview_url for subject, shown in found.items() if shown and shown[0].preview_url}


async def get_photo(session: AsyncSession, actor: Actor) -> PhotoRead:
    """Return the actor's own photo."""
    shown = (await files.attached(session, [photo_subject(actor.id)], actor))[photo_subject(actor.id)]
    if not shown:
        return PhotoRead(url=None, waiting=False, picture=None)
    looked_at = shown[0].status in (FileStatus.PROCESSING, FileStatus.QUARANTINED)
    return PhotoRead(url=shown[0].preview_url, waiting=looked_at or shown[0].drawing, picture=shown[0])


async def put_photo(uow: UnitOfWork, actor: Actor, file_id: UUID, crop: Crop | None = None) -> None:
    """Set the actor's photo, or change the crop of the current one.

    Raises:
        InvalidFilesError: The file belongs to another user, has another purpose, or was rejected.
    """
    await files.attach(uow, actor, photo_subject(actor.id), [file_id])
    if crop is not None:
        await files.crop_picture(uow, actor, photo_subject(actor.id), crop)


async def crop_photo(uow: UnitOfWork, actor: Actor, crop: Crop) -> None:
    """Change the crop of the actor's photo.

    Raises:
        NoPhotoError: The actor has no photo.
    """
    try:
        await files.crop_picture(uow, actor, photo_subject(actor.id), crop)
    except NoSuchFileError as error:
        raise NoPhotoError from error


async def remove_photo(uow: UnitOfWork, actor: Actor) -> None:
    """Remove the actor's photo."""
    await files.attach(uow, actor, photo_subject(actor.id), [])


def photo_subject(user_id: UUID) -> Subject:
    """Return the subject of a user's photo."""
    return Subject(SubjectKind.AVATAR, user_id)

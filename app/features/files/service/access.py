"""Who may use a link to a file that is not public, asked anew at every download."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.features.authentication import service as authentication
from app.features.files.service.signed_links import Pass
from app.models.file import File, SubjectKind

type ReadCheck = Callable[[AsyncSession, Actor | None, UUID, str], Awaitable[bool]]
"""Tells whether a person (None: a guest) may read a subject now; the text is the grant that the link contains."""

_CHECKS: dict[SubjectKind, ReadCheck] = {}


def register_read_check(kind: SubjectKind, check: ReadCheck) -> None:
    """Register how the feature that owns this kind of subject decides who may read one; at most one statement."""
    _CHECKS[kind] = check


async def may_download(session: AsyncSession, file: File, held: Pass, *, attached: bool) -> bool:
    """Tell whether the reader that a link was made for may read the file now.

    Args:
        session: The database session.
        file: The file, of a kind that is not public.
        held: What the link says about its reader.
        attached: Whether the file is attached to the subject of the link.
    """
    reader = None
    if held.session_id is not None:
        reader = await authentication.actor_of_session(session, held.session_id)
        if reader is None:
            return False
        if reader.id == file.owner_id:
            return True
    check = _CHECKS.get(file.kind)
    if held.subject_id is None or not attached or check is None:
        return False
    return await check(session, reader, held.subject_id, held.grant)

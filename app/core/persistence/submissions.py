"""Forms that were sent, so that the same form sent twice makes one thing."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Index, delete, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, aliased, mapped_column

from app.core.clock import real_now
from app.core.database import Base

SAME_CONTENT_WITHIN = timedelta(minutes=10)
"""For how long the same content in another form of the same page is asked about before it makes a second thing."""
KEEP_SUBMISSIONS = timedelta(days=2)


class FormSubmission(Base):
    """One form that a person sent, and the page that it led to; it commits together with what the form made."""

    __tablename__ = "form_submissions"
    __table_args__ = (Index("ix_form_submissions_created_at", "created_at"),)

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(primary_key=True)
    """The value that the page put into the form."""
    digest: Mapped[bytes]
    location: Mapped[str] = mapped_column(default="", server_default=text("''"))
    draft: Mapped[str] = mapped_column(default="", server_default=text("''"))
    """The name of the draft that the browser may delete."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


@dataclass(frozen=True, slots=True)
class EarlierSubmission:
    """A form that this person sent before."""

    location: str
    draft: str
    is_same_form: bool
    """Whether it was the same form; otherwise only the content is the same."""
    is_same_content: bool


class SubmissionRepository:
    """The forms that people sent."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def claim(self, user_id: UUID, token: str, digest: bytes) -> EarlierSubmission | None:
        """Store that a form is being sent; return what an earlier one led to.

        A request with the same token that is still running is waited for.
        """
        other = aliased(FormSubmission)
        earlier = (
            select(other.location)
            .where(
                other.user_id == user_id,
                other.digest == digest,
                other.location != "",
                other.created_at > real_now() - SAME_CONTENT_WITHIN,
            )
            .order_by(other.created_at.desc())
            .limit(1)
            .scalar_subquery()
        )
        stored = (
            insert(FormSubmission)
            .values(user_id=user_id, token=token, digest=digest, created_at=real_now())
            .on_conflict_do_nothing()
            .returning(literal(value=True), earlier)
        )
        made = (await self._session.execute(stored)).one_or_none()
        if made is not None:
            return EarlierSubmission(made[1], "", is_same_form=False, is_same_content=True) if made[1] else None
        known = await self._session.get_one(FormSubmission, (user_id, token))
        if not known.location:
            return None  # it was refused, and nothing was made
        return EarlierSubmission(known.location, known.draft, is_same_form=True, is_same_content=known.digest == digest)

    async def finish(self, user_id: UUID, token: str, location: str, draft: str) -> None:
        """Store which page a form led to."""
        await self._session.execute(
            update(FormSubmission)
            .where(FormSubmission.user_id == user_id, FormSubmission.token == token)
            .values(location=location, draft=draft)
        )

    async def prune(self, before: datetime) -> None:
        """Delete the forms that were sent before a time."""
        await self._session.execute(delete(FormSubmission).where(FormSubmission.created_at < before))

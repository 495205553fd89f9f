"""Templates of cover letters."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base
from app.core.ids import new_id


class CoverLetterTemplate(Base):
    """A template of a cover letter; private to its owner."""

    __tablename__ = "cover_letter_templates"
    __table_args__ = (
        CheckConstraint("char_length(name) BETWEEN 1 AND 100", name="name_length"),
        CheckConstraint("char_length(letter) BETWEEN 1 AND 10000", name="letter_length"),
        Index("ix_cover_letter_templates_owner_id_id", "owner_id", text("id DESC")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str]
    letter: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.app_now())

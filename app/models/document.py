"""Papers of deals: numbered without gap, with all that is needed to make the same file again."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base
from app.core.ids import new_id


class PaperKind(StrEnum):
    """The kinds of papers."""

    CONTRACT = "contract"
    TASK = "task"
    ACT = "act"
    INVOICE = "invoice"
    RECEIPT = "receipt"
    WITHDRAWAL = "withdrawal"
    CREDIT_NOTE = "credit_note"


class DocumentSeries(Base):
    """The last number of a series; its row is locked until the transaction that took a number ends."""

    __tablename__ = "document_series"
    __table_args__ = (CheckConstraint("last_number > 0", name="last_number"),)

    series: Mapped[str] = mapped_column(primary_key=True)
    last_number: Mapped[int]


class Document(Base):
    """One paper. Rows are only added, which a trigger enforces; a correction is a new paper that names the old one."""

    __tablename__ = "documents"
    __table_args__ = (
        UniqueConstraint("series", "number"),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256"),
        CheckConstraint("language IN ('ru', 'en')", name="language"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    series: Mapped[str] = mapped_column(ForeignKey("document_series.series"))
    number: Mapped[int]
    kind: Mapped[PaperKind]
    language: Mapped[str]
    sentences_version: Mapped[str]
    """The version of the template and the legal sentences."""
    input: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """Every text of the file, as the template reads it."""
    sha256: Mapped[str | None]
    """The checksum of the file where it was made with the paper; otherwise that of `DocumentFile`."""
    corrects_id: Mapped[UUID | None] = mapped_column(ForeignKey("documents.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.app_now())


class DocumentFile(Base):
    """The file of a paper: whom it concerns, where it is kept, and its checksum once it is made.

    A trigger lets a row change only until the checksum is known, and never whom it concerns.
    """

    __tablename__ = "document_files"
    __table_args__ = (
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256"),
        CheckConstraint("(sha256 IS NULL) = (made_at IS NULL)", name="made"),
        Index("ix_document_files_waiting", "next_try_at", postgresql_where=text("sha256 IS NULL")),
        Index("ix_document_files_contract_id", "contract_id"),
    )

    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    contract_id: Mapped[UUID | None] = mapped_column(ForeignKey("contracts.id"))
    milestone_id: Mapped[UUID | None]
    client_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"), index=True)
    """The client, where the client may read it."""
    freelancer_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"), index=True)
    storage_key: Mapped[str] = mapped_column(unique=True)
    """The object of the storage; chosen before it is stored, so that the clean-up of the storage knows it."""
    sha256: Mapped[str | None]
    made_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    next_try_at: Mapped[datetime] = mapped_column(server_default=func.now())


class DocumentSignature(Base):
    """A party's signature of a paper by a code that was bound to the checksum of its file. Rows are only added."""

    __tablename__ = "document_signatures"
    __table_args__ = (CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256"),)

    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    sha256: Mapped[str]
    ip: Mapped[str]
    """The address that the code was sent from."""
    signed_at: Mapped[datetime] = mapped_column(server_default=func.app_now())


class DocumentSignCode(Base):
    """A code that was sent to a party to sign a paper with: valid once, for one checksum, until it expires."""

    __tablename__ = "document_sign_codes"
    __table_args__ = (Index("ix_document_sign_codes_document_id_user_id", "document_id", "user_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    sha256: Mapped[str]
    attempts: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    sent_at: Mapped[datetime] = mapped_column(server_default=func.now())
    closed_at: Mapped[datetime | None]

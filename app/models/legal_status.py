"""Legal statuses: who a person is in law, encrypted, with every version that was saved."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base
from app.core.ids import new_id


class LegalKind(StrEnum):
    """What a party of a contract is in law."""

    PERSON = "person"
    SELF_EMPLOYED = "self_employed"
    """A person who pays the Russian tax on professional income (НПД)."""
    SOLE_TRADER = "sole_trader"
    COMPANY = "company"


class RegistryOutcome(StrEnum):
    """What a public registry answered about a status."""

    CONFIRMED = "confirmed"
    REFUSED = "refused"


class LegalStatusKey(Base):
    """The key that encrypts the versions of one owner; null once it was erased, and with it all that it encrypted."""

    __tablename__ = "legal_status_keys"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    encrypted_key: Mapped[bytes | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.app_now())


class LegalStatusVersion(Base):
    """One saved version: kind, country and fields, encrypted. Rows are only added, which a trigger enforces."""

    __tablename__ = "legal_status_versions"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key_id: Mapped[UUID] = mapped_column(ForeignKey("legal_status_keys.id"))
    content: Mapped[bytes]
    saved_at: Mapped[datetime] = mapped_column(server_default=func.app_now())


class LegalStatus(Base):
    """The current version of a person's legal status, and what a registry answered about it."""

    __tablename__ = "legal_statuses"
    __table_args__ = (
        ForeignKeyConstraint(
            ["user_id", "version"], ["legal_status_versions.user_id", "legal_status_versions.version"]
        ),
        CheckConstraint("(registry_outcome IS NULL) = (registry_checked_at IS NULL)", name="registry_answer"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    version: Mapped[int]
    registry_version: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    """The last version that the registries were asked about; 0 before the first."""
    registry_outcome: Mapped[RegistryOutcome | None]
    registry_checked_at: Mapped[datetime | None]

"""Fee policies: what the instance takes from a release or adds to a payment, as versions that are only added."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base
from app.core.ids import new_id
from app.core.money import MAX_AMOUNT, Currency


class FeeSide(StrEnum):
    """Who pays the fee."""

    CUSTOMER = "customer"
    FREELANCER = "freelancer"


class VolumeOf(StrEnum):
    """Whose earlier contracts count towards a volume step."""

    PAIR = "pair"
    FREELANCER = "freelancer"


class DealOrigin(StrEnum):
    """How a contract began, as far as fees depend on it."""

    MARKETPLACE = "marketplace"
    """With an order on the site, or between two people who had such a contract before."""
    BROUGHT = "brought"
    """By an invitation between two people who had no contract from an order on the site."""


class FeePolicy(Base):
    """One version of a fee. A trigger refuses updates and deletions; a newer version replaces an older one.

    Versions with the same side, currency, origin, category and volume step replace each other. A version that is
    `ended` says that this combination has no terms of its own any more.
    """

    __tablename__ = "fee_policies"
    __table_args__ = (
        CheckConstraint("rate_bp BETWEEN 0 AND 10000", name="rate"),
        CheckConstraint("tax_bp BETWEEN 0 AND 10000", name="tax"),
        CheckConstraint(f"minimum BETWEEN 0 AND {MAX_AMOUNT}", name="minimum"),
        CheckConstraint(f"cap BETWEEN minimum AND {MAX_AMOUNT}", name="cap"),
        CheckConstraint(f"volume_from BETWEEN 1 AND {MAX_AMOUNT}", name="volume"),
        CheckConstraint("(volume_of IS NULL) = (volume_from IS NULL)", name="volume_step"),
        CheckConstraint("NOT ended OR (rate_bp = 0 AND tax_bp = 0 AND minimum = 0 AND cap IS NULL)", name="ended"),
        Index("ix_fee_policies_currency_valid_from", "currency", "valid_from"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    side: Mapped[FeeSide]
    currency: Mapped[Currency]
    category_id: Mapped[int | None] = mapped_column(ForeignKey("categories.id"), index=True)
    """The category it is limited to; empty for any."""
    origin: Mapped[DealOrigin | None]
    """The beginning of contracts that it is limited to; empty for any."""
    volume_of: Mapped[VolumeOf | None]
    volume_from: Mapped[int | None]
    """The volume of earlier contracts from which it applies, in minor units; empty without a step."""
    rate_bp: Mapped[int]
    """The rate in basis points: 500 is 5 %."""
    minimum: Mapped[int]
    """The least fee of a milestone from which anything was released, in minor units."""
    cap: Mapped[int | None]
    """The largest fee of a milestone, in minor units; empty for none."""
    tax_bp: Mapped[int]
    """The rate of the tax that the fee contains, in basis points."""
    ended: Mapped[bool] = mapped_column(server_default=text("false"))
    valid_from: Mapped[datetime]
    created_by: Mapped[str]
    created_by_id: Mapped[UUID | None]
    """The operator's account, without a foreign key; empty for a command on the server."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.app_now())

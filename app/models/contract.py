"""Contracts: the terms that a customer and a freelancer agreed on, one contract for each order that was awarded."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base
from app.core.ids import new_id
from app.core.money import Currency
from app.models.order import BudgetKind


class Contract(Base):
    """The agreed terms for an order as it read in `order_version`; a trigger keeps them as they were written."""

    __tablename__ = "contracts"
    __table_args__ = (
        CheckConstraint("price_amount > 0", name="price"),
        CheckConstraint("term_days BETWEEN 1 AND 1000", name="term"),
        CheckConstraint("jsonb_array_length(milestones) <= 20", name="milestones_count"),
        CheckConstraint("customer_id <> freelancer_id", name="two_people"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"), unique=True)
    order_version: Mapped[int]
    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("proposals.id"), unique=True)
    offer_id: Mapped[UUID] = mapped_column(ForeignKey("offers.id"), unique=True)
    """The accepted offer that the terms were copied from."""
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    freelancer_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    budget_kind: Mapped[BudgetKind]
    """How the order is paid."""
    price_amount: Mapped[int]
    """In minor units of the currency."""
    currency: Mapped[Currency]
    term_days: Mapped[int]
    milestones: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list, server_default=text("'[]'"))
    """Parts of the work: title, amount in minor units, days; empty where it is done as a whole."""
    agreed_at: Mapped[datetime]

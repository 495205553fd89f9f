"""Profiles: public information, skills, portfolio, favourites and hidden clients."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, deferred, mapped_column

from app.core.database import Base
from app.core.ids import new_id
from app.core.money import Currency


class ProfileSide(StrEnum):
    """The side of the market whose pages a person currently uses; every account has both."""

    CUSTOMER = "customer"
    FREELANCER = "freelancer"


class Availability(StrEnum):
    """Whether a freelancer accepts work."""

    OPEN = "open"
    PARTLY = "partly"
    BUSY = "busy"


class SkillLevel(StrEnum):
    """Self-assessed skill level."""

    BEGINNER = "beginner"
    CONFIDENT = "confident"
    EXPERT = "expert"


IS_SHOWN = text("listed")
"""The profiles listed in the catalogue of freelancers; partial indexes contain only these."""


class Profile(Base):
    """A person's profile, created at the first change. `about_html` is rendered from `about`."""

    __tablename__ = "profiles"
    __table_args__ = (
        CheckConstraint("char_length(headline) <= 120", name="headline_length"),
        CheckConstraint("char_length(about) <= 10000", name="about_length"),
        CheckConstraint("rate_amount > 0", name="rate"),
        CheckConstraint("(rate_amount IS NULL) = (rate_currency IS NULL)", name="rate_has_currency"),
        CheckConstraint("hours_week BETWEEN 1 AND 80", name="hours"),
        CheckConstraint("cardinality(skills) <= 30", name="skills_count"),
        Index("ix_profiles_listed_recent", text("listed_at DESC"), text("user_id DESC"), postgresql_where=IS_SHOWN),
        Index("ix_profiles_listed_rate", "rate_currency", "rate_amount", postgresql_where=IS_SHOWN),
        Index(
            "ix_profiles_listed_skills",
            "skills",
            postgresql_using="gin",
            postgresql_with={"fastupdate": "off"},
            postgresql_where=IS_SHOWN,
        ),
        Index(
            "ix_profiles_listed_search",
            "search",
            postgresql_using="gin",
            postgresql_with={"fastupdate": "off"},
            postgresql_where=IS_SHOWN,
        ),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    side: Mapped[ProfileSide] = mapped_column(default=ProfileSide.FREELANCER, server_default=text("'freelancer'"))
    listed: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    listed_at: Mapped[datetime | None]
    headline: Mapped[str] = mapped_column(default="", server_default=text("''"))
    about: Mapped[str] = mapped_column(default="", server_default=text("''"))
    about_html: Mapped[str] = mapped_column(default="", server_default=text("''"))
    skills: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default=text("'{}'"))
    """Copy of the slugs of `profile_skills` in one column, for the filters of the catalogue."""
    rate_amount: Mapped[int | None]
    rate_currency: Mapped[Currency | None]
    languages: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list, server_default=text("'[]'"))
    country: Mapped[str | None]
    place: Mapped[str] = mapped_column(default="", server_default=text("''"))
    time_zone: Mapped[str | None]
    availability: Mapped[Availability] = mapped_column(default=Availability.OPEN, server_default=text("'open'"))
    available_from: Mapped[date | None]
    hours_week: Mapped[int | None]
    links: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list, server_default=text("'[]'"))
    recommendations: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    has_portfolio: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    keywords: Mapped[str] = mapped_column(default="", server_default=text("''"))
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
    taken_down_at: Mapped[datetime | None]
    """When the operator took it down; it is not listed then, and `listed_at` stays if it was."""
    takedown_reason: Mapped[str | None]
    search: Mapped[Any] = deferred(
        mapped_column(TSVECTOR, Computed("order_search(headline, keywords, about)", persisted=True))
    )


class ProfileSkill(Base):
    """A skill of a person, in the person's order."""

    __tablename__ = "profile_skills"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("profiles.user_id", ondelete="CASCADE"), primary_key=True)
    skill: Mapped[str] = mapped_column(primary_key=True, index=True)
    level: Mapped[SkillLevel]
    position: Mapped[int]


class PortfolioItem(Base):
    """A portfolio item; its images and files are attachments in the feature `files`."""

    __tablename__ = "portfolio_items"
    __table_args__ = (
        CheckConstraint("char_length(title) BETWEEN 1 AND 120", name="title_length"),
        CheckConstraint("char_length(description) <= 5000", name="description_length"),
        Index("ix_portfolio_items_user_id_position", "user_id", "position", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("profiles.user_id", ondelete="CASCADE"))
    title: Mapped[str]
    description: Mapped[str] = mapped_column(default="", server_default=text("''"))
    link: Mapped[str | None]
    year: Mapped[int | None]
    skills: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default=text("'{}'"))
    position: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
    taken_down_at: Mapped[datetime | None]
    takedown_reason: Mapped[str | None]


class Favourite(Base):
    """A freelancer saved as a favourite."""

    __tablename__ = "favourites"

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    freelancer_id: Mapped[UUID] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    created_at: Mapped[datetime] = mapped_column(server_default=func.app_now())


class HiddenCustomer(Base):
    """A client whose orders the person does not want to see."""

    __tablename__ = "hidden_customers"

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.app_now())

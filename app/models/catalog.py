"""The catalogue: categories on two levels, and skills with names, synonyms and category."""

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base


class Category(Base):
    """A category of work; with a parent it is a subcategory."""

    __tablename__ = "categories"
    __table_args__ = (CheckConstraint("parent_id <> id", name="not_its_own_parent"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("categories.id"), index=True)
    name_en: Mapped[str]
    name_ru: Mapped[str]
    position: Mapped[int] = mapped_column(server_default=text("0"))


class Skill(Base):
    """Something a freelancer can do and an order can require."""

    __tablename__ = "skills"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    category_id: Mapped[int] = mapped_column(ForeignKey("categories.id"), index=True)
    name_en: Mapped[str]
    name_ru: Mapped[str]
    synonyms: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    edited: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """Whether an operator changed it; loading the shipped catalogue then leaves it unchanged."""


class SkillAlias(Base):
    """The slug of a skill that was merged into another; it redirects there permanently."""

    __tablename__ = "skill_aliases"

    slug: Mapped[str] = mapped_column(primary_key=True)
    skill_id: Mapped[int] = mapped_column(ForeignKey("skills.id", ondelete="CASCADE"), index=True)

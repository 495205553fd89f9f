"""The dictionary of search: words that stand in what can be found, by which a mistyped one is put right."""

from sqlalchemy import CheckConstraint, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base


class SearchTerm(Base):
    """One word as it stands in titles, headlines, skills and fields, and in how many of those that were read.

    `keys` are the word and what is left of it without one letter: two words that share a key are one or two slips of
    the finger apart. It knows no alphabet, so it works in a database of any locale (trigrams do not).
    """

    __tablename__ = "search_terms"
    __table_args__ = (
        CheckConstraint("char_length(word) BETWEEN 3 AND 40", name="word_length"),
        Index("ix_search_terms_beginning", "word", postgresql_ops={"word": "text_pattern_ops"}),
        Index("ix_search_terms_keys", "keys", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
    )

    word: Mapped[str] = mapped_column(primary_key=True)
    orders: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    people: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    keys: Mapped[list[str]] = mapped_column(ARRAY(Text))

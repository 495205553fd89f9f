"""The dictionary of searchable words, by which misspelled search words are corrected."""

from sqlalchemy import CheckConstraint, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base


class SearchTerm(Base):
    """A word of titles, headlines, skills and categories, and the number of documents that contain it.

    `keys` contains the word and every variant with one letter deleted: two words that share a key are at edit distance
    one or two. This needs no alphabet, so it works in databases of any locale, unlike trigrams.
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

"""The SQL function `search_words` and `has_words` agree with each other, with Unicode and with the parser."""

import unicodedata

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.features.catalog import service as catalog
from tests.factories.orders import Market

FILLERS = frozenset("\u115f\u1160\u3164\uffa0")
"""Letters by their category that look like a blank."""
AMONG_WORDS = st.text(alphabet=st.characters(categories=["L", "Nd", "P", "S", "Z"], max_codepoint=0x24FF), max_size=12)


def is_word(letter: str) -> bool:
    """Tell whether Unicode calls it a letter, a decimal digit or a letter number."""
    return unicodedata.category(letter) in ("Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Nl") and letter not in FILLERS


async def test_letters_and_digits_stay_and_signs_become_blanks(market: Market) -> None:
    """Marks are left out: some disappear, others stay in their word; alone they are no word for `has_words`."""
    letters = [
        letter
        for letter in map(chr, range(0x80, 0x110000))
        if unicodedata.category(letter) not in ("Cn", "Cs") and not unicodedata.category(letter).startswith("M")
    ]
    wrong: list[str] = []
    async with market.uow() as work:
        connection = await work.session.connection()
        for start in range(0, len(letters), 20_000):
            some = letters[start : start + 20_000]
            cleaned = await connection.exec_driver_sql("SELECT search_words($1)", ("\n".join(some),))
            lines = str(cleaned.scalar_one()).split("\n")
            assert len(lines) == len(some)
            wrong += [
                ascii(one) for one, line in zip(some, lines, strict=True) if bool(line.strip(" -;`")) != is_word(one)
            ]
    assert wrong == []
    composed = {one: unicodedata.normalize("NFC", one) for one in letters}
    assert [ascii(one) for one in letters if catalog.has_words(one) != any(map(is_word, composed[one]))] == []


def test_marks_and_fillers_alone_are_no_words() -> None:
    marks = [chr(c) for c in range(0x80, 0x110000) if unicodedata.category(chr(c)).startswith("M")]
    assert not any(map(catalog.has_words, [*marks, *FILLERS, "\u00ad", "\u200b"]))


async def test_the_parser_finds_a_word_where_has_words_does(market: Market) -> None:
    typed: list[str] = []

    @given(AMONG_WORDS)
    @settings(
        max_examples=500,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture],
    )
    def collect(text: str) -> None:
        typed.append(text)

    collect()
    typed += ["<b>", "&nbsp;", "&lt;", "http://", "a@b.ru", "1.5", "-5", "C++", "#", "+", "_", "²", "½", "/a/b", "№ 5"]
    statement = """
        SELECT text FROM unnest(CAST($1 AS text[]), CAST($2 AS bool[])) AS typed (text, words)
        WHERE words <> (to_tsvector('simple', search_words(text)) <> '')"""
    async with market.uow() as work:
        connection = await work.session.connection()
        values = (typed, [catalog.has_words(text) for text in typed])
        assert [row[0] for row in await connection.exec_driver_sql(statement, values)] == []

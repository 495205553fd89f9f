"""What an edit took out and put in: both texts can be read off the pieces."""

from hypothesis import given
from hypothesis import strategies as st

from app.core.text.word_diff import MOST_COMPARISONS, Change, Piece, differences, has_changes

words = st.lists(st.sampled_from(["хлеб", "булка", "и", "сайт", "\n\n", "за 5 дней"]), max_size=30).map(" ".join)


def test_a_changed_word_stands_alone() -> None:
    assert differences("Начну в понедельник утром.", "Начну во вторник утром.") == [
        Piece(Change.SAME, "Начну "),
        Piece(Change.REMOVED, "в понедельник "),
        Piece(Change.ADDED, "во вторник "),
        Piece(Change.SAME, "утром."),
    ]
    assert differences("", "") == []
    assert not has_changes(differences("то же", "то же"))
    assert differences("", "новое") == [Piece(Change.ADDED, "новое")]


@given(words, words)
def test_both_texts_can_be_read_off(before: str, after: str) -> None:
    pieces = differences(before, after)
    old = "".join(piece.text for piece in pieces if piece.change is not Change.ADDED)
    new = "".join(piece.text for piece in pieces if piece.change is not Change.REMOVED)
    assert (old.split(), new.split()) == (before.split(), after.split())
    assert has_changes(pieces) == (before.split() != after.split())


def test_two_long_texts_stand_whole() -> None:
    long = "слово " * (int(MOST_COMPARISONS**0.5) + 2)
    assert differences(long, long + "ещё") == [Piece(Change.REMOVED, long), Piece(Change.ADDED, long + "ещё")]

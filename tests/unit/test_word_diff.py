"""Word differences of an edit: both texts can be restored from the parts."""

from hypothesis import given
from hypothesis import strategies as st

from app.core.text.word_diff import MAX_COMPARISONS, Change, Piece, diff_words, has_changes

words = st.lists(st.sampled_from(["хлеб", "булка", "и", "сайт", "\n\n", "за 5 дней"]), max_size=30).map(" ".join)


def test_a_changed_word_stands_alone() -> None:
    assert diff_words("Начну в понедельник утром.", "Начну во вторник утром.") == [
        Piece(Change.SAME, "Начну "),
        Piece(Change.REMOVED, "в понедельник "),
        Piece(Change.ADDED, "во вторник "),
        Piece(Change.SAME, "утром."),
    ]
    assert diff_words("", "") == []
    assert not has_changes(diff_words("то же", "то же"))
    assert diff_words("", "новое") == [Piece(Change.ADDED, "новое")]


@given(words, words)
def test_both_texts_can_be_read_off(before: str, after: str) -> None:
    pieces = diff_words(before, after)
    old = "".join(piece.text for piece in pieces if piece.change is not Change.ADDED)
    new = "".join(piece.text for piece in pieces if piece.change is not Change.REMOVED)
    assert (old.split(), new.split()) == (before.split(), after.split())
    assert has_changes(pieces) == (before.split() != after.split())


def test_two_long_texts_stand_whole() -> None:
    long = "слово " * (int(MAX_COMPARISONS**0.5) + 2)
    assert diff_words(long, long + "ещё") == [Piece(Change.REMOVED, long), Piece(Change.ADDED, long + "ещё")]

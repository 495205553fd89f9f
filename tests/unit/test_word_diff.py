"""Word differences of an edit: both texts can be restored from the parts."""

import time

import pytest
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


HOSTILE = {
    "two words in turn": ("a b " * 499, "b a " * 499),
    "one word": ("a " * 3_000, "a " * 2_999 + "b"),
    "three words against two": ("a b c " * 1_000, "b a " * 1_500),
    "all different": (" ".join(map(str, range(3_000))), " ".join(map(str, range(3_000, 6_000)))),
    "backwards": (" ".join(map(str, range(3_000))), " ".join(map(str, reversed(range(3_000))))),
}


@pytest.mark.parametrize(("before", "after"), HOSTILE.values(), ids=HOSTILE.keys())
def test_no_text_costs_more_than_its_length(before: str, after: str) -> None:
    """The processor time of the slowest texts stays below what a request may hold the event loop (50 ms)."""
    spent = []
    for _attempt in range(3):
        began = time.thread_time()
        diff_words(before, after)
        spent.append(time.thread_time() - began)
    assert min(spent) < 0.05

"""Word-by-word differences between two versions of a text."""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

MAX_COMPARISONS = 10_000_000
"""Limit on the product of both word counts, about 2 ms; above it, the texts are shown whole, one after the other."""
_WORD = re.compile(r"\S+\s*")


class Change(StrEnum):
    """Whether a piece is unchanged, removed or added."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


class Piece(NamedTuple):
    """A piece of a text, with its trailing spaces."""

    change: Change
    text: str


def diff_words(before: str, after: str) -> list[Piece]:
    """Return the pieces of both texts in reading order; the pieces that are not `added` form the text before.

    The time depends on the lengths alone: rapidfuzz compares 64 words at once, whatever the texts repeat.
    """
    if before == after:
        return [Piece(Change.SAME, after)] if after else []
    old, new = _WORD.findall(before), _WORD.findall(after)
    if len(old) * len(new) > MAX_COMPARISONS:
        return [Piece(Change.REMOVED, before), Piece(Change.ADDED, after)]
    pieces = list(_pieces(old, new))
    # A word that ended its text has no trailing space, and may be followed by something now.
    spaced = [Piece(change, words if words[-1].isspace() else f"{words} ") for change, words in pieces[:-1]]
    return [*spaced, *pieces[-1:]]


def _pieces(old: list[str], new: list[str]) -> Iterator[Piece]:
    from rapidfuzz.distance import Indel  # noqa: PLC0415 - 45 ms, and few processes show edits

    # Trailing spaces are no difference: the last word has none.
    same = Indel.opcodes([word.rstrip() for word in old], [word.rstrip() for word in new])
    last = start = 0
    for block in same.as_matching_blocks():
        # The removed words stand before the added ones; the last block is empty and closes the texts.
        for change, words in ((Change.REMOVED, old[last : block.a]), (Change.ADDED, new[start : block.b])):
            if words:
                yield Piece(change, "".join(words))
        last, start = block.a + block.size, block.b + block.size
        if block.size:
            yield Piece(Change.SAME, "".join(new[block.b : start]))


def has_changes(pieces: list[Piece]) -> bool:
    """Tell whether anything was removed or added."""
    return any(piece.change is not Change.SAME for piece in pieces)

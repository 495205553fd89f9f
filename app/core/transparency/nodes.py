"""Merkle trees of which only some hashes are stored: the leaves, and the roots of complete subtrees at some heights.

A node is the root of a complete subtree, named by its height and its index among those of this height; leaves have the
height 0. A proof needs a number of stored hashes that grows with the logarithm of the tree.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from app.core.transparency.merkle import EMPTY_ROOT, node_hash

STEP = 4
"""The roots of complete subtrees are stored at the heights 4, 8, 12 and so on."""
type Node = tuple[int, int]
type StoredNode = tuple[int, int, bytes]
"""Height, index and hash."""
type Join = Callable[[bytes, bytes], bytes]
"""Makes a node of its two children; another one than that of the log makes another kind of tree."""


class TreeBuilder:
    """Appends leaves to a tree whose complete subtrees are known, and tells which roots are to be stored."""

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = (), join: Join = node_hash) -> None:
        self.size = size
        self._join = join
        self._peaks = list(peaks)

    def append(self, hashed: bytes) -> list[StoredNode]:
        """Add the hash of the next leaf; return the roots to store that it completes."""
        completed: list[StoredNode] = []
        position, height = self.size, 0
        while position & 1:
            hashed = self._join(self._peaks.pop(), hashed)
            position, height = position >> 1, height + 1
            if height % STEP == 0:
                completed.append((height, position, hashed))
        self._peaks.append(hashed)
        self.size += 1
        return completed

    def root(self) -> bytes:
        """Return the root of the leaves so far."""
        return fold(self._peaks, self._join)


def fold(peaks: Sequence[bytes], join: Join = node_hash) -> bytes:
    """Return the root of neighbouring complete subtrees, which become smaller from the left to the right."""
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1]
    for peak in peaks[-2::-1]:
        root = join(peak, root)
    return root


def cover(start: int, end: int) -> list[Node]:
    """Return the complete subtrees, from the left to the right, that hold the leaves from `start` up to `end`."""
    found: list[Node] = []
    while start < end:
        height = (end - start).bit_length() - 1
        if start:
            height = min(height, (start & -start).bit_length() - 1)
        found.append((height, start >> height))
        start += 1 << height
    return found


def inclusion_steps(position: int, size: int) -> list[list[Node]]:
    """Return what each hash of the inclusion proof of a leaf is folded from (RFC 6962, 2.1.1).

    Raises:
        IndexError: There is no such leaf.
    """
    if not 0 <= position < size:
        raise IndexError(position)
    start, end = 0, size
    steps: list[list[Node]] = []
    while end - start > 1:
        middle = _middle(start, end)
        if position < middle:
            steps.append(cover(middle, end))
            end = middle
        else:
            steps.append(cover(start, middle))
            start = middle
    return steps[::-1]


def consistency_steps(earlier: int, size: int) -> list[list[Node]]:
    """Return what each hash of the proof is folded from that a tree begins with an earlier one (RFC 6962, 2.1.2).

    Raises:
        IndexError: The tree is smaller.
    """
    if not 0 <= earlier <= size:
        raise IndexError(earlier)
    if earlier == 0:
        return []
    start, end = 0, size
    steps: list[list[Node]] = []
    while earlier != end:
        middle = _middle(start, end)
        if earlier <= middle:
            steps.append(cover(middle, end))
            end = middle
        else:
            steps.append(cover(start, middle))
            start = middle
    if start:
        steps.append(cover(start, end))
    return steps[::-1]


def stored_range(node: Node) -> tuple[int, int, int]:
    """Return the height, the first index and the number of the stored hashes that a node is computed from."""
    height, index = node
    above = height % STEP
    return height - above, index << above, 1 << above


def compute(node: Node, stored: Mapping[Node, bytes], join: Join = node_hash) -> bytes:
    """Return the hash of a node.

    Raises:
        KeyError: A stored hash is missing.
    """
    height, first, count = stored_range(node)
    hashes = [stored[height, first + place] for place in range(count)]
    while len(hashes) > 1:
        hashes = [join(hashes[place], hashes[place + 1]) for place in range(0, len(hashes), 2)]
    return hashes[0]


def proof_of(steps: Iterable[Sequence[Node]], stored: Mapping[Node, bytes], join: Join = node_hash) -> list[bytes]:
    """Return the hashes of a proof from its steps."""
    return [fold([compute(node, stored, join) for node in step], join) for step in steps]


def _middle(start: int, end: int) -> int:
    return start + (1 << (end - start - 1).bit_length() - 1)

"""The Merkle tree of RFC 6962: roots, inclusion and consistency proofs, and their verification."""

from collections.abc import Sequence
from hashlib import sha256

EMPTY_ROOT = sha256().digest()


class ProofError(ValueError):
    """A proof does not fit the roots."""


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of a leaf."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


class RootBuilder:
    """Computes the root of a growing tree; it keeps one hash for each complete subtree, not the leaves."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def append(self, hashed: bytes) -> None:
        """Add the hash of the next leaf."""
        position = self.size
        while position & 1:
            hashed = node_hash(self._peaks.pop(), hashed)
            position >>= 1
        self._peaks.append(hashed)
        self.size += 1

    def root(self) -> bytes:
        """Return the root of the leaves so far."""
        if not self._peaks:
            return EMPTY_ROOT
        root = self._peaks[-1]
        for peak in self._peaks[-2::-1]:
            root = node_hash(peak, root)
        return root


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Return the root of a tree with these leaf hashes."""
    builder = RootBuilder()
    for hashed in hashes:
        builder.append(hashed)
    return builder.root()


def inclusion_proof(hashes: Sequence[bytes], position: int) -> list[bytes]:
    """Return the hashes beside the path from a leaf to the root, from the bottom up.

    Raises:
        IndexError: There is no such leaf.
    """
    if not 0 <= position < len(hashes):
        raise IndexError(position)
    if len(hashes) == 1:
        return []
    middle = _split(len(hashes))
    if position < middle:
        return [*inclusion_proof(hashes[:middle], position), root_of(hashes[middle:])]
    return [*inclusion_proof(hashes[middle:], position - middle), root_of(hashes[:middle])]


def consistency_proof(hashes: Sequence[bytes], earlier: int) -> list[bytes]:
    """Return the proof that the tree of the first `earlier` leaves is a prefix of the tree.

    Raises:
        IndexError: The tree is smaller.
    """
    if not 0 <= earlier <= len(hashes):
        raise IndexError(earlier)
    return _subproof(hashes, earlier, whole=True) if 0 < earlier < len(hashes) else []


def verify_inclusion(hashed: bytes, position: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Verify that a leaf hash is at this position of the tree (RFC 9162, 2.1.3.2).

    Raises:
        ProofError: It is not.
    """
    if not 0 <= position < size:
        raise ProofError("the position is outside of the tree")
    place, last, computed = position, size - 1, hashed
    for step in proof:
        if last == 0:
            raise ProofError("the proof is too long")
        if place & 1 or place == last:
            computed = node_hash(step, computed)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            computed = node_hash(computed, step)
        place, last = place >> 1, last >> 1
    if last or computed != root:
        raise ProofError("the leaf is not in the tree")


def verify_consistency(earlier: int, earlier_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Verify that an earlier tree is a prefix of a later one (RFC 9162, 2.1.4.2).

    Raises:
        ProofError: It is not.
    """
    if not 0 <= earlier <= size:
        raise ProofError("the earlier tree is larger")
    if earlier in {0, size}:
        if proof or earlier_root != (root if earlier else EMPTY_ROOT):
            raise ProofError("the trees differ")
        return
    _verify_prefix(earlier, earlier_root, size, root, proof)


def _verify_prefix(earlier: int, earlier_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Verify a consistency proof between two different trees that are not empty.

    Raises:
        ProofError: It does not hold.
    """
    hashes = [earlier_root, *proof] if earlier & (earlier - 1) == 0 else list(proof)
    if not hashes:
        raise ProofError("the proof is empty")
    place, last = earlier - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = hashes[0]
    for step in hashes[1:]:
        if last == 0:
            raise ProofError("the proof is too long")
        if place & 1 or place == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, step)
        place, last = place >> 1, last >> 1
    if last or old != earlier_root or new != root:
        raise ProofError("the earlier tree is no prefix of the later one")


def _subproof(hashes: Sequence[bytes], earlier: int, *, whole: bool) -> list[bytes]:
    """Return the SUBPROOF of RFC 6962; `whole` tells that the subtree is the earlier tree, whose root is known."""
    if earlier == len(hashes):
        return [] if whole else [root_of(hashes)]
    middle = _split(len(hashes))
    if earlier <= middle:
        return [*_subproof(hashes[:middle], earlier, whole=whole), root_of(hashes[middle:])]
    return [*_subproof(hashes[middle:], earlier - middle, whole=False), root_of(hashes[:middle])]


def _split(size: int) -> int:
    """Return the largest power of two below the size."""
    return 1 << (size - 1).bit_length() - 1

"""The Merkle tree: published vectors, proofs of every size, and proofs that do not hold."""

from hashlib import sha256

import pytest

from app.core.transparency.merkle import (
    EMPTY_ROOT,
    ProofError,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

INPUTS = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
"""The reference implementation's inputs and the roots of the first n of them."""
HASHES = [leaf_hash(bytes.fromhex(text)) for text in INPUTS]
MANY = [leaf_hash(bytes([number])) for number in range(33)]


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size: int) -> None:
    assert root_of(HASHES[:size]).hex() == ROOTS[size]


def test_leaves_and_nodes_are_hashed_apart() -> None:
    assert leaf_hash(b"ab") == sha256(b"\x00ab").digest()
    assert node_hash(b"a", b"b") == sha256(b"\x01ab").digest()
    assert sha256().digest() == EMPTY_ROOT == root_of([])


def test_published_proofs() -> None:
    assert inclusion_proof(HASHES[:5], 4) == [root_of(HASHES[:4])]
    assert [step.hex() for step in inclusion_proof(HASHES[:3], 1)] == [HASHES[0].hex(), HASHES[2].hex()]
    # RFC 6962, 2.1.3: between the trees of 3 and 7 leaves are c, d, g and l; of 6 and 7 leaves i, j and k.
    assert consistency_proof(HASHES[:7], 3) == [HASHES[2], HASHES[3], root_of(HASHES[:2]), root_of(HASHES[4:7])]
    assert consistency_proof(HASHES[:7], 4) == [root_of(HASHES[4:7])]
    assert consistency_proof(HASHES[:7], 6) == [root_of(HASHES[4:6]), HASHES[6], root_of(HASHES[:4])]


@pytest.mark.parametrize("size", range(1, len(MANY) + 1))
def test_every_leaf_and_every_prefix_is_proved(size: int) -> None:
    hashes, root = MANY[:size], root_of(MANY[:size])
    for position in range(size):
        proof = inclusion_proof(hashes, position)
        verify_inclusion(hashes[position], position, size, proof, root)
        for wrong in (proof[:-1], [*proof, root]) if proof else ([root],):
            with pytest.raises(ProofError):
                verify_inclusion(hashes[position], position, size, wrong, root)
        with pytest.raises(ProofError):
            verify_inclusion(hashes[position], (position + 1) % (size + 1), size, proof, root)
        with pytest.raises(ProofError):
            verify_inclusion(leaf_hash(b"another"), position, size, proof, root)
    for earlier in range(size + 1):
        proof = consistency_proof(hashes, earlier)
        verify_consistency(earlier, root_of(hashes[:earlier]), size, root, proof)
        for wrong in ([*proof, root], proof[1:] if proof else [root]):
            with pytest.raises(ProofError):
                verify_consistency(earlier, root_of(hashes[:earlier]), size, root, wrong)
        with pytest.raises(ProofError):
            verify_consistency(earlier, leaf_hash(b"another"), size, root, proof)


def test_places_outside_of_the_tree_are_refused() -> None:
    for position in (-1, 3):
        with pytest.raises(IndexError):
            inclusion_proof(MANY[:3], position)
        with pytest.raises(ProofError):
            verify_inclusion(MANY[0], position, 3, [], root_of(MANY[:3]))
    for earlier in (-1, 4):
        with pytest.raises(IndexError):
            consistency_proof(MANY[:3], earlier)
        with pytest.raises(ProofError):
            verify_consistency(earlier, EMPTY_ROOT, 3, root_of(MANY[:3]), [])

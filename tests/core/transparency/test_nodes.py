"""Proofs from stored hashes equal those computed from all leaves, and read few of them."""

from app.core.transparency import nodes
from app.core.transparency.merkle import consistency_proof, inclusion_proof, leaf_hash, root_of

LEAVES = [leaf_hash(str(number).encode()) for number in range(300)]


def grown(size: int) -> tuple[nodes.TreeBuilder, dict[nodes.Node, bytes]]:
    """Build a tree and return it with its stored hashes."""
    tree = nodes.TreeBuilder()
    stored: dict[nodes.Node, bytes] = {}
    for position, hashed in enumerate(LEAVES[:size]):
        stored[0, position] = hashed
        stored.update({(height, index): root for height, index, root in tree.append(hashed)})
    return tree, stored


def test_stored_hashes_give_the_same_roots_and_proofs() -> None:
    for size in (1, 2, 3, 15, 16, 17, 31, 64, 100, 255, 256, 257, 300):
        tree, stored = grown(size)
        assert tree.root() == root_of(LEAVES[:size])
        for position in {0, size // 3, size // 2, 2 * size // 3, size - 2, size - 1} & set(range(size)):
            proof = nodes.proof_of(nodes.inclusion_steps(position, size), stored)
            assert proof == inclusion_proof(LEAVES[:size], position)
        for earlier in {0, 1, size // 3, size // 2, size - 1, size}:
            proof = nodes.proof_of(nodes.consistency_steps(earlier, size), stored)
            assert proof == consistency_proof(LEAVES[:size], earlier)


def test_a_tree_goes_on_from_its_peaks() -> None:
    _tree, stored = grown(211)
    resumed = nodes.TreeBuilder(211, [nodes.compute(node, stored) for node in nodes.cover(0, 211)])
    for hashed in LEAVES[211:]:
        resumed.append(hashed)
    assert resumed.root() == root_of(LEAVES)


def test_a_proof_in_ten_million_leaves_reads_few_hashes() -> None:
    size = 10_000_019
    for steps in (nodes.inclusion_steps(7_654_321, size), nodes.consistency_steps(7_654_321, size)):
        read = {
            (height, first + place)
            for step in steps
            for height, first, count in map(nodes.stored_range, step)
            for place in range(count)
        }
        assert len(steps) <= 25
        assert len(read) <= 300

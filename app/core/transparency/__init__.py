"""A transparency log without a database: canonical leaves, Merkle tree, signed checkpoints, and bundles of proofs."""

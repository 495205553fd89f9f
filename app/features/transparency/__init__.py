"""Transparency: the sealed log of the ledger, its checkpoints, receipts, bundles, and their verification."""

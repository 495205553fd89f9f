"""Use cases of the transparency log, exported by the module that implements them."""

from app.features.transparency.service.exports import stream_bundle
from app.features.transparency.service.reading import (
    list_checkpoints,
    make_bundle,
    read_any_receipt,
    read_checkpoint,
    read_consistency,
    read_receipt,
)
from app.features.transparency.service.sealing import (
    BATCH,
    SEAL_TASK,
    SealerState,
    read_state,
    seal_batch,
    signing_seed,
    snapshot_day,
)
from app.features.transparency.service.verification import Answer, verify_ledger

__all__ = [
    "BATCH",
    "SEAL_TASK",
    "Answer",
    "SealerState",
    "list_checkpoints",
    "make_bundle",
    "read_any_receipt",
    "read_checkpoint",
    "read_consistency",
    "read_receipt",
    "read_state",
    "seal_batch",
    "signing_seed",
    "snapshot_day",
    "stream_bundle",
    "verify_ledger",
]

"""Use cases of the transparency log, exported by the module that implements them."""

from app.features.transparency.service.sealing import (
    BATCH,
    SEAL_TASK,
    SealerState,
    read_state,
    seal_batch,
    signing_seed,
    snapshot_day,
)

__all__ = ["BATCH", "SEAL_TASK", "SealerState", "read_state", "seal_batch", "signing_seed", "snapshot_day"]

"""Use cases of the transparency log, exported by the module that implements them."""

from app.features.transparency.service.bundles import OpenBundle, open_bundle
from app.features.transparency.service.exports import list_sealed_papers, stream_beancount, stream_bundle
from app.features.transparency.service.reading import (
    list_checkpoints,
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
from app.features.transparency.service.solvency import (
    MadeNight,
    list_nights,
    make_night,
    read_night,
    read_own_solvency,
    solvency_file,
)
from app.features.transparency.service.statements import (
    MEDIA_TYPES,
    STATE_LABELS,
    STATEMENT_PAGE,
    OpenStatement,
    open_statement,
    period_of,
    print_statement,
    read_page,
    read_statement,
    writer_of,
)
from app.features.transparency.service.verification import Answer, verify_ledger

__all__ = [
    "BATCH",
    "MEDIA_TYPES",
    "SEAL_TASK",
    "STATEMENT_PAGE",
    "STATE_LABELS",
    "Answer",
    "MadeNight",
    "OpenBundle",
    "OpenStatement",
    "SealerState",
    "list_checkpoints",
    "list_nights",
    "list_sealed_papers",
    "make_night",
    "open_bundle",
    "open_statement",
    "period_of",
    "print_statement",
    "read_any_receipt",
    "read_checkpoint",
    "read_consistency",
    "read_night",
    "read_own_solvency",
    "read_page",
    "read_receipt",
    "read_state",
    "read_statement",
    "seal_batch",
    "signing_seed",
    "snapshot_day",
    "solvency_file",
    "stream_beancount",
    "stream_bundle",
    "verify_ledger",
    "writer_of",
]

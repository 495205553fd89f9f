"""The verbs of files."""

from app.features.files.service.attaching import attach, attached, own_files
from app.features.files.service.processing import SourceLostError, Work, claim_file, examine, put_off, settle_file
from app.features.files.service.reading import file_limits, get_own_file, remove_file
from app.features.files.service.serving import Content, Wanted, find_content, mark_damaged, pieces
from app.features.files.service.uploading import PROCESS_TASK, announce, arrived, give_up, keep_bytes, source_key

__all__ = [
    "PROCESS_TASK",
    "Content",
    "SourceLostError",
    "Wanted",
    "Work",
    "announce",
    "arrived",
    "attach",
    "attached",
    "claim_file",
    "examine",
    "file_limits",
    "find_content",
    "get_own_file",
    "give_up",
    "keep_bytes",
    "mark_damaged",
    "own_files",
    "pieces",
    "put_off",
    "remove_file",
    "settle_file",
    "source_key",
]

"""The verbs of files."""

from app.features.files.service.attaching import attach, attached, expect, own_files
from app.features.files.service.cutting import cut_picture
from app.features.files.service.processing import SourceLostError, Work, claim_file, examine, put_off, settle_file
from app.features.files.service.reading import file_limits, get_own_file, list_own_files, remove_file
from app.features.files.service.serving import Content, Wanted, find_content, find_preview, mark_damaged, pieces, whole
from app.features.files.service.sweeping import (
    doomed_keys,
    forget_keys,
    is_sound,
    next_to_check,
    remove_left_over,
    report_damage,
    stray_keys,
    tidy_spool,
)
from app.features.files.service.uploading import (
    PROCESS_TASK,
    announce,
    arrived,
    cancel_upload,
    find_upload,
    give_up,
    keep_bytes,
    receive,
    source_key,
    touch,
)

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
    "cancel_upload",
    "claim_file",
    "cut_picture",
    "doomed_keys",
    "examine",
    "expect",
    "file_limits",
    "find_content",
    "find_preview",
    "find_upload",
    "forget_keys",
    "get_own_file",
    "give_up",
    "is_sound",
    "keep_bytes",
    "list_own_files",
    "mark_damaged",
    "next_to_check",
    "own_files",
    "pieces",
    "put_off",
    "receive",
    "remove_file",
    "remove_left_over",
    "report_damage",
    "settle_file",
    "source_key",
    "stray_keys",
    "tidy_spool",
    "touch",
    "whole",
]

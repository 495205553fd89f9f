"""Inspect uploaded files in a subprocess with little memory, little time and none of our settings.

Decoders of images and documents are where crafted files attack. The worker only reads the reported facts and the
files that were written; a process that crashes means a broken file, and
one that times out a file that takes too long to check.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog

from app.gateways.subprocesses import OutOfTimeError, run_module

log = structlog.get_logger()

MODULE = "app.gateways.file_inspection.subprocess_main"
SECONDS = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionRequest:
    """The file to inspect, the output folder, and the limits."""

    source: Path
    media_type: str
    folder: Path
    most_pixels: int
    preview_pixels: int
    square: bool = False
    crop: Mapping[str, float] | None = None
    """Crop of the square preview: `x`, `y` of its centre from 0 to 1, `zoom` from 1; centred when empty."""
    preview_only: bool = False
    """Whether the source was written by an earlier inspection, so that only its preview is rendered."""


@dataclass(frozen=True, slots=True)
class InspectionResult:
    """The result: a refusal, or the facts and the files that were written."""

    refusal: str | None = None
    cause: str | None = None
    """The exact cause of the refusal, a `models.file.RefusalCause`."""
    entry: str | None = None
    """The entry of an archive, or the part of a document, that is at fault."""
    width: int | None = None
    height: int | None = None
    media_type: str | None = None
    """What `main` is, where the content decided on that."""
    main: Path | None = None
    preview: Path | None = None


_REPORTED: set[tuple[str, ...]] = set()


async def _report_missing(missing: tuple[str, ...]) -> None:
    """Log once per process which protections the inspecting process has to do without."""
    if missing and missing not in _REPORTED:
        _REPORTED.add(missing)
        await log.awarning("inspection_not_confined", missing=missing)


async def missing_protections() -> list[str] | None:
    """Return the protections that this system does not offer to the inspecting process; None where it cannot start."""
    try:
        said = await run_module(MODULE, "{}", seconds=SECONDS)
    except OutOfTimeError:
        return None
    return json.loads(said)["missing"] if said else None


async def inspect(order: InspectionRequest) -> InspectionResult:
    """Inspect one file in a new process."""
    task = {
        "source": str(order.source),
        "media_type": order.media_type,
        "folder": str(order.folder),
        "most_pixels": order.most_pixels,
        "preview_pixels": order.preview_pixels,
        "square": order.square,
        "crop": dict(order.crop) if order.crop else None,
        "preview_only": order.preview_only,
    }
    try:
        said = await run_module(MODULE, json.dumps(task), seconds=SECONDS)
    except OutOfTimeError:
        return InspectionResult(refusal="broken", cause="out_of_time")
    if said is None:
        return InspectionResult(refusal="broken")
    facts = json.loads(said)
    await _report_missing(tuple(facts["missing"]))
    return InspectionResult(
        refusal=facts.get("refusal"),
        cause=facts.get("cause"),
        entry=facts.get("entry"),
        width=facts.get("width"),
        height=facts.get("height"),
        media_type=facts.get("media_type"),
        main=order.folder / facts["main"] if facts.get("main") else None,
        preview=order.folder / facts["preview"] if facts.get("preview") else None,
    )

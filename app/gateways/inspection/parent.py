"""Looks into files of strangers in a process of its own, with little memory, little time and no settings of ours.

Decoders of pictures and documents are where crafted files strike. Whatever happens in there, the worker only reads a
few facts and the files that were made; a process that dies or takes too long has found a broken file.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.gateways.processes import run_module

SECONDS = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to look at, where to write, and the limits."""

    source: Path
    media_type: str
    folder: Path
    most_pixels: int
    preview_pixels: int
    square: bool = False
    crop: Mapping[str, float] | None = None
    """What part the square shows: `x`, `y` of its middle from 0 to 1, `zoom` from 1; the middle where none is given."""
    preview_only: bool = False
    """The source is what was made here before: only its preview is drawn."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found: a refusal, or the facts and the files that were made."""

    refusal: str | None = None
    width: int | None = None
    height: int | None = None
    main: Path | None = None
    preview: Path | None = None


async def inspect(order: Order) -> Seen:
    """Look at one file in a fresh process."""
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
    said = await run_module("app.gateways.inspection.child", json.dumps(task), seconds=SECONDS)
    if said is None:
        return Seen(refusal="broken")
    facts = json.loads(said)
    return Seen(
        refusal=facts.get("refusal"),
        width=facts.get("width"),
        height=facts.get("height"),
        main=order.folder / facts["main"] if facts.get("main") else None,
        preview=order.folder / facts["preview"] if facts.get("preview") else None,
    )

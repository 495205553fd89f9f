"""Inspect one file and exit: `python -m app.gateways.file_inspection.subprocess_main '{…}'`.

The process limits and confines itself before it opens anything, prints its findings as JSON, and writes only into the
folder it was given. With an empty object it only prints what this system lacks to confine it.
"""

import json
import resource
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from app.gateways.file_inspection.archives import check_archive
from app.gateways.file_inspection.confinement import confine
from app.gateways.file_inspection.errors import RefusedError
from app.gateways.file_inspection.signatures import CHECKS
from app.gateways.file_inspection.texts import check_text

MEMORY_BYTES = 1_073_741_824
PROCESSOR_SECONDS = 12
OUTPUT_BYTES = 268_435_456
OPEN_FILES = 64


def limit_self() -> None:
    """Give up all resources that the inspection does not need."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    # Below the hard limit the signal tells the parent process why this one ended.
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (OUTPUT_BYTES, OUTPUT_BYTES))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def inspect_picture(task: Mapping[str, Any]) -> dict[str, Any]:
    """Decode and re-encode an image."""
    from app.gateways.file_inspection.images import redraw  # noqa: PLC0415 - heavy, and most files are not images

    return redraw(task)


def inspect_pdf(task: Mapping[str, Any]) -> dict[str, Any]:
    """Open a PDF and render the first page."""
    from app.gateways.file_inspection.images import draw_first_page  # noqa: PLC0415 - heavy, and few files are PDF

    return draw_first_page(task)


def inspect_archive(task: Mapping[str, Any]) -> dict[str, Any]:
    """Read an archive's table of contents; nothing is unpacked."""
    check_archive(Path(task["source"]), task["media_type"])
    return {}


def inspect_text(task: Mapping[str, Any]) -> dict[str, Any]:
    """Check that the file is text."""
    check_text(Path(task["source"]))
    return {}


def inspect_download(task: Mapping[str, Any]) -> dict[str, Any]:
    """Recognize a file that is only downloaded."""
    CHECKS[task["media_type"]](Path(task["source"]))
    return {}


def inspect_stream(task: Mapping[str, Any]) -> dict[str, Any]:
    """Check the signature of an audio or video file."""
    import puremagic  # noqa: PLC0415 - its tables are slow to load

    with Path(task["source"]).open("rb") as handle:
        begin = handle.read(4_096)
    try:
        found = {match.mime_type for match in puremagic.magic_string(begin)}
    except (puremagic.PureError, ValueError):
        found = set[str]()
    if task["media_type"] not in found:
        raise RefusedError("wrong_type")
    return {}


def inspect_file(task: Mapping[str, Any]) -> dict[str, Any]:
    """Choose the inspection by the claimed media type."""
    kind = str(task["media_type"])
    inspectors: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
        "image": inspect_picture,
        "text": inspect_text,
        "audio": inspect_stream,
        "video": inspect_stream,
    }
    if kind == "application/pdf":
        return inspect_pdf(task)
    if kind in CHECKS:
        return inspect_download(task)
    return inspectors.get(kind.partition("/")[0], inspect_archive)(task)


def main() -> int:
    """Inspect the file given by the first argument."""
    limit_self()
    task: dict[str, Any] = json.loads(sys.argv[1])
    missing = confine(Path(task["folder"]), Path(task["source"])) if task else confine()
    try:
        found = inspect_file(task) if task else {}
    except RefusedError as refused:
        found = {"refusal": refused.reason, "cause": refused.cause, "entry": refused.entry}
    sys.stdout.write(json.dumps(found | {"missing": missing}))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Reader of orders in a JSON or CSV file with any field names."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.cli.shared import Refusal


@dataclass(frozen=True, slots=True)
class Record:
    """One order of the file and its line (CSV) or number (JSON)."""

    place: int
    content: dict[str, Any]


def read_records(path: Path) -> list[Record]:
    """Read every record of a `.json`, `.jsonl` or `.csv` file.

    Raises:
        Refusal: The file does not exist or has another format.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as wrong:
        raise Refusal(f"There is no file {path}.") from wrong
    except IsADirectoryError as wrong:
        raise Refusal(f"{path} is a folder: name a JSON or CSV file.") from wrong
    except UnicodeDecodeError as wrong:
        raise Refusal(f"{path} is not UTF-8 text: save it as UTF-8 and try again.") from wrong
    found = list(_csv(text) if path.suffix.lower() == ".csv" else _json(path, text))
    if not found:
        raise Refusal(f"{path} holds no orders.")
    return found


def _csv(text: str) -> Iterator[Record]:
    reader = csv.DictReader(text.splitlines(keepends=True))
    for row in reader:
        yield Record(reader.line_num, {name: value for name, value in row.items() if name and value not in (None, "")})


def _json(path: Path, text: str) -> Iterator[Record]:
    try:
        lines = path.suffix.lower() == ".jsonl"
        content: Any = [json.loads(line) for line in text.splitlines() if line.strip()] if lines else json.loads(text)
    except ValueError as wrong:
        raise Refusal(f"{path} is not valid JSON: {wrong}.") from wrong
    if isinstance(content, dict):
        content = next((value for value in content.values() if isinstance(value, list)), [content])
    if not isinstance(content, list):
        raise Refusal(f"{path} is JSON, but not a list of orders.")
    for number, item in enumerate(content, start=1):
        yield Record(number, item if isinstance(item, dict) else {"title": item})

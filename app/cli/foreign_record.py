"""One record of a file of orders, as the readers of all formats return it."""

from dataclasses import dataclass, field
from typing import Any

MAX_RECORD = 1_000_000
"""Longest record in characters (CSV, JSON lines) or bytes (JSON)."""


@dataclass(frozen=True, slots=True)
class Record:
    """One order of the file and its line (CSV, JSON lines) or number (JSON), or why it cannot be read."""

    place: int
    content: dict[str, Any] = field(default_factory=dict[str, Any])
    refusal: str = ""

"""Selects the log lines that are shown on a terminal, warnings and errors, and formats them as text.

It imports only the standard library, because the process in the terminal stays in memory.
"""

import json
import re

LOUD_LEVELS = frozenset({"warning", "error", "critical"})
_LOUD = re.compile(
    r"\[(warning|error|critical) *\]"  # structlog's text form, with LOG_FORMAT=text
    r"|^(WARNING|ERROR|CRITICAL|FATAL)\b"  # a program that has not configured its logging yet, and the keeper
    r"|^\S+ \S+ \S+ \[\d+\] (WARNING|ERROR|FATAL|PANIC):"  # PostgreSQL
    r"|^\d+:[A-Z] .{24} # (?!Valkey is now ready to exit)"  # Valkey marks warnings and its end with a number sign
    r"|^\[E \d{6} "  # Flower; its warnings only report that a worker has not started yet
)
_MORE = re.compile(r"^\s|^\S+ \S+ \S+ \[\d+\] (DETAIL|HINT|CONTEXT|STATEMENT|QUERY|LOCATION):")
_TRACEBACK = "Traceback (most recent call last):"
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_FIRST_KEYS = ("timestamp", "level", "event", "exception", "logger")


def _read(line: str) -> dict[str, object] | None:
    """Return the fields of a JSON line; None for any other line."""
    if not line.startswith("{"):
        return None
    try:
        found: object = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and "event" in found else None


def _printable(text: str) -> str:
    """Escape control characters that a terminal would execute."""
    return _CONTROL.sub(lambda match: match.group().encode("unicode_escape").decode("ascii"), text)


def _sentence(fields: dict[str, object]) -> str:
    others = (f"{key}={value}" for key, value in fields.items() if key not in _FIRST_KEYS)
    return " ".join([str(fields["event"]), *others])


def as_sentence(line: str) -> str:
    """Format one log line without its time and level; of a traceback only the last line is kept."""
    fields = _read(line)
    if fields is None:
        return _printable(line)
    reason = str(fields.get("exception", "")).strip().splitlines()[-1:]
    return _printable(": ".join([_sentence(fields), *(each.strip() for each in reason)]))


class LoudLines:
    """Selects the lines of one log to show, in the order in which they are read."""

    def __init__(self) -> None:
        self._shown = False
        self._in_traceback = False

    def shown(self, line: str) -> list[str]:
        """Return the lines to show for one line of the log: none, one, or one with its traceback."""
        fields = _read(line)
        if fields is not None:
            self._shown = self._in_traceback = False
            return self._as_text(fields) if fields.get("level") in LOUD_LEVELS else []
        return [_printable(line)] if self._is_loud(line) else []

    def _is_loud(self, line: str) -> bool:
        """Tell whether a line that is not JSON is a warning or an error, or belongs to one above it."""
        if line.startswith(_TRACEBACK):
            self._shown = self._in_traceback = True
        elif self._in_traceback:
            self._in_traceback = line[:1].isspace()  # the line of the exception ends the traceback
        elif not _MORE.search(line):
            self._shown = _LOUD.search(line) is not None
        return self._shown

    @staticmethod
    def _as_text(fields: dict[str, object]) -> list[str]:
        time = str(fields.get("timestamp", ""))[11:19]
        head = f"{time} {fields['level']}: {_sentence(fields)}".strip()
        return [_printable(each) for each in (head, *str(fields.get("exception", "")).splitlines())]

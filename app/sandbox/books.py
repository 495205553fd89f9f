"""The database of the sandbox provider: versions of objects and movements of money are only ever added."""

import json
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

type Body = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS version (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, object_id TEXT NOT NULL, kind TEXT NOT NULL, reference TEXT NOT NULL,
  at TEXT NOT NULL, body TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS version_object ON version (object_id, seq);
CREATE INDEX IF NOT EXISTS version_reference ON version (reference, seq);
CREATE TABLE IF NOT EXISTS newest (
  object_id TEXT PRIMARY KEY, seq INTEGER NOT NULL, kind TEXT NOT NULL, status TEXT NOT NULL, currency TEXT NOT NULL,
  amount INTEGER NOT NULL, payment_id TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS newest_status ON newest (status, kind);
CREATE TABLE IF NOT EXISTS operation (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, object_id TEXT NOT NULL, kind TEXT NOT NULL, reference TEXT NOT NULL,
  at TEXT NOT NULL, currency TEXT NOT NULL, amount INTEGER NOT NULL CHECK (amount <> 0), UNIQUE (object_id, kind)
) STRICT;
CREATE INDEX IF NOT EXISTS operation_at ON operation (currency, at);
CREATE TABLE IF NOT EXISTS answer (
  key TEXT PRIMARY KEY, digest TEXT NOT NULL, at TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS due (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, object_id TEXT NOT NULL, at TEXT NOT NULL, status TEXT NOT NULL,
  reason TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS due_at ON due (at);
CREATE TABLE IF NOT EXISTS message (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, body TEXT NOT NULL, due TEXT NOT NULL, state TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0, forged INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS message_due ON message (state, due);
CREATE TABLE IF NOT EXISTS fault (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, call TEXT NOT NULL, kind TEXT NOT NULL, remaining INTEGER NOT NULL,
  argument INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS person (tax_id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
"""
_APPEND_ONLY = "".join(
    f"CREATE TRIGGER IF NOT EXISTS {table}_{change} BEFORE {change} ON {table} "
    f"BEGIN SELECT RAISE(ABORT, 'the books are append-only'); END;\n"
    for table in ("version", "operation")
    for change in ("update", "delete")
)


@dataclass(frozen=True, slots=True)
class Operation:
    """One movement of money on the provider's account; what leaves it is negative."""

    number: int
    object_id: str
    kind: str
    reference: str
    at: str
    currency: str
    amount: int


def moment(at: datetime) -> str:
    """Return a time as text that sorts like the time."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Books:
    """One SQLite file; the process that opens it is its only writer."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = FULL")
        self.connection.executescript(_SCHEMA + _APPEND_ONLY)

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Keep all changes or none."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def record(self, body: Body, at: str) -> None:
        """Add a version of an object."""
        added = self.connection.execute(
            "INSERT INTO version (object_id, kind, reference, at, body) VALUES (?, ?, ?, ?, ?)",
            (body["id"], body["kind"], body["reference"], at, json.dumps(body)),
        )
        names = ("id", "kind", "status", "currency", "amount")
        self.connection.execute(
            "INSERT OR REPLACE INTO newest (seq, payment_id, object_id, kind, status, currency, amount)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (added.lastrowid, body.get("payment_id"), *(body[name] for name in names)),
        )

    def leaving(self, currency: str) -> int:
        """Return the sum of the refunds and payouts that are on their way out."""
        row = self.connection.execute(
            "SELECT coalesce(sum(amount), 0) FROM newest"
            " WHERE status = 'pending' AND kind IN ('refund', 'payout') AND currency = ?",
            (currency,),
        ).fetchone()
        return int(row[0])

    def refunds_waiting(self, payment_id: str) -> int:
        """Return the sum of the refunds of a payment that are on their way out."""
        row = self.connection.execute(
            "SELECT coalesce(sum(amount), 0) FROM newest"
            " WHERE status = 'pending' AND kind = 'refund' AND payment_id = ?",
            (payment_id,),
        ).fetchone()
        return int(row[0])

    def version(self, object_id: str, *, age: int = 0) -> Body | None:
        """Return the newest version of an object, or one that is `age` changes older; the first one at the oldest."""
        rows = self.connection.execute(
            "SELECT body FROM version WHERE object_id = ? ORDER BY seq DESC LIMIT ?", (object_id, age + 1)
        ).fetchall()
        return json.loads(rows[-1][0]) if rows else None

    def referenced(self, reference: str, since: str, until: str) -> list[Body]:
        """Return the newest versions of the objects with a reference that were created within a window."""
        rows = self.connection.execute(
            "SELECT object_id FROM version WHERE reference = ? GROUP BY object_id"
            " HAVING min(at) >= ? AND min(at) < ? ORDER BY min(seq)",
            (reference, since, until),
        ).fetchall()
        found = (self.version(row[0]) for row in rows)
        return [body for body in found if body is not None]

    def newest(self, kind: str) -> list[Body]:
        """Return the newest version of every object of one kind."""
        rows = self.connection.execute(
            "SELECT body FROM version WHERE seq IN (SELECT max(seq) FROM version WHERE kind = ? GROUP BY object_id)"
            " ORDER BY seq",
            (kind,),
        )
        return [json.loads(row[0]) for row in rows]

    def post(self, body: Body, kind: str, amount: int, at: str) -> None:
        """Add a movement of money; a second one of the same kind for the same object is refused."""
        self.connection.execute(
            "INSERT INTO operation (object_id, kind, reference, at, currency, amount) VALUES (?, ?, ?, ?, ?, ?)",
            (body["id"], kind, body["reference"], at, body["currency"], amount),
        )

    def balance(self, currency: str, before: str) -> int:
        """Return the sum of all movements before a moment."""
        row = self.connection.execute(
            "SELECT coalesce(sum(amount), 0) FROM operation WHERE currency = ? AND at < ?", (currency, before)
        ).fetchone()
        return int(row[0])

    def operations(self, currency: str, since: str, until: str) -> list[Operation]:
        """Return the movements from a moment on, before another one."""
        rows = self.connection.execute(
            "SELECT seq, object_id, kind, reference, at, currency, amount FROM operation"
            " WHERE currency = ? AND at >= ? AND at < ? ORDER BY seq",
            (currency, since, until),
        )
        return [Operation(*row) for row in rows]

    def setting(self, name: str, default: str = "") -> str:
        """Return a stored setting."""
        row = self.connection.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else default

    def keep_setting(self, name: str, value: str) -> None:
        """Store a setting."""
        self.connection.execute("INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)", (name, value))

"""Loads orders from a JSON or CSV file through the same verbs as people use, and says what was refused and why."""

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.core.actor import Actor
from app.core.config import Settings
from app.core.errors import DomainError
from app.core.i18n import _
from app.core.resources import Resources, open_resources
from app.core.unit_of_work import unit_of_work
from app.features.catalog import service as catalog
from app.features.catalog.schemas import Searched
from app.features.identity import service as identity
from app.features.orders import service as orders
from app.local.embedded import ServerAddresses


class UnreadableFileError(Exception):
    """The file as a whole cannot be read; the message says what to do."""


class NoSuchOwnerError(Exception):
    """Nobody has the name that the orders should belong to."""


@dataclass(slots=True)
class Report:
    """What became of every record."""

    created: int = 0
    known: int = 0
    refused: list[tuple[int, str, str]] = field(default_factory=list[tuple[int, str, str]])
    tags: Counter[str] = field(default_factory=Counter[str])
    unknown_fields: Counter[str] = field(default_factory=Counter[str])

    @property
    def refused_records(self) -> int:
        """How many records were refused; one may be refused for several fields."""
        return len({place for place, _name, _text in self.refused})


@dataclass(frozen=True, slots=True)
class Record:
    """One order of the file and the line (CSV) or the number (JSON) at which it stands."""

    place: int
    content: dict[str, Any]


def read_records(path: Path) -> list[Record]:
    """Read every record of a `.json`, `.jsonl` or `.csv` file.

    Raises:
        UnreadableFileError: It is not there, or is none of these.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as wrong:
        raise UnreadableFileError(f"There is no file {path}.") from wrong
    except IsADirectoryError as wrong:
        raise UnreadableFileError(f"{path} is a folder: name a JSON or CSV file.") from wrong
    except UnicodeDecodeError as wrong:
        raise UnreadableFileError(f"{path} is not UTF-8 text: save it as UTF-8 and try again.") from wrong
    found = list(_csv(text) if path.suffix.lower() == ".csv" else _json(path, text))
    if not found:
        raise UnreadableFileError(f"{path} holds no orders.")
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
        raise UnreadableFileError(f"{path} is not valid JSON: {wrong}.") from wrong
    if isinstance(content, dict):
        content = next((value for value in content.values() if isinstance(value, list)), [content])
    if not isinstance(content, list):
        raise UnreadableFileError(f"{path} is JSON, but not a list of orders.")
    for number, item in enumerate(content, start=1):
        yield Record(number, item if isinstance(item, dict) else {"title": item})


async def find_owner(resources: Resources, username: str) -> Actor:
    """Return the person the orders will belong to.

    Raises:
        NoSuchOwnerError: Nobody has this name.
    """
    async with resources.read_sessions() as session:
        found = await identity.find_actor(session, username)
    if found is None:
        raise NoSuchOwnerError(f"Nobody here is called {username}: name an existing account with --owner.")
    return found


async def import_records(
    resources: Resources, owner: Actor, records: list[Record], *, publish: bool, progress: Callable[[], object]
) -> Report:
    """Make an order of each record, each in its own transaction; what an earlier run made is left alone."""
    report = Report()
    seen: Counter[str] = Counter()
    for record in records:
        plain = orders.record_key(record.content, 0)
        seen[plain] += 1
        key = orders.record_key(record.content, seen[plain])
        try:
            async with unit_of_work(resources) as uow:
                made = await orders.import_order(uow, owner, record.content, key, publish=publish)
        except DomainError as error:
            found = [(".".join(str(part) for part in item.loc if part != "body"), item.text()) for item in error.errors]
            found = found or [("", error.text() or _(error.title))]
            report.refused += [(record.place, name, text) for name, text in found]
        else:
            report.created += made.created
            report.known += not made.created
            report.tags.update(made.tags if made.created else ())
            report.unknown_fields.update(made.unknown_fields)
        progress()
    if report.created:  # so that a search knows their words at once, and not when the clock strikes
        async with unit_of_work(resources) as uow:
            await catalog.learn_terms(uow, Searched.ORDERS)
    return report


async def import_file(
    settings: Settings,
    servers: ServerAddresses,
    path: Path,
    owner: str,
    *,
    publish: bool,
    progress: Callable[[int], Callable[[], object]],
) -> Report:
    """Import a file; `progress` is told how many records there are and answers what to call after each."""
    records = read_records(path)
    async with open_resources(settings, database_url=servers.database_url, redis_url=servers.redis_url) as resources:
        person = await find_owner(resources, owner)
        return await import_records(resources, person, records, publish=publish, progress=progress(len(records)))

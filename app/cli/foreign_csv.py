"""Reader of orders in tables: commas, semicolons or tabs, as Excel and others save them."""

import csv
from collections import Counter, deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from app.cli.foreign_record import MAX_RECORD, Record
from app.cli.shared import Refusal

DELIMITERS = ",;\t|"
MAX_CELL = 100_000
OPEN_QUOTE = "A quotation mark is opened and not closed, or stands inside a cell; quote the cell and double the mark."


class TooLongError(csv.Error):
    """A record does not end within the limit."""


class _Lines:
    """The lines of the file for the CSV reader; those of a record that failed can be given again."""

    def __init__(self, file: IO[str]) -> None:
        self.file = file
        self.again: deque[str] = deque()
        self.taken: list[str] = []
        self.number = 0
        self.length = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self.again.popleft() if self.again else self.file.readline(MAX_RECORD)
        if not line:
            raise StopIteration
        self.number += 1
        self.taken.append(line)
        self.length += len(line)
        if self.length >= MAX_RECORD:
            while line and not line.endswith(("\n", "\r")):  # the rest of one endless line
                line = self.file.readline(MAX_RECORD)
            raise TooLongError
        return line

    def begin(self) -> None:
        """Start a record: forget the lines before it."""
        self.taken, self.length = [], 0

    def give_again(self) -> None:
        """Keep only the first line of the record that failed; the others are read again."""
        self.again.extendleft(reversed(self.taken[1:]))
        self.number -= len(self.taken) - 1


def reader(path: Path, encoding: str) -> Callable[[], Iterator[Record]]:
    """Return a function that reads the records.

    Raises:
        Refusal: No column holds the titles, or two columns have one name.
    """
    from app.features.orders import service as orders

    csv.field_size_limit(MAX_RECORD)
    delimiter, header_lines = _delimiter(path, encoding, orders.is_known_name)

    def opened() -> Iterator[tuple[int, list[str] | str]]:
        with path.open(encoding=encoding, newline="") as file:
            for place, row in _rows(_Lines(file), delimiter):
                if place > header_lines:
                    yield place, row

    header = next((row for _place, row in opened()), [])
    if isinstance(header, str):
        raise Refusal(f"The first line of {path} cannot be read: {header}")
    names = [name.strip() or f"column {number}" for number, name in enumerate(header, start=1)]
    twice = [name for name, count in Counter(map(orders.folded_name, names)).items() if count > 1]
    if twice:
        raise Refusal(f"Two columns of {path} are named {', '.join(twice)}: rename or remove one.")
    if header and not any(map(orders.names_title, names)):
        raise Refusal(
            f"No column of {path} is named “title” (“название”); found: {', '.join(names)[:500]}. "
            "The first line has to name the columns."
        )

    def read() -> Iterator[Record]:
        rows = opened()
        next(rows, None)
        return (_record(place, names, row) for place, row in rows if row)

    return read


def _record(place: int, names: list[str], row: list[str] | str) -> Record:
    if isinstance(row, str):
        return Record(place, refusal=row)
    if any(cell.strip() for cell in row[len(names) :]):
        return Record(
            place,
            refusal=f"The line has {len(row)} cells and the table {len(names)} columns: "
            "put cells that contain the separator into quotation marks.",
        )
    long = [name for name, cell in zip(names, row, strict=False) if len(cell) > MAX_CELL]
    if long:
        return Record(place, refusal=f"The cell {long[0]} has more than {MAX_CELL} characters.")
    return Record(place, {name: cell for name, cell in zip(names, row, strict=False) if cell})


def _rows(lines: _Lines, delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """Yield the first line number of each record and its cells, or why it cannot be read; empty lines are left out.

    An open quotation mark makes everything after it one cell: only its own line is refused, the next ones are read
    again.
    """
    while True:
        rows = csv.reader(lines, delimiter=delimiter, strict=True)
        place = lines.number + 1
        try:
            while True:
                lines.begin()
                place = lines.number + 1
                row = next(rows)
                if any(row):
                    yield place, row
        except StopIteration:
            return
        except csv.Error as wrong:
            alone = isinstance(wrong, TooLongError) and len(lines.taken) == 1
            lines.give_again()
            yield place, f"The line has more than {MAX_RECORD} characters." if alone else OPEN_QUOTE


def _delimiter(path: Path, encoding: str, is_known: Callable[[str], bool]) -> tuple[str, int]:
    """Return the delimiter and how many lines stand before the header.

    Excel writes `sep=;` as a first line; else it is the one that finds the most columns in the header.
    """
    with path.open(encoding=encoding, newline="") as file:
        first = file.readline(MAX_RECORD)
    told = first.strip().strip('"')
    if told[:4].lower() == "sep=" and len(told) <= len("sep=;"):
        return told[4:] or "\t", 1

    def columns(delimiter: str) -> tuple[int, int]:
        with path.open(encoding=encoding, newline="") as file:
            row = next((row for _place, row in _rows(_Lines(file), delimiter)), "")
        return (sum(map(is_known, row)), len(row)) if isinstance(row, list) else (0, 0)

    return max(DELIMITERS, key=columns), 0

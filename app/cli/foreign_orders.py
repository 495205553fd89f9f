"""Reader of orders in a JSON, JSON lines or CSV file with any field names; memory does not grow with the file."""

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.cli import foreign_csv, foreign_json
from app.cli.foreign_record import Record
from app.cli.shared import Refusal

_BLOCK, _HEAD = 1 << 20, 4096
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_NUL_SHARE = 0.05
_CYRILLIC = re.compile(r"[А-яЁёІіЇїЄєҐґЎў]")
_UNLIKELY = re.compile(
    r"[A-Za-z][А-яЁё]|[А-яЁё][A-Za-z]|[а-яё][А-ЯЁ]|[А-яЁё][©®±§]|[©®±§][А-яЁё]"
    r"|[^\x00-\x7fА-яЁёІіЇїЄєҐґЎў«»“”„‘’…–—•·№°±×§©®™€\xa0\xad]"
)
_CAPITAL, _UNLIKELY_SHARE, _CAPITAL_SHARE = re.compile(r"[А-ЯЁ]"), 0.1, 0.5
_FREQUENT, _FREQUENT_OF_KOI8 = re.compile(r"[АОТ]"), re.compile(r"[БПФ]")
"""Frequent capitals of Russian, and what windows-1251 makes of the same small letters in koi8-r."""


@dataclass(frozen=True, slots=True)
class ForeignFile:
    """A file whose records have been counted; iterating reads it again from its beginning."""

    read: Callable[[], Iterator[Record]]
    count: int
    encoding: str

    def __iter__(self) -> Iterator[Record]:
        """Read the records."""
        return self.read()


def read_records(path: Path) -> ForeignFile:
    """Open a `.json`, `.jsonl`, `.ndjson` or `.csv` file and read it through once, before anything is imported.

    Raises:
        Refusal: The file does not exist, or as a whole is not of its format.
    """
    try:
        encoding = _encoding(path)
        match path.suffix.lower():
            case ".csv" | ".tsv" | ".txt":
                read = foreign_csv.reader(path, encoding)
            case ".jsonl" | ".ndjson":
                read = foreign_json.line_reader(path, encoding)
            case _:
                read = foreign_json.reader(path, encoding)
        count = sum(1 for _record in read())
    except FileNotFoundError as wrong:
        raise Refusal(f"There is no file {path}.") from wrong
    except IsADirectoryError as wrong:
        raise Refusal(f"{path} is a folder: name a JSON or CSV file.") from wrong
    if not count:
        raise Refusal(f"{path} holds no orders.")
    return ForeignFile(read, count, encoding)


def _encoding(path: Path) -> str:
    """Return the encoding: by a byte order mark, else UTF-8, else windows-1251, in which Russian Excel saves."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(_WORKBOOKS):
        raise Refusal(f"{path} is an Excel workbook or an archive: save the table as CSV and try again.")
    marked = next((name for mark, name in _BOMS if head.startswith(mark)), None)
    if marked is None and head.count(0) > len(head) * _NUL_SHARE:
        marked = "utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be"
    for encoding in (marked,) if marked else ("utf-8", "cp1251"):
        if _decodes(path, encoding):
            return encoding
    raise Refusal(f"{path} is neither UTF-8 nor Russian windows-1251 text: save it as UTF-8 and try again.")


def _decodes(path: Path, encoding: str) -> bool:
    """Tell whether the file is text in this encoding; windows-1251 decodes nearly anything, so it must look Russian."""
    sample = ""
    try:
        with path.open(encoding=encoding, newline="") as file:
            while block := file.read(_BLOCK):
                sample = sample or (block if not block.isascii() else "")
    except UnicodeDecodeError:
        return False
    return encoding != "cp1251" or _looks_russian(sample)


def _looks_russian(text: str) -> bool:
    """Tell real words from those of another encoding: koi8-r swaps capitals, others mix letters with signs."""
    letters, unlikely = len(_CYRILLIC.findall(text)), len(_UNLIKELY.findall(text))
    koi8 = len(_CAPITAL.findall(text)) > letters * _CAPITAL_SHARE and len(_FREQUENT_OF_KOI8.findall(text)) > len(
        _FREQUENT.findall(text)
    )
    return unlikely <= letters * _UNLIKELY_SHARE and not koi8

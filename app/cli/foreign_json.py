"""Reader of orders in JSON and JSON lines: each record is parsed alone, so that a bad one refuses only itself."""

import json
import mmap
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from app.cli.foreign_record import MAX_RECORD, Record
from app.cli.shared import Refusal

LISTS = ("orders", "items", "data")
"""Names of the list of orders inside an object."""
MAX_DEPTH = 50
_BLOCK = 1 << 20
_TOKENS = re.compile(rb'"(?:[^"\\]++|\\.)*+"|["{}\[\],]', re.DOTALL)
_KEY = re.compile(rb'\s*("(?:[^"\\]++|\\.)*+")\s*:\s*', re.DOTALL)
_BLANK = re.compile(rb"\s*")
_OPEN, _CLOSE, _COMMA, _QUOTE = b"[{", b"]}", ord(","), ord('"')


def reader(path: Path, encoding: str) -> Callable[[], Iterator[Record]]:
    """Return a function that reads the records of a list, of an object that holds the list, or of one order."""

    def read() -> Iterator[Record]:
        with _mapped(path, encoding) as data:
            try:
                for number, (begin, end) in enumerate(_records(data, path), start=1):
                    yield _record(number, data, begin, end)
            except ValueError as wrong:
                raise Refusal(f"{path} is not valid JSON: {wrong}.") from wrong

    return read


def line_reader(path: Path, encoding: str) -> Callable[[], Iterator[Record]]:
    """Return a function that reads one record from each line."""

    def read() -> Iterator[Record]:
        with path.open(encoding=encoding, newline="") as file:
            place = 0
            while line := file.readline(MAX_RECORD):
                place += 1
                long = len(line) >= MAX_RECORD
                while len(line) >= MAX_RECORD and not line.endswith(("\n", "\r")):
                    line = file.readline(MAX_RECORD)
                if long:
                    yield Record(place, refusal=f"The record is longer than {MAX_RECORD} bytes.")
                elif line.strip():
                    content = line.encode(errors="surrogatepass")
                    yield _record(place, content, 0, len(content))

    return read


@contextmanager
def _mapped(path: Path, encoding: str) -> Generator[mmap.mmap | bytes]:
    """Map the file as UTF-8 bytes without reading it into memory; another encoding is converted into a copy."""
    with tempfile.TemporaryFile() as copy, path.open("rb") as original:
        source: IO[bytes] = original
        if encoding != "utf-8":
            with path.open(encoding=encoding, newline="") as text:
                while block := text.read(_BLOCK):
                    copy.write(block.encode())
            copy.flush()
            source = copy
        if source.seek(0, 2) == 0:
            yield b""
            return
        # Not closed here: the error of a caller may still hold a match in it.
        yield mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ)


def _records(data: mmap.mmap | bytes, path: Path) -> Iterator[tuple[int, int]]:
    """Yield the begin and the end of each record of the file."""
    begin = _skip(data, 0)
    match data[begin : begin + 1]:
        case b"":
            return
        case b"[":
            end = yield from _children(data, begin)
        case b"{":
            end = yield from _records_of_object(data, begin, path)
        case _:
            raise Refusal(f"{path} is JSON, but not a list of orders.")
    if _skip(data, end) != len(data):
        raise ValueError("something follows its end; save one record a line as .jsonl")


def _records_of_object(data: mmap.mmap | bytes, begin: int, path: Path) -> Generator[tuple[int, int], None, int]:
    """Yield the records of the list in an object, or the object itself where it is an order; return its end."""
    lists, has_title, end = _look_into(data, begin)
    if len(lists) > 1 or (lists and has_title):
        names = ", ".join([name for name, _begin in lists] + ["a title"] * has_title)
        raise Refusal(f"{path} has {names} beside each other: leave one list of orders, or the one order.")
    if lists:
        yield from _children(data, lists[0][1])
    elif has_title:
        yield begin, end
    else:
        raise Refusal(f"{path} is JSON, but not a list of orders: name the list {', '.join(LISTS)}.")
    return end


def _look_into(data: mmap.mmap | bytes, begin: int) -> tuple[list[tuple[str, int]], bool, int]:
    """Return the names and begins of the lists of orders in an object, whether it has a title, and its end."""
    from app.features.orders import service as orders

    lists: list[tuple[str, int]] = []
    has_title = False
    children = _children(data, begin)
    while True:
        try:
            first, _last = next(children)
        except StopIteration as done:
            return lists, has_title, done.value
        key = _KEY.match(data, first)
        if key is None:
            raise ValueError("a name in quotation marks is missing")
        name = str(json.loads(key[1]))
        if name.lower() in LISTS and _holds_objects(data, key.end()):
            lists.append((name, key.end()))
        has_title = has_title or orders.names_title(name)


def _holds_objects(data: mmap.mmap | bytes, begin: int) -> bool:
    """Tell whether a list begins here that is empty or begins with an object."""
    first = _skip(data, begin + 1)
    return data[begin : begin + 1] == b"[" and data[first : first + 1] in (b"{", b"]")


def _children(data: mmap.mmap | bytes, begin: int) -> Generator[tuple[int, int], None, int]:
    """Yield the begin and the end of each element of the list or object, and return where that ends."""
    first = begin + 1
    for position, depth in _marks(data, begin):
        if depth == 0 or (depth == 1 and data[position] == _COMMA):
            if depth or first > begin + 1 or _skip(data, first) < position:
                yield first, position
            first = position + 1
        if depth == 0:
            if _OPEN.index(data[begin]) != _CLOSE.index(data[position]):
                break
            return first
    raise ValueError("a list or an object is not closed")


def _marks(data: mmap.mmap | bytes, begin: int) -> Iterator[tuple[int, int]]:
    """Yield the position of each bracket and comma outside of texts, and the depth after it."""
    depth = 0
    for token in _TOKENS.finditer(data, begin):
        mark = data[token.start()]
        if mark == _QUOTE:
            if token.end() - token.start() == 1:
                raise ValueError("a text has no closing quotation mark")
            continue
        depth += (mark in _OPEN) - (mark in _CLOSE)
        yield token.start(), depth


def _skip(data: mmap.mmap | bytes, position: int) -> int:
    """Return the position after white space."""
    blank = _BLANK.match(data, position)
    return blank.end() if blank else position


def _record(place: int, data: mmap.mmap | bytes, begin: int, end: int) -> Record:
    if end - begin > MAX_RECORD:
        return Record(place, refusal=f"The record is longer than {MAX_RECORD} bytes.")
    text = data[begin:end]
    try:
        may_be_deep = text.count(b"[") + text.count(b"{") > MAX_DEPTH
        if may_be_deep and max(depth for _position, depth in _marks(text, 0)) > MAX_DEPTH:
            return Record(place, refusal=f"The record nests lists and objects more than {MAX_DEPTH} deep.")
        content: Any = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_refuse_repeated)
    except ValueError as wrong:
        return Record(place, refusal=f"The record is not valid JSON: {wrong}.")
    if not isinstance(content, dict):
        return Record(place, refusal="The record is not an object with named fields, such as a title.")
    return Record(place, dict(content))


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number")


def _refuse_repeated(fields: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(fields)
    if len(content) < len(fields):
        name, _count = Counter(name for name, _value in fields).most_common(1)[0]
        raise ValueError(f"{name[:100]} is written twice")
    return content

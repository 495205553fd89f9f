"""Finds every text of the pages and commands and lists those without Russian: `python -m tools.i18n [--write]`.

English is written in the code, Russian in `app/core/i18n/locale/ru/<area>.po`. `--write` adds what is missing with an
empty translation, in the area of the first file that contains it, and removes what is no longer used.
"""

import argparse
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
LOCALE = ROOT / "app" / "core" / "i18n" / "locale" / "ru"
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}
HEADER = """msgid ""
msgstr ""
"Language: ru\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);\\n"

"""
type Key = str | tuple[str, str]


@dataclass(slots=True)
class Found:
    """One text: its area and the files that contain it."""

    key: Key
    area: str
    files: list[str] = field(default_factory=list)


def sources() -> Iterator[tuple[Path, str]]:
    """Yield every file that may contain texts and the extractor for it, in a fixed order."""
    for path in sorted((ROOT / "app").rglob("*.py")):
        yield path, "python"
    for suffix in ("*.html", "*.txt"):
        for path in sorted((ROOT / "app").rglob(f"templates/**/{suffix}")):
            yield path, "jinja2"


def area_of(path: Path) -> str:
    """Return the area of a source file: the name of the `.po` file for its texts."""
    parts = list(path.relative_to(ROOT / "app").parts)
    if "templates" in parts:
        rest = parts[parts.index("templates") + 1 :]
        if len(rest) > 1 and (ROOT / "app" / "features" / rest[0]).is_dir():
            return rest[0]
    if parts[0] == "features" and len(parts) > 2:  # noqa: PLR2004 - features/<feature>/<file>
        return parts[1]
    return parts[0] if parts[0] in {"web", "sandbox"} else "core"


def extract() -> dict[Key, Found]:
    """Return every text of the sources."""
    found: dict[Key, Found] = {}
    for path, method in sources():
        options = {"trimmed": "true", "extensions": "jinja2.ext.do"} if method == "jinja2" else {}
        for _line, message, _comments, _context in extract_from_file(method, path, KEYWORDS, (), options):
            key: Key = (message[0], message[1]) if isinstance(message, tuple) else message
            if not key:
                continue
            item = found.setdefault(key, Found(key, area_of(path)))
            name = path.relative_to(ROOT).as_posix()
            if name not in item.files:
                item.files.append(name)
    return found


def read_area(area: str) -> Catalog:
    """Return the catalogue of one area, empty if there is none yet."""
    path = LOCALE / f"{area}.po"
    if not path.exists():
        return Catalog(locale="ru", project="ipLance", charset="utf-8", fuzzy=False)
    with path.open("rb") as handle:
        return read_po(handle, locale="ru")


def areas() -> list[str]:
    """Return the areas that have a file."""
    return sorted(path.stem for path in LOCALE.glob("*.po"))


def key_of(message: Message) -> Key:
    """Return the text of a catalogue entry in the shape that `extract` uses."""
    return (str(message.id[0]), str(message.id[1])) if isinstance(message.id, list | tuple) else str(message.id)


def is_complete(message: Message) -> bool:
    """Tell whether an entry is translated in every plural form that Russian needs."""
    if message.fuzzy:
        return False
    if message.pluralizable:
        return isinstance(message.string, list | tuple) and len(message.string) == 3 and all(message.string)  # noqa: PLR2004
    return bool(message.string)


@dataclass(slots=True)
class Report:
    """The differences between the sources and the catalogues."""

    missing: list[Found]
    obsolete: list[tuple[str, Key]]
    unfinished: list[tuple[str, Key]]


def check() -> Report:
    """Compare the sources with the catalogues."""
    found = extract()
    known: set[Key] = set()
    report = Report([], [], [])
    for area in areas():
        for message in read_area(area):
            if not message.id:
                continue
            key = key_of(message)
            if key not in found:
                report.obsolete.append((area, key))
            elif not is_complete(message):
                report.unfinished.append((area, key))
            known.add(key)
    report.missing = [item for key, item in found.items() if key not in known]
    return report


def save(area: str, catalog: Catalog) -> None:
    """Write a catalogue without dates and line numbers, so that changes of two people rarely conflict."""
    body = io.BytesIO()
    write_po(body, catalog, width=110, no_location=True, omit_header=True)
    (LOCALE / f"{area}.po").write_bytes(HEADER.encode() + body.getvalue())


def write(report: Report) -> None:
    """Add missing texts with an empty translation and remove obsolete ones."""
    touched = {item.area for item in report.missing} | {area for area, _key in report.obsolete}
    for area in sorted(touched):
        catalog = read_area(area)
        for owner, key in report.obsolete:
            if owner == area:
                catalog.delete(key[0] if isinstance(key, tuple) else key)
        for item in report.missing:
            if item.area == area:
                catalog.add(item.key, ("", "", "") if isinstance(item.key, tuple) else "")
        save(area, catalog)


def main() -> int:
    """Print the differences, and update the catalogues if requested."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="add empty entries and take out obsolete ones")
    arguments = parser.parse_args()
    report = check()
    for item in report.missing:
        print(f"missing    {item.area:<14} {item.key!r}  {item.files[0]}")
    for area, key in report.obsolete:
        print(f"obsolete   {area:<14} {key!r}")
    for area, key in report.unfinished:
        print(f"unfinished {area:<14} {key!r}")
    if arguments.write:
        write(report)
        return 0
    return 1 if report.missing or report.obsolete or report.unfinished else 0


if __name__ == "__main__":
    sys.exit(main())

"""Names, documents and docstrings do not use the retired words of docs/glossary.md."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.test_documents import documents, prose, relative_name
from tests.architecture.test_structure import ROOT

GLOSSARY = ROOT / "docs" / "glossary.md"
FOLDERS = ("app", "tools", "bench", "tests")
SOURCES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))

# Parts of names in which a retired word is the right one.
ALLOWED_NAMES: dict[str, str] = {
    "dead_letter": "the messaging term",
    "dead_letters": "the messaging term",
    "cover_letter": "the product's term",
    "cover_letters": "the product's term",
    "letters_digits": "characters of an alphabet",
    "at_most": "an upper bound in a sentence",
    "rank_people": "the position of a search result",
}
# Files and folders in which one retired word is the right one.
ALLOWED_PATHS: dict[str, tuple[str, str]] = {
    "tests/faults": ("faults", "fault injection"),
    "app/sandbox": ("faults", "fault injection"),
    "tests/gateways/payments": ("faults", "fault injection"),
    "tests/browser/chromium": ("narrow", "the width of a window"),
}
# Names of tests are sentences, in which these are ordinary English.
ORDINARY_IN_SENTENCES = {
    "anew", "arrived", "faults", "fewest", "letter", "letters", "longest", "look_at", "looked_at", "mend", "mended",
    "misleading", "most", "narrow", "room", "slips", "stray", "strays", "stretches", "take_back", "taken_back", "talk",
    "talks", "tell", "told",
}  # fmt: skip
# Documents that quote retired words.
QUOTING = {"docs/glossary.md"}


def retired(heading: str) -> list[str]:
    """Return the words in the first column of the table under a heading of the glossary."""
    section = GLOSSARY.read_text(encoding="utf-8").split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| ([^|]+) \|", section, re.MULTILINE)
    return [word.strip() for row in rows[1:] for word in row.split(",")]


RETIRED_IN_NAMES = [word.replace(" ", "_") for word in retired("Retired words in names")]
RETIRED_IN_PROSE = re.compile(r"\b(?:" + "|".join(retired("Retired words in prose")) + r")\b", re.IGNORECASE)


def snake_case(name: str) -> str:
    """Return the words of a name in lower case with underscores between."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def retired_words(name: str) -> list[str]:
    """Return the retired words in a name."""
    words = f"_{snake_case(name).strip('_')}_"
    for allowed in ALLOWED_NAMES:
        words = words.replace(f"_{allowed}_", "_")
    ignored = ORDINARY_IN_SENTENCES if name.startswith("test_") else set[str]()
    return [word for word in RETIRED_IN_NAMES if word not in ignored and f"_{word}_" in words]


def defined_names(source: ast.Module) -> Iterator[str]:
    """Yield the names of functions, classes and module or class constants."""
    for node in ast.walk(source):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        if isinstance(node, ast.Module | ast.ClassDef):
            for statement in node.body:
                targets: list[ast.expr] = []
                if isinstance(statement, ast.Assign):
                    targets = statement.targets
                elif isinstance(statement, ast.AnnAssign):
                    targets = [statement.target]
                yield from (item.id for item in targets if isinstance(item, ast.Name) and item.id.isupper())


def docstrings(source: ast.Module) -> Iterator[str]:
    """Yield the docstrings of a module, its classes and its functions."""
    for node in ast.walk(source):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""


def allowed_below(path: Path) -> set[str]:
    """Return the retired words that are allowed in a file and its name."""
    return {word for start, (word, _) in ALLOWED_PATHS.items() if relative_name(path).startswith(start)}


def retired_in_path(path: Path) -> list[str]:
    """Return the retired words in the path of a file, below the root of the repository."""
    parts = relative_name(path).removesuffix(".py").split("/")
    return [word for part in parts for word in retired_words(part) if word not in allowed_below(path)]


@pytest.mark.parametrize("path", SOURCES, ids=relative_name)
def test_names_use_no_retired_words(path: Path) -> None:
    source = ast.parse(path.read_text(encoding="utf-8"))
    allowed = allowed_below(path)
    wrong = {name: words for name in defined_names(source) if (words := set(retired_words(name)) - allowed)}
    assert (retired_in_path(path), wrong) == ([], {})


@pytest.mark.parametrize("path", SOURCES, ids=relative_name)
def test_docstrings_use_no_retired_words(path: Path) -> None:
    source = ast.parse(path.read_text(encoding="utf-8"))
    assert [found for text in docstrings(source) for found in RETIRED_IN_PROSE.findall(text)] == []


@pytest.mark.parametrize(
    "path", [path for path in documents() if relative_name(path) not in QUOTING], ids=relative_name
)
def test_documents_use_no_retired_words(path: Path) -> None:
    text = "\n".join(re.sub(r"`[^`]*`|\]\([^)]*\)", "", line) for _, line in prose(path.read_text(encoding="utf-8")))
    assert RETIRED_IN_PROSE.findall(text) == []


def test_the_tables_of_retired_words_are_read() -> None:
    assert {"house", "desk", "front_door", "letters"} <= set(RETIRED_IN_NAMES)
    assert {"how manieth", "the desk"} <= set(retired("Retired words in prose"))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("OrderDesk", ["desk"]),
        ("open_front_door", ["front_door", "door"]),
        ("MOST_THINGS", ["most"]),
        ("HTTPNudger", ["nudger"]),
        ("store_letter", ["letter"]),
        ("_letter_of", ["letter"]),
        ("test_the_desk_is_sorted", ["desk"]),
        ("test_letters_arrived", []),
        ("replay_dead_letters", []),
        ("CoverLetterTemplate", []),
        ("desktop_width", []),
        ("classroom", []),
    ],
)
def test_retired_words_are_found_in_names(name: str, words: list[str]) -> None:
    assert retired_words(name) == words


def test_definitions_and_docstrings_are_found() -> None:
    source = ast.parse('"""A."""\nA_B = 1\nlower = 2\nclass C:\n    """B."""\n    D: int = 3\n    def e(self): ...\n')
    assert set(defined_names(source)) == {"A_B", "C", "D", "e"}
    assert [text for text in docstrings(source) if text] == ["A.", "B."]
    assert RETIRED_IN_PROSE.findall("Enter a room of the House by its front door; roommates stay.") == [
        "a room", "the House", "front door",
    ]  # fmt: skip

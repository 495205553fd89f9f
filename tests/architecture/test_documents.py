"""Documents: relative links resolve, documents named in the code exist, and lines are short."""

import re
from pathlib import Path

import pytest

from tests.architecture.test_structure import ROOT

MAX_LINE = 120
GENERATED = {"bench/RESULTS.md"}
"""Documents that a program outside `make docs` writes."""
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^\s*```")
NAMED = re.compile(r"(?<![\w/])docs/[a-z0-9/_-]+\.md")
FOLDERS = ("app", "bench", "docs", "tests", "tools")


def documents() -> list[Path]:
    """Return every document of the repository."""
    found = [*ROOT.glob("*.md"), ROOT / "alembic" / "README"]
    for folder in FOLDERS:
        found += (ROOT / folder).rglob("*.md")
    return sorted(path for path in found if "node_modules" not in path.parts)


def prose(text: str) -> list[tuple[int, str]]:
    """Return the numbered lines of a document outside code blocks."""
    lines: list[tuple[int, str]] = []
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        if FENCE.match(line):
            inside = not inside
        elif not inside:
            lines.append((number, line))
    return lines


def broken_links(text: str, folder: Path) -> list[str]:
    """Return the relative links of a document that do not resolve."""
    targets = LINK.findall("\n".join(line for _, line in prose(text)))
    relative = [target.split("#", 1)[0] for target in targets if not re.match(r"[a-z]+:", target)]
    return [target for target in relative if target and not (folder / target).exists()]


def long_lines(text: str) -> list[int]:
    """Return the numbers of lines that are too long; tables and lines with links are exempt."""
    return [
        number
        for number, line in prose(text)
        if len(line) > MAX_LINE and not line.lstrip().startswith("|") and not LINK.search(line)
    ]


def relative_name(path: Path) -> str:
    """Return the path from the root of the repository."""
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", documents(), ids=relative_name)
def test_links_in_documents_resolve(path: Path) -> None:
    assert broken_links(path.read_text(encoding="utf-8"), path.parent) == []


@pytest.mark.parametrize(
    "path", [path for path in documents() if relative_name(path) not in GENERATED], ids=relative_name
)
def test_lines_of_documents_are_short(path: Path) -> None:
    assert long_lines(path.read_text(encoding="utf-8")) == []


def test_documents_named_in_code_and_documents_exist() -> None:
    sources = [path for folder in ("app", "bench", "tests", "tools") for path in (ROOT / folder).rglob("*.py")]
    wrong = [
        f"{relative_name(path)}: {found}"
        for path in [*sources, *documents()]
        for found in NAMED.findall(path.read_text(encoding="utf-8"))
        if not (ROOT / found).exists()
    ]
    assert wrong == []


def test_mistakes_in_documents_are_found(tmp_path: Path) -> None:
    (tmp_path / "there.md").write_text("")
    text = "[a](there.md) [b](missing.md#part) [c](https://example.com)\n```\n[d](in-code.md)\n```\n![e](no.png)\n"
    assert broken_links(text, tmp_path) == ["missing.md", "no.png"]
    long = "word " * 30
    assert long_lines(f"short\n{long}\n| {long} |\n```\n{long}\n```\n[link](there.md) {long}\n") == [2]

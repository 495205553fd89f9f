"""Rules for templates, scripts and style sheets that their linters do not check."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "app" / "web" / "templates").rglob("*.html"))
SOURCES = ROOT / "app" / "web" / "static" / "src"
SCRIPTS = sorted((SOURCES / "js").glob("*.js"))
ENTRY_POINTS = {"app.js", "api-reference.js"}

MAX_TEMPLATE_LINE_LENGTH = 160
MAX_SCRIPT_LINES = 400


def by_name(path: Path) -> str:
    """Return the id of a test case."""
    return path.relative_to(ROOT).as_posix()


def imports(script: str) -> set[str]:
    """Return the names of the modules that a script imports, directly or indirectly."""
    text = (SOURCES / "js" / script).read_text(encoding="utf-8")
    return set(re.findall(r'^(?:import\b|\} from)[^"]*"\./([^"]+)";', text, re.MULTILINE))


def test_there_is_something_to_check() -> None:
    assert len(TEMPLATES) > 100
    assert len(SCRIPTS) > 20


@pytest.mark.parametrize("path", TEMPLATES, ids=by_name)
def test_lines_of_templates_fit(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    long = {number: len(line) for number, line in enumerate(lines, 1) if len(line) > MAX_TEMPLATE_LINE_LENGTH}
    assert long == {}, "break between attributes or arguments, where white space stands already"


@pytest.mark.parametrize("path", SCRIPTS, ids=by_name)
def test_scripts_are_short_and_say_what_they_are_for(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= MAX_SCRIPT_LINES
    assert lines[0].startswith("// ")
    assert lines[0].endswith(".")


def test_every_script_is_part_of_an_entry_point() -> None:
    reached: set[str] = set()
    waiting = set(ENTRY_POINTS)
    while waiting:
        script = waiting.pop()
        reached.add(script)
        waiting |= imports(script) - reached
    assert reached == {path.name for path in SCRIPTS}


def test_every_style_sheet_is_imported_in_order() -> None:
    imported = re.findall(r'^@import "\./([^"]+)";$', (SOURCES / "css" / "app.css").read_text("utf-8"), re.MULTILINE)
    assert imported == sorted(path.name for path in (SOURCES / "css").glob("*.css") if path.name != "app.css")


def test_the_lock_file_names_no_registry() -> None:
    lock = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    assert lock.count('"integrity"') > 10

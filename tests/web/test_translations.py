"""Every text has a Russian translation, no translation is unused, and templates have no text outside `_()`."""

import re
import string
from pathlib import Path

import pytest
from jinja2 import Environment

from app.web.templating import TEMPLATES, environment
from tools import i18n

ENTRIES = [(area, message) for area in i18n.areas() for message in i18n.read_area(area) if message.id]
# Names, and languages in their own language, are the same everywhere.
SAME_EVERYWHERE = {"ipLance", "Русский", "English", "openapi.json"}
SPOKEN = re.compile(r"""\s(?:title|alt|placeholder|aria-label|label|content)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
WORD = re.compile(r"[A-Za-zА-Яа-яЁё]{2,}")


def placeholders(text: str) -> set[str]:
    return {name for _text, name, _spec, _conversion in string.Formatter().parse(text) if name is not None}


def test_texts_are_found() -> None:
    assert len(i18n.extract()) > 100


def test_every_text_has_its_russian() -> None:
    report = i18n.check()
    assert [(item.area, item.key) for item in report.missing] == []
    assert report.unfinished == []
    assert report.obsolete == []


@pytest.mark.parametrize("area", i18n.areas())
def test_placeholders_are_the_same_in_both_languages(area: str) -> None:
    for owner, message in ENTRIES:
        if owner != area:
            continue
        forms = message.string if isinstance(message.string, list | tuple) else [message.string]
        key = i18n.key_of(message)
        wanted = placeholders(key[1] if isinstance(key, tuple) else key)
        for form in forms:
            assert placeholders(str(form)) == wanted, (area, key)


@pytest.mark.parametrize("area", i18n.areas())
def test_texts_are_calm(area: str) -> None:
    for owner, message in ENTRIES:
        forms = message.string if isinstance(message.string, list | tuple) else [message.string]
        if owner == area:
            for form in (*forms, str(message.id)):
                assert "!" not in str(form), (area, message.id)


def test_the_same_text_is_translated_once() -> None:
    seen: dict[i18n.Key, str] = {}
    for area, message in ENTRIES:
        key = i18n.key_of(message)
        assert key not in seen, f"{key!r} stands in {seen.get(key)} and in {area}"
        seen[key] = area


def literal_texts(source: str, parser: Environment) -> list[str]:
    """Return the text of a template outside of all expressions."""
    pieces = []
    for _line, kind, value in parser.lex(source):
        if kind == "data":
            pieces.append(value)
        elif kind.endswith("_begin") and "comment" not in kind:
            pieces.append("\x00")
    page = "".join(pieces)
    spoken = [first or second for first, second in SPOKEN.findall(page)]
    visible = re.sub(r"(?s)<[^>]*>", "\n", page)
    found = [*spoken, *visible.replace("\x00", "\n").split("\n")]
    return [text.strip() for text in found if WORD.search(text)]


TECHNICAL = re.compile(
    r"[a-z-]+=.*|profile|website|image/png|summary_large_image|noindex|width=.*|#[0-9a-f]{6}|\{.*\}|main-[a-z]+|has-[a-z]+"
)


def is_technical(text: str) -> bool:
    return text.strip("· ") in SAME_EVERYWHERE or TECHNICAL.fullmatch(text) is not None


@pytest.mark.parametrize(
    "path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.relative_to(TEMPLATES).as_posix()
)
def test_no_template_speaks_by_itself(path: Path) -> None:
    left = literal_texts(path.read_text(encoding="utf-8"), environment())
    assert [text for text in left if not is_technical(text)] == []


def test_the_check_would_notice() -> None:
    found = literal_texts('<p title="Hello there">{{ _("x") }} Say <b>more</b></p>', environment())
    assert {"Hello there", "Say", "more"} <= set(found)

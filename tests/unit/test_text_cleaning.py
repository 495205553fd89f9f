"""Texts as people type them: signs of any age, stray controls, and limits that count what the page counts."""

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from app.core.text.text_cleaning import INVISIBLE, many_lines, one_line
from app.features.chat.schemas import MAX_TEXT, MessageWrite
from app.features.orders.schemas import MAX_DESCRIPTION, MAX_TITLE, OrderCreate
from app.features.profiles.schemas import PortfolioFields, ProfilePatch
from app.features.proposals.schemas import CoverLetterText

NEW_SIGNS = "\U0001fae9\U0001f6d8\U0001fac8"
"""Emoji of Unicode 16 and 17, which are not assigned in older tables of Python."""
LIMITS = [
    (OrderCreate, "description", MAX_DESCRIPTION, {"title": "Shop"}),
    (ProfilePatch, "about", 10_000, {}),
    (PortfolioFields, "description", 5000, {"title": "Shop"}),
    (MessageWrite, "text", MAX_TEXT, {}),
]


def test_signs_that_are_newer_than_this_python_are_kept() -> None:
    assert one_line(f"a {NEW_SIGNS}") == many_lines(f"a {NEW_SIGNS}") == f"a {NEW_SIGNS}"
    assert "Cn" in {unicodedata.category(sign) for sign in NEW_SIGNS} or unicodedata.unidata_version >= "17"


@pytest.mark.parametrize("control", ["\x00", "\x07", "\x1b", "\x1f", "\x7f", "\x90", "\u202e", "\ufeff"])
def test_a_stray_control_is_left_out(control: str) -> None:
    assert one_line(f"Shop{control} for a bakery") == "Shop for a bakery"
    assert many_lines(f"one{control}\r\ntwo") == "one\ntwo"


@pytest.mark.parametrize("sign", ["\ufdd0", "\ufffe", "\U0001ffff", "\U0010fffe", "\ud800"])
def test_what_is_no_character_is_refused(sign: str) -> None:
    for clean in (one_line, many_lines):
        with pytest.raises(ValueError, match="cannot be shown"):
            clean(f"a{sign}")


@given(st.text(max_size=60))
def test_only_what_is_no_character_is_refused(text: str) -> None:
    bad = any(
        character >= "\ufdd0" and (character <= "\ufdef" or ord(character) & 0xFFFE == 0xFFFE) for character in text
    )
    try:
        one_line(text)
    except ValueError:
        assert bad


@pytest.mark.parametrize(
    "title", ["ㅤㅤㅤ", "\u2800\u2800\u2800", "\u200d\u200c\u200d", "\U000e0041" * 4, "\xad\xad\xad", "a\ufe0f\ufe0f"]
)
def test_a_title_that_shows_nothing_is_too_short(title: str) -> None:
    with pytest.raises(ValidationError) as refused:
        OrderCreate(title=title)
    assert refused.value.errors()[0]["type"] == "string_too_short"


@given(
    st.lists(st.sampled_from([*"\u200b\u200d\u2060\u3164\u2800\xad\ufe0f\u115f", " ", "\n"]), max_size=20).map("".join)
)
def test_what_shows_nothing_is_empty(text: str) -> None:
    assert one_line(text) == many_lines(text) == ""
    assert not INVISIBLE.sub("", text).strip()


@pytest.mark.parametrize(("model", "name", "limit", "others"), LIMITS)
@pytest.mark.parametrize("part", ["ab\r\n", "😀", NEW_SIGNS, "й"])
def test_limits_count_what_the_counter_counts(
    model: type[OrderCreate], name: str, limit: int, others: dict[str, str], part: str
) -> None:
    shown = part.replace("\r\n", "\n")
    text = part * (limit // len(shown)) + "x" * (limit % len(shown))
    # The counter of the page counts code points, and a line break once (app/web/static/src/js/text.js).
    counted = len(text.replace("\r\n", "\n"))
    assert counted == limit
    assert getattr(model.model_validate({name: text, **others}), name) == text.replace("\r\n", "\n").strip()
    with pytest.raises(ValidationError) as refused:
        model.model_validate({name: f"{text}xxx", **others})
    assert refused.value.errors()[0]["type"] == "string_too_long"


def test_errors_of_texts_speak_of_characters() -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(CoverLetterText).validate_python("\u2800")
    assert refused.value.errors()[0]["type"] == "string_too_short"
    with pytest.raises(ValidationError) as refused:
        OrderCreate(title="я" * (MAX_TITLE + 1))
    assert refused.value.errors()[0]["type"] == "string_too_long"


def test_limits_of_texts_are_checked_after_cleaning_everywhere() -> None:
    """A limit before the cleaning counts the two characters that a browser sends for a line break."""
    schemas = [path for path in Path("app/features").rglob("*.py") if "schemas" in str(path)]
    assert schemas
    for path in schemas:
        assert not re.search(r"AfterValidator\((?:one_line|many_lines)\)", path.read_text()), path

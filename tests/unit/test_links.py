"""Addresses in texts: found as people write them, and left out of mails."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.text.links import HIDDEN_LINK, find_links, has_link, hide_links


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see https://en.wikipedia.org/wiki/Ruby_(gem).", {"https://en.wikipedia.org/wiki/Ruby_(gem)"}),
        ("(see https://example.org/a)", {"https://example.org/a"}),
        ("[https://example.org/?a[]=1]", {"https://example.org/?a[]=1"}),
        ("https://example.org/o'neil's!", {"https://example.org/o'neil's"}),
        ("it is 'https://example.org'", {"https://example.org"}),
        ("«https://пример.рф/раздел»", {"https://пример.рф/раздел"}),
        ("HTTPS://Example.org/A Http://b.example", {"https://Example.org/A", "http://b.example"}),
        ("www.example.org/x, Www.Example.com", {"https://www.example.org/x", "https://Www.Example.com"}),
        ("https:// www. http://) me@www.example.org", set()),
    ],
)
def test_links_are_found_as_they_were_meant(text: str, found: set[str]) -> None:
    assert {link.href for link in find_links(text)} == found


@given(st.text("htps:/w.()[]{}'a <\n", max_size=120))
def test_links_stand_in_the_text_and_apart(text: str) -> None:
    end = 0
    for link in find_links(text):
        assert end <= link.start < link.end <= len(text)
        assert link.href.endswith(text[link.start : link.end].partition("://")[2] or text[link.start : link.end])
        end = link.end


@pytest.mark.parametrize(
    ("written", "mailed"),
    [
        ("Pay https://evil.example/x now", f"Pay {HIDDEN_LINK} now"),
        ("Зайди на evil.ru/a?b или почта.рф", f"Зайди на {HIDDEN_LINK} или {HIDDEN_LINK}"),
        ("write to a.b@example.org", f"write to {HIDDEN_LINK}"),
        ("t.me/anna, @evil.com, www.x", f"{HIDDEN_LINK} @{HIDDEN_LINK}, {HIDDEN_LINK}"),
        ("HTTP://EVIL.COM", HIDDEN_LINK),
        ("ASP.NET, Node.js 20.1, socket.io: т.е. 1.5 и v2.0", "ASP.NET, Node.js 20.1, socket.io: т.е. 1.5 и v2.0"),
    ],
)
def test_mails_say_nothing_that_a_program_would_link(written: str, mailed: str) -> None:
    assert hide_links(written) == mailed
    assert has_link(written) == (written != mailed)


@pytest.mark.parametrize("part", ["a.", "a-", "www.", "a@", "com.", "x://", "https://)", "https://a)", "(https://a"])
def test_no_text_takes_long(part: str) -> None:
    text = (part * 20_000)[:20_000]
    began = time.process_time()
    hide_links(text)
    list(find_links(text))
    assert time.process_time() - began < 0.2

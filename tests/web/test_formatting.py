"""Money, times and texts formatted by language."""

import time
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from app.core.clock import utc_now
from app.core.i18n import use_locale
from app.core.money import Currency, Money
from app.web import formatting
from app.web.safe_redirects import safe_redirect_target


@pytest.mark.parametrize(
    ("locale", "amount", "currency", "written"),
    [
        ("ru", 150_000_00, Currency.RUB, "150\u00a0000\u00a0₽"),
        ("ru", 150_000_50, Currency.RUB, "150\u00a0000,50\u00a0₽"),
        ("ru", 5, Currency.RUB, "0,05\u00a0₽"),
        ("ru", 1_200_00, Currency.USD, "1\u00a0200\u00a0$"),
        ("en", 150_000_00, Currency.RUB, "₽150,000"),
        ("en", 99_99, Currency.EUR, "€99.99"),
        ("en", 10**13, Currency.KZT, "₸100,000,000,000"),
        ("ru", 700_00, Currency.BYN, "700\u00a0Br"),
    ],
)
def test_money(locale: str, amount: int, currency: Currency, written: str) -> None:
    with use_locale(locale):
        assert formatting.money(Money(amount, currency)) == written


@pytest.mark.parametrize(
    ("locale", "back", "written"),
    [
        ("ru", timedelta(seconds=5), "только что"),
        ("ru", timedelta(hours=3, minutes=2), "3 часа назад"),
        ("ru", -timedelta(days=2, minutes=1), "через 2 дня"),
        ("en", timedelta(minutes=5), "5 minutes ago"),
        ("en", timedelta(minutes=61), "1 hour ago"),
        ("en", timedelta(hours=23), "23 hours ago"),
        ("en", timedelta(hours=26), "1 day ago"),
        ("ru", timedelta(hours=26), "1 день назад"),
        ("ru", timedelta(days=8), "1 неделю назад"),
        ("ru", -timedelta(hours=25), "через 1 день"),
    ],
)
def test_ago(locale: str, back: timedelta, written: str) -> None:
    with use_locale(locale):
        assert formatting.ago(utc_now() - back) == written


def test_placeholders_are_filled_with_escaped_values() -> None:
    text = Markup('<a title="{name}">{name} {{count}} {count}</a>')
    values = {"name": '<b>"', "count": 3}
    assert formatting.fill(text, **values) == text.format(**values)
    assert formatting.fill(text, name=Markup("<b>"), count="&") == '<a title="<b>"><b> {count} &amp;</a>'


def test_far_days_carry_their_year_only_where_it_is_another() -> None:
    now = utc_now()
    with use_locale("ru"):
        assert str(now.year - 2) in formatting.day(now - timedelta(days=800))
        assert str(now.year) not in formatting.day(now)


def test_exact_names_its_zone() -> None:
    with use_locale("en"):
        assert formatting.exact(utc_now()).endswith("UTC")


def test_people_write_text_and_never_markup() -> None:
    html = formatting.paragraphs('One <script>alert(1)</script>\nline\n\nSee https://example.org/a?b=1&c="x". Bye')
    assert "<script>" not in html
    assert html.count("<p>") == 2
    assert "<br>" in html
    assert '<a href="https://example.org/a?b=1&amp;c=" rel="nofollow ugc noopener noreferrer">' in html


@given(st.text(max_size=400))
def test_no_text_becomes_a_tag(text: str) -> None:
    html = str(formatting.paragraphs(text))
    for allowed in ("<p>", "</p>", "<br>", "</a>"):
        html = html.replace(allowed, "")
    opened = html.split("<a href=")
    assert all("<" not in part for part in opened)


@pytest.mark.parametrize("piece", ["a\n", "a\n\n", "http://a ", "www.a\n", "@\n"])
def test_a_long_text_of_short_pieces_is_rendered_without_delay(piece: str) -> None:
    text = (piece * 20_000)[:20_000]
    spent = []
    for _attempt in range(3):
        began = time.process_time()
        formatting.paragraphs(text)
        spent.append(time.process_time() - began)
    assert min(spent) < 0.04


def test_lines_and_links_stay_apart() -> None:
    html = formatting.paragraphs("www.a.ru\nhttps://b.ru/x\r\n<i>\n\n\nlast\n")
    rel = 'rel="nofollow ugc noopener noreferrer"'
    first = f'<a href="https://www.a.ru" {rel}>www.a.ru</a><br><a href="https://b.ru/x" {rel}>https://b.ru/x</a>'
    assert html == f"<p>{first}<br>&lt;i&gt;</p><p>last</p>"


def test_links_only_to_the_web() -> None:
    assert "<a" not in formatting.paragraphs("javascript:alert(1) data:text/html,x vbscript:x ftp://x")


@pytest.mark.parametrize("name", ["", "   ", "a", "Анна Ковалёва", "very_long.name-here", "\u200b", "0"])
def test_initials(name: str) -> None:
    assert 1 <= len(formatting.initials(name)) <= 2
    assert 0 <= formatting.hue(name) < formatting.HUES


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "https:evil", "/\\evil", "\\/evil", "https://evil", "javascript:alert(1)", "", None,
     "/a\r\nX: y", "/\t/evil", "http:///evil", "/ /evil", "evil", "/a" * 2000, "/%0d" + "\x00", "@evil", "//user@evil"],
)  # fmt: skip
def test_no_way_leads_off_the_site(target: str | None) -> None:
    assert safe_redirect_target(target, "/home") == "/home"


@pytest.mark.parametrize("target", ["/", "/orders?q=a+b&cursor=x", "/my/orders#top", "/заказы"])
def test_ways_within_the_site_stay(target: str) -> None:
    assert safe_redirect_target(target) == target

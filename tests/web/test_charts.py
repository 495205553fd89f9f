"""Bars by month: their widths follow the amounts, and nothing that was paid is invisible."""

from datetime import date

from app.core.i18n import use_locale
from app.core.money import Currency
from app.web.charts import LEAST, WIDTH, month_bars

NOVEMBER, OCTOBER = date(2026, 11, 1), date(2026, 10, 1)


def test_the_longest_bar_is_as_wide_as_the_drawing() -> None:
    with use_locale("en"):
        first, second = month_bars([(NOVEMBER, (75_00, 25_00)), (OCTOBER, (50_00, 0))], Currency.RUB)
    assert [(part.start, part.width) for part in first.parts] == [(0, WIDTH * 3 // 4), (WIDTH * 3 // 4, WIDTH // 4)]
    assert [(part.start, part.width) for part in second.parts] == [(0, WIDTH // 2), (WIDTH // 2, 0)]
    assert (first.label, first.total, [part.amount for part in first.parts]) == (
        "November 2026",
        "₽100",
        ["₽75", "₽25"],
    )


def test_a_small_amount_is_seen_and_an_empty_month_has_no_bar() -> None:
    small, empty, _large = month_bars([(NOVEMBER, (1,)), (OCTOBER, (0,)), (OCTOBER, (10**12,))], Currency.RUB)
    assert (small.parts[0].width, empty.parts[0].width) == (LEAST, 0)
    assert month_bars([], Currency.RUB) == []
    assert month_bars([(NOVEMBER, (0, 0))], Currency.RUB)[0].parts[1].width == 0


def test_a_month_alone_is_in_the_nominative_case() -> None:
    with use_locale("ru"):
        assert month_bars([(NOVEMBER, (1,))], Currency.RUB)[0].label.startswith("ноябрь 2026")

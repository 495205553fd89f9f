"""Amounts as people type them: read as what was meant, refused by name, or asked about where two readings fit."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import money
from app.core.i18n import LOCALES, use_locale
from app.core.money import MAX_AMOUNT, Currency, Money, amount_as_typed, currency_named, exact_amount, typed_amount
from app.core.text import amounts
from app.core.text.amounts import AmountError, read_amount, write_amount
from app.web import formatting

currencies = st.sampled_from(Currency)
minor = st.one_of(
    st.integers(0, MAX_AMOUNT), st.integers(0, 10**7), st.integers(0, MAX_AMOUNT // 100).map(lambda n: n * 100)
)


def refusal(text: str, currency: Currency = Currency.RUB) -> AmountError:
    """Return the refusal of a text, with its message shown in both languages."""
    with pytest.raises(AmountError) as refused:
        typed_amount(text, currency)
    shown = set()
    for locale in LOCALES:
        with use_locale(locale):
            shown.add(refused.value.at("price").text())
    assert len(shown) == len(LOCALES), "the message is translated"
    return refused.value


@pytest.mark.parametrize("locale", LOCALES)
@given(minor, currencies)
def test_what_the_site_prints_is_read_as_the_same_amount(locale: str, amount: int, currency: Currency) -> None:
    with use_locale(locale):
        printed = formatting.money(Money(amount, currency))
        assert typed_amount(printed, currency) == amount
        for other in set(Currency) - {currency}:
            with pytest.raises(AmountError):
                typed_amount(printed, other)
        assert currency_named(formatting.currency_symbol(currency)) is currency


@given(minor, currencies)
def test_a_read_amount_is_written_as_it_is_read(amount: int, currency: Currency) -> None:
    assert typed_amount(amount_as_typed(amount, currency), currency) == amount
    assert typed_amount(f"{amount_as_typed(amount, currency)} {currency}", currency) == amount


@given(st.integers(0, 10**15), st.integers(0, 4), st.booleans())
def test_every_number_of_decimals_is_written_so_that_it_is_read_back(amount: int, digits: int, grouped: bool) -> None:
    assert read_amount(write_amount(amount, digits, grouped=grouped), digits).minor == amount


@given(st.integers(1, 999), st.integers(0, 999), st.sampled_from(",.' ’\u00a0\u202f\u2007\u2009"), currencies)
def test_one_separator_before_three_digits_separates_thousands(
    first: int, second: int, mark: str, currency: Currency
) -> None:
    assert typed_amount(f"{first}{mark}{second:03}", currency) == (first * 1000 + second) * 100


@given(
    st.integers(0, 10**9),
    st.integers(0, 99),
    st.sampled_from(",."),
    st.sampled_from(["", " ", "\u00a0", "'", ",", "."]),
)
def test_one_or_two_digits_after_a_point_or_comma_are_decimals(whole: int, part: int, mark: str, group: str) -> None:
    text = f"{whole:,}".replace(",", group if group != mark else "")
    assert typed_amount(f"{text}{mark}{part:02}", Currency.USD) == whole * 100 + part
    assert typed_amount(f"{text}{mark}{part // 10}", Currency.USD) == whole * 100 + part // 10 * 10


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("1,500", "USD", 1500_00), ("150,000", "USD", 150_000_00), ("1.500", "EUR", 1500_00),
        ("$1,500", "USD", 1500_00),
        ("$2,000.00", "USD", 2000_00), ("1.500,00", "EUR", 1500_00), ("15\u00a0000,00", "RUB", 15_000_00),
        ("15 000 руб.", "RUB", 15_000_00), ("15 000,00 ₽", "RUB", 15_000_00), ("15000р", "RUB", 15_000_00),
        ("15 000 р.", "RUB", 15_000_00), ("15 т.р.", "RUB", 15_000_00), ("15 тр", "RUB", 15_000_00),
        ("15 тыс.", "RUB", 15_000_00), ("15 тыс. руб.", "RUB", 15_000_00), ("15тыс.руб", "RUB", 15_000_00),
        ("2,5 тысячи", "RUB", 2500_00), ("15к", "RUB", 15_000_00), ("15K", "USD", 15_000_00),
        ("$15k", "USD", 15_000_00),
        ("1.25k", "USD", 1250_00), ("0,5 млн", "KZT", 500_000_00), ("1.2345 млн", "RUB", 1_234_500_00),
        ("1 500 тыс. ₸", "KZT", 1_500_000_00), ("7 000 тг", "KZT", 7000_00), ("Br 1,500.5", "BYN", 1500_50),
        ("1500 бел. руб.", "BYN", 1500_00), ("1500 руб", "BYN", 1500_00), ("USD 99.9", "USD", 99_90),
        ("US$ 5", "USD", 5_00), ("1’234’567.89", "EUR", 1_234_567_89), ("1.234.567,89", "EUR", 1_234_567_89),
        ("1,234,567", "USD", 1_234_567_00), ("\ufeff1\u200b500\u200e", "USD", 1500_00), (" 99,90 ", "RUB", 99_90),
        (".5", "USD", 50), ("0", "RUB", 0), ("0.05", "RUB", 5), ("1\u2009500", "EUR", 1500_00), ("007", "USD", 7_00),
        ("р.15 000,00", "RUB", 15_000_00), ("руб.15000", "RUB", 15_000_00), ("р.50", "RUB", 50_00),
        ("rub.99,90", "RUB", 99_90), ("$.50", "USD", 50), ("Br.1.500", "BYN", 1500_00),
        ("15 000 ₽.", "RUB", 15_000_00), ("15 тыщ", "RUB", 15_000_00), ("15 000 рублей РФ", "RUB", 15_000_00),
        ("1500 долл. США", "USD", 1500_00), ("1,5 Mio. €", "EUR", 1_500_000_00), ("1.5 Tsd. Euro", "EUR", 1500_00),
        ("2 Mrd", "EUR", 2_000_000_000_00), ("150 мың теңге", "KZT", 150_000_00), ("7000 тнг", "KZT", 7000_00),
        ("1500 беларускіх рублёў", "BYN", 1500_00), ("₸.50", "KZT", 50),
        ("1 500,5", "RUB", 1500_50), ("15\u202f000", "RUB", 15_000_00), ("15\u2007000", "RUB", 15_000_00),
    ],
)  # fmt: skip
def test_amounts_are_read_as_people_mean_them(text: str, currency: str, amount: int) -> None:
    assert typed_amount(text, Currency(currency)) == amount


@pytest.mark.parametrize(
    ("message", "texts"),
    [
        (amounts.EXPONENT, ["1e3", "1E3", "1,5E+05", "1е5", "1e-3", "1e999999", "1e99999999999999999999"]),
        (amounts.UNDERSCORE, ["1_500", "_1500", "15_000.00"]),
        (amounts.FOREIGN_DIGIT, ["١٥٠٠", "१५००", "１５００", "1500²", "½", "Ⅻ", "5٣"]),
        (amounts.NEGATIVE, ["-1", "−100", "–5", "$-5", "-$5", "(100)", "- 5"]),
        (amounts.RANGE, ["100-200", "15 000 – 20 000", "15000-00"]),
        (amounts.GROUPS, ["1,50,000", "1 5 0", "15 00", "1,2,3", "1, 500", "1..5", "1'50", "1,500.000,5", "1 2345"]),
        (amounts.TOO_PRECISE, ["0.500", "0,005", "1.2345", "15000.500", "1 500,255", "99.9000", "01.500"]),
        (amounts.TOO_LONG, ["9" * 61, "1" + " " * 100, "9" * 100_000, "0." + "0" * 5000]),
        (amounts.AMOUNT_TEXT, ["", " ", "NaN", "Infinity", "inf", "сто", "руб.", "договорная", "TBD", "\u200b"]),
        (
            amounts.BETWEEN,
            ["15 руб. 50 коп.", "1 x 2", "15:000", "15/000", "15·000", "15•000", "15،000", "15．000", "15*1000", "10^6",
             "от 10 до 15", "1 тыс 500", "5€50", "15000=00", "15 000 + 20%", "2х500"],
        ),
        (money.TOO_LARGE, ["9" * 60, "1000000000001", "1 000 001 млн", "99999 млрд"]),
        (
            money.UNKNOWN_WORD,
            ["10 фунтов", "15000 £", "5.", "15м", "15000 UAH", "~15000", "от 15000", "500/час", "5 млн млн",
             "тыс. 5", "15000,-", "5%", "5 C$", "5\x01"],
        ),
        (money.OTHER_CURRENCY, ["$1500", "1500 USD", "1500 €", "1500 тенге", "1500 бел. руб."]),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused_by_name(message: str, texts: list[str]) -> None:
    assert {text[:40]: refusal(text).message for text in texts} == {text[:40]: message for text in texts}


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("1 500,000", 1_500_000_00, 1500_00), ("1,500.000", 1_500_000_00, 1500_00),
        ("1 500,250", 1_500_250_00, 1500_25),
        ("1,500 тыс.", 1_500_000_00, 1500_00), ("1.250к", 1_250_000_00, 1250_00),
        ("2.500 млн", 2_500_000_000_00, 2_500_000_00),
    ],
)  # fmt: skip
def test_two_readings_are_both_shown_as_they_can_be_written(text: str, first: int, second: int) -> None:
    refused = refusal(text)
    assert refused.message == amounts.TWO_READINGS
    assert [typed_amount(str(refused.params[name]), Currency.RUB) for name in ("first", "second")] == [first, second]


@pytest.mark.parametrize("text", ["1.500", "1,500", "150.000"])
def test_a_currency_of_three_decimals_is_asked_about(text: str) -> None:
    with pytest.raises(AmountError) as refused:
        read_amount(text, 3)
    assert refused.value.message == amounts.TWO_READINGS
    readings = [read_amount(str(refused.value.params[name]), 3).minor for name in ("first", "second")]
    assert readings == [int(text.replace(".", "").replace(",", "")) * 1000, int(text.replace(".", "").replace(",", ""))]


def test_a_currency_without_decimals_knows_only_thousands() -> None:
    assert [read_amount(text, 0).minor for text in ("1,500", "1.500", "15 000", "1.5к")] == [1500, 1500, 15_000, 1500]
    for text in ("1.5", "1,50", "1,500.00", "0.500"):
        with pytest.raises(AmountError) as refused:
            read_amount(text, 0)
        assert refused.value.message == amounts.NO_FRACTION


@given(st.text(max_size=80) | st.text("0123456789.,' eE+-_$₽кkтыс\u00a0", max_size=30), currencies)
def test_any_text_is_read_or_refused(text: str, currency: Currency) -> None:
    try:
        assert 0 <= typed_amount(text, currency) <= MAX_AMOUNT
    except AmountError as refused:
        for locale in LOCALES:
            with use_locale(locale):
                assert refused.at("price").text()  # noqa: PT017 - both outcomes are allowed


@pytest.mark.parametrize(
    ("number", "amount"),
    [
        (99.5, 99_50),
        (1500, 1500_00),
        (1e5, 100_000_00),
        (0, 0),
        (0.1, 10),
        (Decimal("1.500"), 1_50),
        (10**12, MAX_AMOUNT),
    ],
)
def test_a_number_of_a_program_is_exact(number: float | Decimal, amount: int) -> None:
    assert exact_amount(number, Currency.USD) == amount


@pytest.mark.parametrize(
    "number",
    [1.001, -1, -0.5, 10**12 + 1, 10**4000, -(10**4000), 1e300, float("inf"), float("nan"), 1e-9,
     Decimal("1e999999"), Decimal("-1e999999"), Decimal("1e-999999"), Decimal("NaN"), Decimal("sNaN"),
     10**30, 1e19, Decimal("9" * 31), Decimal("1." + "0" * 40 + "1"), Decimal("999999999999.991")],
)  # fmt: skip
def test_a_number_that_is_no_amount_is_refused(number: float | Decimal) -> None:
    with pytest.raises(AmountError):
        exact_amount(number, Currency.USD)


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("руб.", "RUB"),
        (" ₽ ", "RUB"),
        ("usd", "USD"),
        ("тг", "KZT"),
        ("Евро", "EUR"),
        ("BYN", "BYN"),
        ("JPY", None),
        ("", None),
    ],
)
def test_a_currency_is_known_by_code_sign_and_word(text: str, currency: str | None) -> None:
    assert currency_named(text) == currency

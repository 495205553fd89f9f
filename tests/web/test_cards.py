"""Cards of orders: the budget and the customer's statistics, in both languages."""

from collections.abc import Generator
from dataclasses import dataclass

import pytest

from app.core.i18n import set_locale, use_locale
from app.core.money import Currency, Money
from app.web.order_cards import budget_label, customer_stats_label
from app.web.share_images import content_hash, share_image_url

HUNDRED, TWO_HUNDRED = Money(10_000, Currency.USD), Money(20_000, Currency.USD)


@dataclass(frozen=True)
class Facts:
    orders_posted: int
    hire_rate: int | None = None
    median_answer_seconds: int | None = None


@pytest.fixture(autouse=True)
def _english() -> Generator[None]:
    with use_locale("en"):
        yield


def plain(text: str | None) -> str | None:
    """The text with ordinary spaces."""
    return text and text.replace("\xa0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("kind", "least", "most", "words"),
    [
        ("open", None, None, None),
        ("fixed", HUNDRED, None, "$100"),
        ("fixed", HUNDRED, HUNDRED, "$100"),
        ("fixed", HUNDRED, TWO_HUNDRED, "$100 – $200"),
        ("hourly", HUNDRED, None, "$100 an hour"),
        ("hourly", HUNDRED, TWO_HUNDRED, "$100 – $200 an hour"),
    ],
)
def test_a_budget_in_words(kind: str, least: Money | None, most: Money | None, words: str | None) -> None:
    assert plain(budget_label(kind, least, most)) == words


def test_customer_statistics_in_one_line() -> None:
    assert customer_stats_label(None) is None
    assert customer_stats_label(Facts(0, hire_rate=50)) is None
    assert plain(customer_stats_label(Facts(1))) == "1 order"
    assert plain(customer_stats_label(Facts(12, hire_rate=0))) == "12 orders · hires in 0%"
    told = plain(customer_stats_label(Facts(2, hire_rate=75, median_answer_seconds=7200)))
    assert told is not None
    assert told.startswith("2 orders · hires in 75% · answer time ")
    set_locale("ru")
    assert plain(customer_stats_label(Facts(2))) == "2 заказа"


def test_equal_pictures_have_equal_marks_and_an_address_in_the_language_of_the_page() -> None:
    assert content_hash("Title", 1) == content_hash("Title", 1)
    assert (
        len({content_hash("Title", 1), content_hash("Title", 2), content_hash("Title", "1"), content_hash("Title")})
        == 4
    )
    assert share_image_url("/orders/1", "ru") == "/orders/1/card.png?lang=ru"

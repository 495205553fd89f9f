"""Words are found whatever signs stand beside them, in the text and in the query."""

import unicodedata

import pytest

from app.core.resources import Resources
from app.features.orders import service
from app.features.orders.schemas import OrderListQuery
from tests.factories.orders import Market

SIGNS = (
    *"«»“”„‘’‹›…–—―−→←↔•·№§©®™°×÷±€₽£¿¡✓✔★☎🙂🚀、。！（）",
    "\u00a0", "\u2003", "\u2009", "\u202f", "\u2028", "\u3000", "\u0085", "\ufffd", "\ue000", "❤\ufe0f",
)  # fmt: skip
INVISIBLE = ("\u00ad", "\u200b", "\u200d", "\u2060", "\ufeff", "\u200e")


async def found(resources: Resources, words: str) -> list[str]:
    """Return the titles that a query finds."""
    async with resources.read_sessions() as session:
        page = await service.list_open_orders(session, resources, OrderListQuery(q=words, limit=50))
    return [card.title for card in page.items]


@pytest.mark.parametrize("signs", [SIGNS[:25], SIGNS[25:]], ids=["first", "rest"])
async def test_words_beside_any_sign_are_found(signs: tuple[str, ...], market: Market, resources: Resources) -> None:
    customer = await market.person()
    for sign in signs:
        text = f"Нужна {sign}витрина{sign} и {sign}showcase{sign} рядом"
        await market.order(customer, title="Смета", description=text)
    missed = [
        (sign, words)
        for sign in ("", *signs)
        for words in ("витрины", "showcases")
        if len(await found(resources, f"{sign}{words}{sign}")) != len(signs)
    ]
    assert missed == []


@pytest.mark.parametrize("mark", INVISIBLE, ids=ascii)
async def test_invisible_marks_inside_a_word_do_not_count(mark: str, market: Market, resources: Resources) -> None:
    await market.order(title="Смета", description=f"Нужна вит{mark}рина и show{mark}case рядом с ними")
    assert await found(resources, "витрины showcase") == ["Смета"]
    assert await found(resources, f"витри{mark}ны") == ["Смета"]


async def test_a_marked_stress_does_not_count(market: Market, resources: Resources) -> None:
    await market.order(title="За\u0301мок у озера", description="Подробности в переписке.")
    assert len(await found(resources, "замок")) == len(await found(resources, "за\u0301мок")) == 1


async def test_composed_and_decomposed_letters_are_the_same(market: Market, resources: Resources) -> None:
    await market.order(title=unicodedata.normalize("NFD", "Дизайн кафе"), description="Подробности в переписке.")
    assert len(await found(resources, "дизайн")) == 1
    assert len(await found(resources, unicodedata.normalize("NFD", "дизайны"))) == 1


@pytest.mark.parametrize("hyphen", ["\u2010", "\u2011"], ids=ascii)
async def test_hyphens_of_typography_are_hyphens(hyphen: str, market: Market, resources: Resources) -> None:
    await market.order(title=f"Сайт{hyphen}визитка", description="Подробности в переписке.")
    for words in ("сайт визитка", "сайт-визитка", f"сайт{hyphen}визитка"):
        assert len(await found(resources, words)) == 1, words


@pytest.mark.parametrize(("title", "words"), [("С++ и сервер", "C++"), ("C++ и сервер", "с++"), ("Сервис на С#", "c#")])
async def test_cyrillic_letters_in_names_of_languages(
    title: str, words: str, market: Market, resources: Resources
) -> None:
    await market.order(title="Совсем другое дело", description="Ничего общего с искомым тут нет.")
    await market.order(title=title, description="Подробности в переписке.")
    assert await found(resources, words) == [title]


@pytest.mark.parametrize("words", ["—", "« »", "→ •", "№", "…", "🙂", "- –", "\u00ad", "'’"], ids=ascii)
async def test_signs_alone_find_nothing(words: str, market: Market, resources: Resources) -> None:
    await market.order(title="Смета — «витрина»", description="Подробности → в переписке … № 5")
    assert await found(resources, words) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("RightCustomer.com invites you", "rightcustomer"),
        ("See ibisworld.com/reports", "ibisworld"),
        ("Boards of Monday.com wanted", "monday"),
        ("Магазин на Vue.js", "vue"),
        ("Магазин на Vue.js", "vue.js"),
        ("Сервис на Node.js", "node js"),
        ("Budget of 3-5 hours", "5 hours"),
        ("Release 7.4 of PHP", "7.4"),
    ],
)
async def test_words_inside_addresses_and_ranges_are_found(
    text: str, words: str, market: Market, resources: Resources
) -> None:
    await market.order(title="Совсем другое дело", description="Ничего общего с искомым тут нет.")
    await market.order(title="Смета", description=f"{text}, подробности в переписке.")
    assert await found(resources, words) == ["Смета"]

"""Search finds orders by any form of a Russian or English word; unusual queries never fail."""

import orjson
import pytest

from app.core.resources import Resources
from app.features.orders import service
from app.features.orders.schemas import OrderListQuery
from tests.factories.orders import Market


async def found(resources: Resources, **query: object) -> list[str]:
    """Return the titles of a list, requested as JSON and as a page."""
    wanted = OrderListQuery.model_validate(query)
    async with resources.read_sessions() as session:
        answer = orjson.loads(await service.list_open_json(session, resources, wanted))
        seen = await service.search_orders(session, resources, wanted, None, facets=False)
    page, counted = seen.page, seen.count
    plain = [card.model_dump(mode="json") for card in page.items]
    assert answer["items"] == plain
    assert answer["next_cursor"] == page.older
    assert page.older or counted == len(plain)
    return [item["title"] for item in plain]


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Интернет-магазин для пекарни", "магазины"),
        ("Интернет-магазин для пекарни", "пекарня интернет магазин"),
        ("Нарисовать весёлый логотип", "веселого логотипа"),
        ("Перевести договоры на английский", "договора на английском"),
        ("Разработка ботов", "разработке бота"),
        ("Dashboard Builder (Data Analyst)", "dashboards"),
        ("Setup and analyze subscription data dashboard.", "analyzing subscriptions"),
        ("Data analyst/powerbi to help me", "powerbi"),
        ("UI/UX для банка", "UI/UX"),
        ("Программист на C++", "c++"),
        ("Сервис на C#", "C#"),
        ("Доработка 1С", "1C"),
        ("Build 3 landing pages in React", "landing page react"),
    ],
)
async def test_word_forms(market: Market, resources: Resources, title: str, words: str) -> None:
    await market.order(title="Совсем другое дело", description="Ничего общего с искомым тут нет.")
    await market.order(title=title, description="Подробности расскажу в переписке.")
    assert await found(resources, q=words) == [title]


async def test_skills_and_categories_find_in_both_languages(market: Market, resources: Resources) -> None:
    await market.order(title="Помогите проекту", skills=["питон", "Вёрстка"], category="backend")
    await market.order(title="Совсем другое дело")
    for words in ("Python", "markup", "верстка", "бэкенд", "back end"):
        assert await found(resources, q=words) == ["Помогите проекту"], words


@pytest.mark.parametrize(
    "words",
    ['"', '"магазин', "магазин -", "-", "--", "!", "&", "|", "a & b", "foo:*", "'", "\\", "%", "_", "🙂", "(" * 100,
     "магазин OR", "or and not", "<b>", "${7*7}", "{0.__class__}", "\u202e", "\x01"],
)  # fmt: skip
async def test_odd_queries_never_fail(market: Market, resources: Resources, words: str) -> None:
    await market.order()
    await found(resources, q=words)


async def test_minus_and_quotes(market: Market, resources: Resources) -> None:
    await market.order(title="Сайт на Django")
    await market.order(title="Сайт на Laravel")
    assert await found(resources, q="сайт -django") == ["Сайт на Laravel"]
    assert await found(resources, q='"сайт на django"') == ["Сайт на Django"]
    assert await found(resources, q="django or laravel") == ["Сайт на Laravel", "Сайт на Django"]


async def test_small_words_alone_do_not_narrow_and_signs_alone_find_nothing(
    market: Market, resources: Resources
) -> None:
    await market.order(title="Сайт для школы")
    assert await found(resources, q="для") == ["Сайт для школы"]
    assert await found(resources, q="%%%") == []


async def test_filters(market: Market, resources: Resources) -> None:
    from tests.factories.orders import rub  # noqa: PLC0415

    await market.order(title="Дешёвый сайт", budget=rub(5_000), category="frontend", skills=["react", "css"])
    await market.order(title="Дорогой сайт", budget=rub(90_000), budget_max=rub(120_000), category="backend")
    await market.order(title="Уроки", budget=None, category="tutoring")
    await market.draft(await market.person(), title="Черновик сайта")
    assert await found(resources) == ["Уроки", "Дорогой сайт", "Дешёвый сайт"]
    assert await found(resources, category="web-development") == ["Дорогой сайт", "Дешёвый сайт"]
    assert await found(resources, category="backend") == ["Дорогой сайт"]
    assert await found(resources, skills=["React,css"]) == ["Дешёвый сайт"]
    assert await found(resources, skills=["реакт", "vue"]) == []
    assert await found(resources, budget_min=100_000_00) == ["Дорогой сайт"]
    assert await found(resources, budget_max=10_000_00) == ["Дешёвый сайт"]
    assert await found(resources, currency="USD") == []
    assert await found(resources, budget_kind="open") == ["Уроки"]
    assert await found(resources, q="сайты", category="frontend", budget_min=1) == ["Дешёвый сайт"]


async def test_pages_meet_without_gap_or_double(market: Market, resources: Resources) -> None:
    customer = await market.person()
    for number in range(23):
        await market.order(customer, title=f"Заказ {number:02}")
    for query in ({}, {"q": "заказы", "sort": "newest"}):
        seen: list[str] = []
        cursor = None
        while True:
            async with resources.read_sessions() as session:
                wanted = OrderListQuery.model_validate({**query, "limit": 5, "cursor": cursor})
                answer = orjson.loads(await service.list_open_json(session, resources, wanted))
                page = await service.list_open_orders(session, resources, wanted)
            assert answer["items"] == [card.model_dump(mode="json") for card in page.items]
            assert (page.newer is None) == (cursor is None)
            if page.newer:
                async with resources.read_sessions() as session:
                    back = OrderListQuery.model_validate({**query, "limit": 5, "cursor": page.newer})
                    before = await service.list_open_orders(session, resources, back)
                    assert [card.title for card in before.items] == seen[-5:]
                    raw = orjson.loads(await service.list_open_json(session, resources, back))
                    assert [item["title"] for item in raw["items"]] == seen[-5:]
            seen += [item["title"] for item in answer["items"]]
            cursor = answer["next_cursor"]
            if cursor is None:
                break
        assert seen == [f"Заказ {number:02}" for number in reversed(range(23))]

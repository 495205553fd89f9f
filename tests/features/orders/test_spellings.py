"""Usual spellings of one word find each other: in orders, among freelancers and in saved searches."""

import pytest

from app.core.resources import Resources
from app.features.catalog.tasks import learn_terms
from app.features.orders import service
from app.features.orders.schemas import OrderFilter, OrderListQuery
from app.features.profiles import service as profiles
from app.features.profiles.schemas import PeopleQuery, ProfilePatch
from tests.factories.orders import Market

SPELLINGS = (
    ("Vue.js", "vuejs", "vue", "VueJS", "Vue JS", "vue-js"),
    ("Node.js", "nodejs", "node", "Node JS"),
    ("Next.js", "nextjs", "next js"),
    ("React.js", "reactjs", "react"),
    (".NET", "dotnet", "ASP.NET", "asp net", "dot net"),
    ("php 8", "php8", "PHP-8"),
    ("HTML5", "html 5"),
    ("utf-8", "utf8"),
    ("C++", "С++", "c++"),
    ("C#", "С#", "c sharp", "csharp"),
    (
        "битрикс",
        "Битрикс24",
        "1С-Битрикс",
        "1C-Bitrix",
        "bitrix24",
        "Bitrix 24",
        "1С:Битрикс",
        "битриксе",
        "Битрикс 24",
    ),
    ("e-mail", "email", "емейл", "E-Mail", "имейл", "e-mails", "емейлов", "э-мейл"),
    ("Wi-Fi", "wifi", "Wi Fi", "вайфай", "WiFi", "вай-фай", "Wi\u2011Fi"),
    ("UI/UX", "UX/UI", "ui ux", "ui-ux", "UIUX", "UX & UI"),
    ("front-end", "frontend", "Front End"),
    ("full-stack", "fullstack", "full stack"),
    ("сайт-визитка", "сайт визитка", "сайты-визитки"),
)
NAMES = [spellings[0] for spellings in SPELLINGS]


async def found(resources: Resources, words: str) -> list[str]:
    """Return the titles that a query finds, sorted."""
    async with resources.read_sessions() as session:
        page = await service.list_open_orders(session, resources, OrderListQuery(q=words, limit=50))
    return sorted(card.title for card in page.items)


@pytest.mark.parametrize("spellings", SPELLINGS, ids=NAMES)
async def test_spellings_find_each_other_in_orders(
    spellings: tuple[str, ...], market: Market, resources: Resources
) -> None:
    customer = await market.person()
    await market.order(customer, title="Совсем другое дело", description="Ничего общего с искомым тут нет.")
    titles = {spelling: f"Нужен мастер, знает «{spelling}», срочно" for spelling in spellings}
    for title in titles.values():
        await market.order(customer, title=title, description="Подробности в переписке.")
    missed = {words: sorted(set(titles.values()) - set(await found(resources, words))) for words in spellings}
    assert {words: rest for words, rest in missed.items() if rest} == {}
    assert "Совсем другое дело" not in await found(resources, spellings[0])


@pytest.mark.parametrize("spellings", SPELLINGS, ids=NAMES)
async def test_spellings_find_each_other_among_freelancers(
    spellings: tuple[str, ...], market: Market, resources: Resources
) -> None:
    await market.catalogue()
    people = {}
    for spelling in spellings:
        person = await market.person()
        async with market.uow() as work:
            fields = {"headline": f"Знаю {spelling} давно", "skills": [{"skill": "логотипы"}], "listed": True}
            await profiles.edit_profile(work, person, ProfilePatch.model_validate(fields))
        people[person.username] = spelling
    missed = []
    async with resources.read_sessions() as session:
        for words in spellings:
            page = await profiles.find_people(session, resources, None, PeopleQuery(q=words, limit=50))
            missed += [(words, rest) for name, rest in people.items() if name not in {item.name for item in page.items}]
    assert missed == []


@pytest.mark.parametrize("spellings", SPELLINGS, ids=NAMES)
async def test_spellings_find_each_other_in_saved_searches(
    spellings: tuple[str, ...], market: Market, resources: Resources
) -> None:
    filters = [OrderFilter(q=spelling) for spelling in (*spellings, "совсем другое")]
    for spelling in spellings:
        order = await market.order(title=f"Нужен мастер: {spelling}", description="Подробности в переписке.")
        async with resources.read_sessions() as session:
            matching = await service.filters_matching_order(session, resources, filters, order.id)
        assert matching == set(range(len(spellings))), spelling


TITLES = (
    "Сервис на Node.js",
    "Портал на Битрикс24",
    "Дизайн UI/UX",
    "Сайт на PHP 8",
    "Магазин на Next.js",
    "Просто сайт",
)


@pytest.mark.parametrize(
    ("words", "titles"),
    [
        ("-node.js", {"Портал на Битрикс24", "Дизайн UI/UX", "Сайт на PHP 8", "Магазин на Next.js", "Просто сайт"}),
        ("сайт -php8", {"Просто сайт"}),
        ("-битрикс24 -ui/ux -php-8 -nextjs -nodejs", {"Просто сайт"}),
        ('"на nodejs"', {"Сервис на Node.js"}),
        ('"сервис на node.js"', {"Сервис на Node.js"}),
        ('"портал на bitrix24"', {"Портал на Битрикс24"}),
        ('"сайт на php8" -портал', {"Сайт на PHP 8"}),
        ("js", {"Сервис на Node.js", "Магазин на Next.js"}),
        ("битрик*", {"Портал на Битрикс24"}),
        ("php 7", set()),
        ("next node", set()),
        ("портал ux or дизайн ux", {"Дизайн UI/UX"}),
        ("<php>", {"Сайт на PHP 8"}),
    ],
)
async def test_minus_quotes_and_stars_work_with_spellings(
    words: str, titles: set[str], market: Market, resources: Resources
) -> None:
    customer = await market.person()
    for title in TITLES:
        await market.order(customer, title=title, description="Подробности в переписке.")
    await learn_terms(resources)
    assert set(await found(resources, words)) == titles


async def test_words_that_look_like_tags_and_entities_are_found(market: Market, resources: Resources) -> None:
    text = "Разобрать List<Invoice> &amp; заменить &nbsp; в выгрузке"
    await market.order(title="Смета", description=text)
    await market.order(title="Совсем другое дело", description="Ничего общего с искомым тут нет.")
    for words in ("invoices", "<invoice>", "&nbsp;", "list<invoice>"):
        assert await found(resources, words) == ["Смета"], words

"""The catalogue of freelancers: found by words, skills, level, rate, language, place; every result has its reasons."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.resources import Resources
from app.features.catalog.tasks import learn_terms
from app.features.profiles import rules, service
from app.features.profiles.errors import InvalidPeopleFilterError
from app.features.profiles.repository import catalogue as catalogue_repository
from app.features.profiles.schemas import PeopleQuery, ProfilePatch
from app.models import Profile, User
from app.models.user import UserStatus
from tests.factories.orders import Market

PYTHON = {
    "headline": "Пишу сайты на Python",
    "skills": [{"skill": "питон", "level": "expert"}, {"skill": "postgresql"}],
    "listed": True,
}


async def found(resources: Resources, actor: Actor | None = None, **query: Any) -> list[str]:
    wanted = PeopleQuery.model_validate(query)
    async with resources.read_sessions() as session:
        page = await service.find_people(session, resources, actor, wanted)
    return [item.name for item in page.items]


async def freelancer(market: Market, username: str, **fields: Any) -> Actor:
    await market.catalogue()
    person = await market.person(username)
    async with market.uow() as work:
        await service.edit_profile(work, person, ProfilePatch.model_validate(PYTHON | fields))
    return person


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ({"q": "сайтов"}, True),
        ({"q": "сайт на пит"}, False),
        ({"q": "сайты pyth"}, True),
        ({"q": "Python developer -сайты"}, False),
        ({"q": "postgres"}, True),
        ({"q": "vera_k"}, True),
        ({"q": "логотип"}, False),
        ({"skills": ["Python, SQL"]}, False),
        ({"skills": ["python,php"], "skills_mode": "any"}, True),
        ({"skills": ["python"], "level": "expert"}, True),
        ({"skills": ["postgresql"], "level": "expert"}, False),
        ({"category": "web-development"}, True),
        ({"category": "design"}, False),
        ({"rate_min": 100_000, "rate_max": 300_000}, True),
        ({"rate_min": 300_000}, False),
        ({"rate_max": 300_000, "currency": "USD"}, False),
        ({"language": "de"}, True),
        ({"language": "fr"}, False),
        ({"place": "каза"}, True),
        ({"place": "%"}, False),
        ({"availability": "open"}, True),
        ({"availability": "busy"}, False),
        ({"country": "RU"}, True),
        ({"country": "KZ"}, False),
        ({"portfolio": True}, False),
        ({"sort": "rate"}, True),
        ({"sort": "rate", "currency": "EUR"}, False),
        ({"q": '"', "sort": "match"}, False),
        ({"q": "'; --", "sort": "match"}, False),
    ],
)
async def test_filters(market: Market, resources: Resources, query: dict[str, Any], fits: bool) -> None:
    await freelancer(
        market,
        "vera_k",
        rate={"amount": 250_000, "currency": "RUB"},
        languages=[{"code": "ru", "level": "native"}, {"code": "de", "level": "good"}],
        country="RU",
        place="Казань",
    )
    await learn_terms(resources)
    assert await found(resources, **query) == (["vera_k"] if fits else [])


async def test_who_stands_in_the_catalogue(market: Market, resources: Resources) -> None:
    await freelancer(market, "shown")
    await freelancer(market, "shy", listed=False)
    banned = await freelancer(market, "banned")
    async with market.uow() as work:
        await work.session.execute(update(User).where(User.id == banned.id).values(status=UserStatus.BANNED))
    assert await found(resources) == ["shown"]


@pytest.mark.parametrize("sort", ["newest", "rate", "match"])
async def test_pages_meet_without_gap_or_double(market: Market, resources: Resources, sort: str) -> None:
    names = [f"person_{number}" for number in range(5)]
    for number, name in enumerate(names):
        await freelancer(market, name, rate={"amount": 100_00 + number // 2, "currency": "RUB"})
    seen: list[str] = []
    cursor = None
    while True:
        wanted = PeopleQuery.model_validate({"sort": sort, "skills": ["python"], "limit": 2, "cursor": cursor})
        async with resources.read_sessions() as session:
            page = await service.find_people(session, resources, None, wanted)
        seen += [item.name for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
        await freelancer(market, f"late_{len(seen)}", rate={"amount": 1, "currency": "RUB"})
    assert sorted(seen) == names
    assert page.count == 7
    if sort != "rate":
        assert seen == names[::-1]


@pytest.mark.parametrize("nearest", [1, 3, 1000])
async def test_words_have_the_same_pages_wherever_they_are_looked_for(
    nearest: int, market: Market, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue_repository, "NEAREST", nearest)
    for number in range(6):
        await freelancer(market, f"person_{number}", headline="Рисую логотипы" if number % 3 == 2 else "Пишу на Python")
    banned = await freelancer(market, "banned")
    async with market.uow() as work:
        await work.session.execute(update(User).where(User.id == banned.id).values(status=UserStatus.BANNED))
    pages: list[list[str]] = []
    cursor = None
    while cursor or not pages:
        wanted = PeopleQuery.model_validate({"q": "пишу", "limit": 2, "cursor": cursor})
        async with resources.read_sessions() as session:
            page = await service.find_people(session, resources, None, wanted)
        pages.append([item.name for item in page.items])
        cursor = page.next_cursor
    assert pages == [["person_4", "person_3"], ["person_1", "person_0"]]
    assert await found(resources, q="и") == ["person_5", "person_4", "person_3", "person_2", "person_1", "person_0"]


async def test_the_best_match_adds_up(market: Market, resources: Resources) -> None:
    await freelancer(market, "expert", about="Интернет-магазины и каталоги.")
    await freelancer(market, "beginner", headline="Верстаю магазины", skills=[{"skill": "python", "level": "beginner"}])
    async with market.uow() as work:
        month = utc_now() - timedelta(days=40)
        await work.session.execute(update(Profile).values(updated_at=month, availability="busy"))
    wanted = PeopleQuery.model_validate({"q": "магазин", "skills": ["Python"], "sort": "match"})
    async with resources.read_sessions() as session:
        page = await service.find_people(session, resources, None, wanted)
        again = await service.find_people(session, resources, None, wanted)
    assert page == again
    first, second = page.items
    assert (first.name, first.score) == ("expert", 20 + 3 * 5 + 3)
    assert (second.name, second.score) == ("beginner", 20 + 5 + 10)
    assert [(line.rule, line.what, line.points) for line in second.why] == [
        ("skills", ["python"], 20),
        ("levels", ["python"], 5),
        ("headline", ["магазин"], 10),
    ]


def test_freshness_and_being_free_count() -> None:
    now = utc_now()
    for days, points in ((1, 10), (20, 7), (40, 5)):
        why = rules.points_of([], {}, {}, available=True, updated_at=now - timedelta(days=days), now=now)
        assert rules.total(why) == points


async def test_wrong_filters_are_named(market: Market, resources: Resources, client: httpx.AsyncClient) -> None:
    await market.catalogue()
    query: dict[str, Any] = {
        "category": "nothing",
        "skills": "nothing",
        "rate_min": 2,
        "rate_max": 1,
        "favourites": "true",
    }
    answer = await client.get("/api/v1/freelancers", params=query)
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid-people-filter"
    assert {item["loc"][-1] for item in answer.json()["errors"]} == {"category", "skills", "rate_max", "favourites"}
    with pytest.raises(InvalidPeopleFilterError):
        await found(resources, q="\x00")
    for cursor in ("x", "WyJuZXdlc3QiLDEsIngiXQ", "WyJyYXRlIiwxLCJ4Il0"):
        assert (await client.get("/api/v1/freelancers", params={"cursor": cursor})).status_code == 422


async def test_pages(market: Market, client: httpx.AsyncClient) -> None:
    assert "No freelancers yet" in (await client.get("/freelancers")).text
    await freelancer(market, "vera_k", about="Пишу с 2010 года.", place="Казань")
    page = (
        await client.get(
            "/freelancers?q=сайты&sort=match&skills=Python&level=confident&rate_max=&availability=open&language="
        )
    ).text
    assert '<option value="" selected>Best match first</option>' in page
    for words in ("vera_k", "Why here: 55 points", "+20", "Level from: Confident", "1 freelancer", "Казань"):
        assert words in page, words
    assert "Nobody fits" in (await client.get("/freelancers?q=логотип")).text
    wrong = await client.get("/freelancers?rate_min=x&skills=nothing&level=9")
    assert wrong.status_code == 422
    assert "The filters cannot be applied" in wrong.text
    assert (await client.get("/freelancers?cursor=x")).status_code == 303
    owner = await market.person()
    await market.sign_in(client, owner)
    form = {"back": "/freelancers?q=x", "csrf_token": client.headers["X-CSRF-TOKEN"]}
    kept = await client.post("/@vera_k/keep", data=form)
    assert (kept.status_code, kept.headers["location"]) == (303, "/freelancers?q=x")
    mine = (await client.get("/freelancers?favourites=true&portfolio=false")).text
    assert "Among your favourites" in mine
    assert "My favourites" in mine


async def test_mistyped_words_are_put_right_by_what_freelancers_say(
    market: Market, resources: Resources, client: httpx.AsyncClient
) -> None:
    client.headers["Accept-Language"] = "en"
    await freelancer(market, "vera_k", headline="Дизайн упаковок и открыток")
    await freelancer(market, "hidden_k", headline="Каллиграфия", listed=False)
    await learn_terms(resources)
    ask = "/api/v1/freelancers/did-you-mean"
    meant = {
        words: (await client.get(ask, params={"q": words})).json()["suggestion"]
        for words in ("дизаин упаковк", "lbpfqy", "калиграфия", "дизайн")
    }
    assert meant == {
        "дизаин упаковк": "дизайн упаковок", "lbpfqy": "дизайн", "калиграфия": None, "дизайн": None
    }  # fmt: skip
    page = (await client.get("/freelancers", params={"q": "дизаин", "sort": "match"})).text
    assert "Did you mean" in page
    assert "/freelancers?q=%D0%B4%D0%B8%D0%B7%D0%B0%D0%B9%D0%BD" in page
    assert await found(resources, q="открытка упаковка") == ["vera_k"]
    assert (await client.get("/api/v1/orders/did-you-mean", params={"q": "дизаин"})).json() == {"suggestion": None}


async def test_the_default_order_with_and_without_words(market: Market, client: httpx.AsyncClient) -> None:
    client.headers["Accept-Language"] = "en"
    await freelancer(market, "in_headline", headline="Логотипы")
    await freelancer(market, "in_text", headline="Сайты", about="Рисую логотипы")

    async def names(**query: str) -> list[str]:
        answer = await client.get("/api/v1/freelancers", params=query)
        page = (await client.get("/freelancers", params=query)).text
        found = [item["name"] for item in answer.json()["items"]]
        assert sorted(found, key=lambda name: page.index(f"/@{name}")) == found
        return found

    assert await names() == ["in_text", "in_headline"]
    assert await names(q=" ") == ["in_text", "in_headline"]
    assert await names(q="логотип") == ["in_headline", "in_text"]
    assert await names(q="логотип", sort="match") == ["in_headline", "in_text"]
    assert await names(q="логотип", sort="newest") == ["in_text", "in_headline"]
    assert await names(sort="match", q="") == ["in_text", "in_headline"]


async def test_the_form_of_the_catalogue_sends_only_a_chosen_order(market: Market, client: httpx.AsyncClient) -> None:
    client.headers["Accept-Language"] = "en"
    await freelancer(market, "vera_k")
    plain = (await client.get("/freelancers")).text
    assert '<option value="" selected>Newly listed first</option>' in plain
    assert '<option value="match">Best match first</option>' in plain
    with_words = (await client.get("/freelancers", params={"q": "сайты", "sort": ""})).text
    assert '<option value="newest">Newly listed first</option>' in with_words
    assert '<option value="" selected>Best match first</option>' in with_words
    chosen = (await client.get("/freelancers", params={"q": "сайты", "sort": "newest"})).text
    assert '<option value="newest" selected>Newly listed first</option>' in chosen

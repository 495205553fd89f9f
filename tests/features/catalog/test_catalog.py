"""The catalogue: its data, loading it, and finding a skill by typed text."""

import httpx
import pytest

from app.core.resources import Resources
from app.features.catalog import service
from app.features.catalog.errors import DamagedCatalogueError
from app.features.catalog.schemas import CatalogData
from tests.factories.commands import OPERATOR
from tests.factories.orders import Market, catalog_data


async def test_loading_twice_changes_nothing(market: Market, resources: Resources) -> None:
    async with resources.sessions() as session:
        before = await service.read_catalogue(session, resources)
    await market.catalogue()
    async with resources.sessions() as session:
        after = await service.read_catalogue(session, resources)
        assert await service.read_catalogue(session, resources) is after
    assert (after.categories, after.skills) == (before.categories, before.skills)
    assert 12 <= len(after.parts(None)) <= 15
    assert len(after.skills) >= 300


async def test_a_catalogue_that_contradicts_itself_is_refused(market: Market) -> None:
    category = {"slug": "a", "name_en": "A", "name_ru": "А"}
    skill = {"slug": "s", "category": "nowhere", "name_en": "S", "name_ru": "С"}
    lost = {"slug": "b", "parent": "nowhere", "name_en": "B", "name_ru": "Б"}
    for content in ({"categories": [category], "skills": [skill]}, {"categories": [category, lost], "skills": []}):
        async with market.uow() as work:
            with pytest.raises(DamagedCatalogueError):
                await service.load_catalogue(work, OPERATOR, CatalogData.model_validate(content))


def test_every_name_leads_to_one_skill() -> None:
    owners: dict[str, str] = {}
    for skill in catalog_data().skills:
        for name in {name.casefold() for name in (skill.name_en, skill.name_ru, *skill.synonyms)}:
            assert owners.setdefault(name, skill.slug) == skill.slug, name


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("python", "python"),
        ("пайт", "python"),
        ("питон", "python"),
        ("вёрст", "page-markup"),
        ("верст", "page-markup"),
        ("pyhton", "python"),
        ("фотошоб", "adobe-photoshop"),
        ("ghbdtncndbt", None),
        ("зщыепкуы", "postgresql"),
        ("kjujnbg", "logo-design"),
        ("c#", "csharp"),
        ("C++", "cpp"),
        ("1c", "1c"),
        ("бухгалт", "accounting"),
        ("data vis", "data-visualization"),
        ("%", None),
        ("\\", None),
    ],
)
@pytest.mark.usefixtures("market")
async def test_suggestions(client: httpx.AsyncClient, typed: str, first: str | None) -> None:
    answer = await client.get("/api/v1/skills", params={"q": typed})
    assert answer.status_code == 200
    slugs = [item["slug"] for item in answer.json()["items"]]
    assert slugs[:1] == ([first] if first else []), slugs


@pytest.mark.usefixtures("market")
async def test_names_are_in_the_readers_language(client: httpx.AsyncClient) -> None:
    for locale, name, skill in (("ru", "Веб-разработка", "Вёрстка"), ("en", "Web development", "Page markup")):
        headers = {"Accept-Language": locale}
        items = (await client.get("/api/v1/categories", headers=headers)).json()["items"]
        assert items[0]["name"] == name
        assert [part["slug"] for part in items[0]["parts"]] == ["frontend", "backend", "cms-shops", "testing-qa"]
        found = (await client.get("/api/v1/skills", params={"q": "верстка"}, headers=headers)).json()["items"]
        assert (found[0]["name"], found[0]["category"]) == (skill, "frontend")
    assert len((await client.get("/api/v1/skills", params={"limit": 500})).json()["items"]) >= 300
    for bad in ({"limit": 0}, {"limit": 501}, {"q": "x" * 61}):
        assert (await client.get("/api/v1/skills", params=bad)).status_code == 422


@pytest.mark.parametrize(
    ("lang", "typed", "first"),
    [
        ("en", "web", ("category", "web-development", "Web development")),
        ("ru", "разраб", ("category", "web-development", "Веб-разработка")),
        ("ru", "dt,", ("category", "web-development", "Веб-разработка")),
        ("en", "pyhton", ("skills", "python", "Python")),
        ("ru", "питон", ("skills", "python", "Python")),
    ],
)
@pytest.mark.usefixtures("market")
async def test_places_in_the_catalogue(
    lang: str, typed: str, first: tuple[str, str, str], client: httpx.AsyncClient
) -> None:
    client.cookies.set("locale", lang)
    items = (await client.get("/api/v1/catalogue/suggestions", params={"q": typed})).json()["items"]
    assert len(items) <= 8
    found = [(item["filter"], item["slug"], item["name"]) for item in items]
    assert first in found
    for item in items:
        answer = await client.get("/api/v1/orders", params={item["filter"]: item["slug"]})
        assert answer.status_code == 200, "each leads to a list"


@pytest.mark.usefixtures("market")
async def test_nothing_typed_suggests_no_place(client: httpx.AsyncClient) -> None:
    for typed in ("", "  ", "%", "щщщщщщ"):
        assert (await client.get("/api/v1/catalogue/suggestions", params={"q": typed})).json() == {"items": []}
    many = (await client.get("/api/v1/catalogue/suggestions", params={"q": "a", "limit": 3})).json()["items"]
    assert len(many) <= 3
    assert (await client.get("/api/v1/catalogue/suggestions", params={"limit": 0})).status_code == 422

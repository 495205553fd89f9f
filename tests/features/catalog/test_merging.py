"""Skills that an operator merges, renames and finds words for; everything that names them follows."""

from collections.abc import Awaitable, Callable

import httpx
import pytest
from sqlalchemy import select

from app.core.i18n import use_locale
from app.core.resources import Resources
from app.features.catalog import service
from app.features.matching import service as matching
from app.features.matching.schemas import SavedSearchCreate
from app.features.orders.schemas import OrderFilter
from app.features.profiles import service as profiles
from app.features.profiles.schemas import ProfilePatch
from app.models import Order, Profile, ProfileSkill, SavedSearch, Skill, SkillAlias
from app.scripts import skills as commands
from tests.factories.market import Market, catalog_data

type Settle = Callable[..., Awaitable[object]]
OLD, NEW = "logo-design", "brand-identity"


async def test_everything_follows_a_merge(
    market: Market, resources: Resources, client: httpx.AsyncClient, settle: Settle
) -> None:
    await market.catalogue()
    both = await market.order(skills=[OLD, NEW])
    alone = await market.order(skills=["python", OLD])
    anna = await market.person("anna")
    levels = [{"skill": OLD, "level": "expert"}, {"skill": NEW, "level": "beginner"}]
    async with market.uow() as work:
        await profiles.edit_profile(work, anna, ProfilePatch.model_validate({"skills": levels, "headline": "Знаки"}))
        for skills in ((OLD,), (NEW,), (OLD, "python")):
            wanted = SavedSearchCreate(name="-".join(skills), filter=OrderFilter(skills=skills))
            await matching.save_search(work, anna, wanted)
    assert await commands.merge(resources, OLD, NEW) == (
        f"{OLD} leads to {NEW} now. Orders, profiles and saved searches follow within a minute."
    )
    await settle()
    async with resources.sessions() as session:
        orders = {row.id: row.skills for row in (await session.execute(select(Order))).scalars()}
        profile = (await session.execute(select(Profile.skills).where(Profile.user_id == anna.id))).scalar_one()
        kept = (await session.execute(select(ProfileSkill.skill, ProfileSkill.level))).all()
        searches = (await session.execute(select(SavedSearch).order_by(SavedSearch.name))).scalars().all()
        assert (await session.execute(select(SkillAlias.slug))).scalars().all() == [OLD]
    assert (orders[both.id], orders[alone.id]) == ([NEW], ["python", NEW])
    assert (profile, [(row.skill, row.level.value) for row in kept]) == ([NEW], [(NEW, "expert")])
    assert [(row.filter["skills"], row.anchors) for row in searches] == [
        ([NEW], [f"skill:{NEW}"]),
        ([NEW, "python"], [f"skill:{NEW}", "skill:python"]),
    ]
    # The old name still leads there: in addresses, in what people type, and when the catalogue is loaded again.
    found = (await client.get("/api/v1/orders", params={"skills": OLD})).json()["items"]
    assert {item["id"] for item in found} == {str(both.id), str(alone.id)}
    assert (await client.get("/api/v1/skills", params={"q": "логотипы"})).json()["items"][0]["slug"] == NEW
    async with market.uow() as work:
        assert await service.load_catalogue(work, catalog_data()) == 1
    async with resources.sessions() as session:
        assert (await session.execute(select(Skill).where(Skill.slug == OLD))).scalar_one_or_none() is None
        skill = (await session.execute(select(Skill).where(Skill.slug == NEW))).scalar_one()
    assert skill.edited
    assert "Логотипы" in skill.synonyms


async def test_a_second_merge_takes_the_names_of_the_first_along(market: Market, resources: Resources) -> None:
    await market.catalogue()
    await commands.merge(resources, OLD, NEW)
    await commands.merge(resources, NEW, "packaging-design")
    async with resources.sessions() as session:
        catalogue = await service.read_catalogue(session, resources)
    for name in (OLD, NEW, "Логотипы"):
        skill = catalogue.resolve(name)
        assert skill is not None
        assert skill.slug == "packaging-design"


async def test_a_skill_is_renamed_and_found_by_more_words(market: Market, resources: Resources) -> None:
    await market.catalogue()
    assert "Знаки и логотипы" in await commands.rename(resources, OLD, "", "Знаки и логотипы")
    assert "эмблемы" in await commands.synonyms(resources, OLD, ["эмблемы"], [])
    assert "эмблемы" not in await commands.synonyms(resources, OLD, [], ["Эмблемы"])
    assert (await commands.found(resources, "логотипы")).startswith(f"{OLD}: ")
    assert await commands.found(resources, "ъъъъъъъ") == "Nothing fits."
    async with market.uow() as work:
        await service.load_catalogue(work, catalog_data())
    async with resources.sessions() as session:
        renamed = (await session.execute(select(Skill).where(Skill.slug == OLD))).scalar_one()
    assert renamed.name_ru == "Знаки и логотипы"


@pytest.mark.parametrize(
    ("act", "given", "said"),
    [
        ("merge", (OLD, "nothing"), "There is no skill “nothing”."),
        ("merge", (OLD, OLD), f"There is no skill “{OLD}”."),
        ("rename", ("nothing", "x", ""), "There is no skill “nothing”."),
        ("rename", (OLD, "", " "), "Give --en, --ru, or both."),
        ("rename", (OLD, "Python", ""), "“Python” leads to the skill “python” already."),
        ("synonyms", (OLD, ["питон"], []), "“питон” leads to the skill “python” already."),
    ],
)
async def test_what_cannot_be_done_says_why(
    market: Market, resources: Resources, act: str, given: tuple[object, ...], said: str
) -> None:
    await market.catalogue()
    with use_locale("en"), pytest.raises(commands.SkillCommandError) as refused:  # the command line does so too
        await getattr(commands, act)(resources, *given)
    assert str(refused.value).startswith(said)

"""Skills that an operator merges, renames or gives synonyms to; all references follow."""

from collections.abc import Awaitable, Callable

import httpx
import pytest
from sqlalchemy import select

from app.cli.shared import Refusal
from app.core.resources import Resources
from app.features.catalog import service
from app.features.matching import service as matching
from app.features.matching.schemas import SavedSearchCreate
from app.features.orders.schemas import OrderFilter
from app.features.profiles import service as profiles
from app.features.profiles.schemas import ProfilePatch
from app.models import Order, Profile, ProfileSkill, SavedSearch, Skill, SkillAlias
from tests.factories.commands import OPERATOR, Command
from tests.factories.orders import Market, catalog_data

type Settle = Callable[..., Awaitable[object]]
OLD, NEW = "logo-design", "brand-identity"


async def test_everything_follows_a_merge(
    market: Market, resources: Resources, client: httpx.AsyncClient, settle: Settle, command: Command
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
    assert await command("skills", "merge", OLD, NEW) == (
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
    # The old name still works: in addresses, in typed text, and when the catalogue is loaded again.
    found = (await client.get("/api/v1/orders", params={"skills": OLD})).json()["items"]
    assert {item["id"] for item in found} == {str(both.id), str(alone.id)}
    assert (await client.get("/api/v1/skills", params={"q": "логотипы"})).json()["items"][0]["slug"] == NEW
    async with market.uow() as work:
        assert await service.load_catalogue(work, OPERATOR, catalog_data()) == 1
    async with resources.sessions() as session:
        assert (await session.execute(select(Skill).where(Skill.slug == OLD))).scalar_one_or_none() is None
        skill = (await session.execute(select(Skill).where(Skill.slug == NEW))).scalar_one()
    assert skill.edited
    assert "Логотипы" in skill.synonyms


async def test_a_second_merge_takes_the_names_of_the_first_along(
    market: Market, resources: Resources, command: Command
) -> None:
    await market.catalogue()
    await command("skills", "merge", OLD, NEW)
    await command("skills", "merge", NEW, "packaging-design")
    async with resources.sessions() as session:
        catalogue = await service.read_catalogue(session, resources)
    for name in (OLD, NEW, "Логотипы"):
        skill = catalogue.resolve(name)
        assert skill is not None
        assert skill.slug == "packaging-design"


async def test_a_skill_is_renamed_and_found_by_more_words(
    market: Market, resources: Resources, command: Command
) -> None:
    await market.catalogue()
    assert "Знаки и логотипы" in await command("skills", "rename", OLD, "--ru", "Знаки и логотипы")
    assert "эмблемы" in await command("skills", "synonyms", OLD, "--add", "эмблемы")
    assert "эмблемы" not in await command("skills", "synonyms", OLD, "--remove", "Эмблемы")
    assert (await command("skills", "find", "логотипы")).startswith(f"{OLD}: ")
    assert await command("skills", "find", "ъъъъъъъ") == "Nothing fits."
    async with market.uow() as work:
        await service.load_catalogue(work, OPERATOR, catalog_data())
    async with resources.sessions() as session:
        renamed = (await session.execute(select(Skill).where(Skill.slug == OLD))).scalar_one()
    assert renamed.name_ru == "Знаки и логотипы"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("merge", OLD, "nothing"), "There is no skill “nothing”."),
        (("merge", OLD, OLD), f"There is no skill “{OLD}”."),
        (("rename", "nothing", "--en", "x"), "There is no skill “nothing”."),
        (("rename", OLD, "--en", "", "--ru", " "), "Give --en, --ru, or both."),
        (("rename", OLD, "--en", "Python"), "“Python” leads to the skill “python” already."),
        (("synonyms", OLD, "--add", "питон"), "“питон” leads to the skill “python” already."),
    ],
)
async def test_what_cannot_be_done_says_why(
    market: Market, command: Command, words: tuple[str, ...], said: str
) -> None:
    await market.catalogue()
    with pytest.raises(Refusal) as refused:
        await command("skills", *words)
    assert str(refused.value).startswith(said)

"""Irregular forms of English words find each other, as do words that the stemmer would keep apart."""

import pytest

from app.core.resources import Resources
from app.features.orders import service
from app.features.orders.schemas import OrderListQuery
from app.features.profiles import service as profiles
from app.features.profiles.schemas import PeopleQuery, ProfilePatch
from tests.factories.orders import Market

FORMS = (
    "build built building builds", "write wrote written writing", "analysis analyses", "experience experienced",
    "draw drew drawn drawing", "sell sold selling", "teach taught teaching", "choose chose chosen choosing",
    "speak spoke spoken speaking", "find found finding", "make made making", "buy bought buying",
    "send sent sending", "shoot shot shooting", "sing sang sung", "drive drove driven driving",
    "rewrite rewrote rewritten rewriting", "redo redid redone", "lead led leading", "pay paid paying",
    "grow grew grown growing", "know knew known", "hide hid hidden", "steal stole stolen", "spin spun spinning",
    "woman women", "child children", "matrix matrices", "index indices indexes", "criterion criteria",
    "person people", "knife knives", "shelf shelves", "appendix appendices", "hypothesis hypotheses",
    "reference referenced references referencing", "sequence sequenced", "license licence licensed",
    "color colour colours", "center centre centres", "catalog catalogue catalogues", "optimize optimise optimising",
    "organize organised", "customize customised", "program programme programmes", "break broke broken",
    "freeze froze frozen", "win won winning", "tell told telling", "understand understood",
)  # fmt: skip
PAIRS = [(one, other) for family in FORMS for one in family.split() for other in family.split() if one != other]


async def test_forms_find_each_other(market: Market) -> None:
    statement = """
        SELECT text, words FROM unnest(CAST($1 AS text[]), CAST($2 AS text[])) AS pairs (text, words)
        WHERE NOT order_search('Job', '', text) @@ search_query(words)"""
    async with market.uow() as work:
        connection = await work.session.connection()
        missed = await connection.exec_driver_sql(statement, tuple(map(list, zip(*PAIRS, strict=True))))
        assert [tuple(row) for row in missed] == []


@pytest.mark.parametrize(
    ("text", "words"), [("I built shops", "build"), ("Hypotheses of experts", "hypothesis experts")]
)
async def test_orders_are_found_by_other_forms(text: str, words: str, market: Market, resources: Resources) -> None:
    await market.order(title=text, description="Подробности в переписке.")
    async with resources.read_sessions() as session:
        page = await service.list_open_orders(session, resources, OrderListQuery(q=words))
    assert [card.title for card in page.items] == [text]


@pytest.mark.parametrize(("text", "words"), [("I built shops", "build"), ("Experienced editor", "experience")])
async def test_freelancers_are_found_by_other_forms(
    text: str, words: str, market: Market, resources: Resources
) -> None:
    person = await market.person()
    await market.catalogue()
    fields = {"headline": text, "skills": [{"skill": "логотипы"}], "listed": True}
    async with market.uow() as work:
        await profiles.edit_profile(work, person, ProfilePatch.model_validate(fields))
    async with resources.read_sessions() as session:
        page = await profiles.find_people(session, resources, None, PeopleQuery.model_validate({"q": words}))
        ranked = await profiles.find_people(
            session, resources, None, PeopleQuery.model_validate({"q": words, "sort": "match"})
        )
    assert [item.name for item in page.items] == [person.username]
    assert [(reason.rule, reason.what) for reason in ranked.items[0].why if reason.rule == "headline"] == [
        ("headline", [words])
    ]


@pytest.mark.parametrize(
    ("text", "words"), [("example.com", "come"), ("Lay out a page", "lie"), ("A founder", "find"), ("Booked", "book")]
)
async def test_the_table_unites_no_more_than_its_families(
    text: str, words: str, market: Market, resources: Resources
) -> None:
    await market.order(title=text, description="Подробности в переписке.")
    async with resources.read_sessions() as session:
        page = await service.list_open_orders(session, resources, OrderListQuery(q=words))
    assert [card.title for card in page.items] == ([text] if words in ("lie", "book") else [])

"""Rows that an earlier release stored are indexed anew in the background."""

from app.core.resources import Resources
from app.features.catalog import tasks
from app.features.orders import service
from app.features.orders.schemas import OrderListQuery
from app.features.profiles import service as profiles
from app.features.profiles.schemas import ProfilePatch
from tests.factories.orders import Market

# Glues quotation marks to their word, which PostgreSQL itself does only under some locales.
UNCLEANED = """
CREATE OR REPLACE FUNCTION search_words(words text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN translate(words, '«»', 'жж')
"""
OUTDATED = """
SELECT (SELECT count(*) FROM orders WHERE search <> order_search(title, keywords, description)),
    (SELECT count(*) FROM profiles WHERE search <> order_search(headline, keywords, about))
"""


async def run(market: Market, statement: str) -> tuple[object, ...]:
    """Run a statement of SQL; return its first row."""
    async with market.uow() as work:
        result = await (await work.session.connection()).exec_driver_sql(statement)
        return tuple(result.one()) if result.returns_rows else ()


async def test_stored_rows_are_indexed_anew(market: Market, resources: Resources) -> None:
    (cleaned,) = await run(market, "SELECT pg_get_functiondef(CAST('search_words(text)' AS regprocedure))")
    await run(market, UNCLEANED)
    customer = await market.person()
    await market.order(customer, title="Нужна «витрина»", description="Подробности в переписке.")
    await market.order(customer, title="Ничего особенного", description="Подробности в переписке.")
    async with market.uow() as work:
        await profiles.edit_profile(work, customer, ProfilePatch(headline="Мастер «витрин»"))
    await run(market, str(cleaned))
    assert await run(market, OUTDATED) == (1, 1)

    await tasks.renew_search(resources)
    assert await run(market, OUTDATED) == (0, 0)
    async with resources.read_sessions() as session:
        page = await service.list_open_orders(session, resources, OrderListQuery(q="витрины"))
    assert [card.title for card in page.items] == ["Нужна «витрина»"]

    await run(market, UNCLEANED)
    await tasks.renew_search(resources)  # finished for this version: nothing is compared again
    await run(market, str(cleaned))
    assert await run(market, OUTDATED) == (0, 0)


async def test_terms_that_no_query_asks_for_any_longer_are_forgotten(market: Market, resources: Resources) -> None:
    old = ("«витрина»", "php8", "vuejs")
    kept = ("витрина", "сайт-визитка", "битрикс", "bitrix", "email")
    async with market.uow() as work:
        connection = await work.session.connection()
        for word in (*old, *kept):
            statement = "INSERT INTO search_terms (word, orders, keys) VALUES ($1, 1, ARRAY[$1])"
            await connection.exec_driver_sql(statement, (word,))
    await tasks.renew_search(resources)
    assert await run(market, "SELECT array_agg(word ORDER BY word) FROM search_terms") == (sorted(kept),)

    await run(market, "INSERT INTO search_terms (word, orders, keys) VALUES ('php9', 1, ARRAY['php9'])")
    await tasks.renew_search(resources)  # finished for this version
    assert await run(market, "SELECT count(*) FROM search_terms WHERE word = 'php9'") == (1,)

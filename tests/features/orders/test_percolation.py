"""Matching one order against a filter gives the same result as the list with that filter."""

from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.money import Currency, MoneyInput
from app.core.resources import Resources
from app.features.orders import service
from app.features.orders.errors import InvalidFilterError
from app.features.orders.schemas import OrderClose, OrderFilter, OrderListQuery
from app.models import BudgetKind, Order
from tests.factories.orders import Market, rub

FILTERS: list[dict[str, Any]] = [
    {},
    {"q": "магазины"},
    {"q": "магазин -пекарня"},
    {"q": '"весёлый логотип"'},
    {"q": "и на"},
    {"q": "🙂"},
    {"q": "кофеен"},
    {"q": "логот"},
    {"q": "обув* -пекарня"},
    {"answered": False},
    {"answered": True},
    {"category": "web-development"},
    {"category": "backend"},
    {"skills": ["питон"]},
    {"skills": ["python", "figma"]},
    {"skills": ["nosuch"]},
    {"budget_kind": "hourly"},
    {"budget_min": 60_000_00, "currency": "RUB"},
    {"budget_max": 60_000_00, "currency": "RUB"},
    {"currency": "USD"},
    {"q": "логотип", "skills": ["figma"], "budget_min": 1, "budget_max": 10**9, "currency": "RUB"},
    {"category": "nosuch"},
]


async def scene(market: Market) -> list[Order]:
    customer = await market.person()
    return [
        await market.order(customer, title="Интернет-магазин для пекарни", skills=["python"], category="backend"),
        await market.order(customer, title="Нарисовать весёлый логотип", skills=["figma"], budget=rub(50_000)),
        await market.order(
            customer,
            title="Магазин обуви",
            skills=["python", "figma"],
            budget_kind="hourly",
            budget=MoneyInput(amount=40_00, currency=Currency.USD),
        ),
    ]


async def listed(resources: Resources, order: Order, wanted: dict[str, Any]) -> bool:
    async with resources.read_sessions() as session:
        try:
            page = await service.list_open_orders(session, resources, OrderListQuery.model_validate(wanted))
        except InvalidFilterError:
            return False
    return order.id in {item.id for item in page.items}


async def test_one_order_fits_the_lists_that_show_it(market: Market, resources: Resources) -> None:
    orders = await scene(market)
    filters = [OrderFilter.model_validate(wanted) for wanted in FILTERS]
    for order in orders:
        async with resources.read_sessions() as session:
            places = await service.filters_matching_order(session, resources, filters, order.id)
        expected = {place for place, wanted in enumerate(FILTERS) if await listed(resources, order, wanted)}
        assert places == expected
        assert places


async def test_nothing_fits_an_order_that_is_not_open(market: Market, resources: Resources) -> None:
    customer = await market.person()
    draft, closed = await market.draft(customer), await market.order(customer)
    async with market.uow() as work:
        await service.close_order(work, customer, closed.id, OrderClose())
    async with resources.read_sessions() as session:
        for order in (draft, closed):
            assert await service.filters_matching_order(session, resources, [OrderFilter()], order.id) == set()


async def test_a_statement_for_each_shape_and_no_more(
    market: Market, resources: Resources, engine: AsyncEngine
) -> None:
    order = await market.order()
    filters = [OrderFilter(q=f"слово{number}") for number in range(100)]
    filters += [OrderFilter(q="магазин", budget_kind=BudgetKind.FIXED), OrderFilter(q="пекарня")]
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    try:
        async with resources.read_sessions() as session:
            assert await service.filters_matching_order(session, resources, filters, order.id) == {100, 101}
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", note)
    assert len([item for item in statements if "jsonb_to_recordset" in item]) == 2

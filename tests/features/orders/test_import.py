"""Orders from files: foreign shapes, refusals that name the place, and a second run that adds nothing."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.cli.seeding import demo
from app.core.money import Currency
from app.core.resources import Resources
from app.models import BudgetKind, Order, OrderStatus
from app.scripts.import_orders import (
    NoSuchOwnerError,
    UnreadableFileError,
    find_owner,
    import_records,
    read_records,
)
from tests.factories.market import Market

FOREIGN: list[dict[str, Any]] = [
    {
        "title": "Dashboard Builder (Data Analyst)",
        "description": "Build a dashboard from our exports. \n\nTell us what you did before.",
        "experience_level": "Intermediate",
        "duration": "6+ months",
        "min_hourly_rate": 10.0,
        "max_hourly_rate": 40.0,
        "fixed_price": None,
        "skills": ["Data Analysis", "Tableau", "Beekeeping"],
        "currency": "USD",
    },
    {"title": "Fixed work", "description": "A fixed price is given.", "fixed_price": 99.5, "currency": "USD"},
    {"title": "Open work", "description": "Nothing is said about money.", "skills": [], "client_rating": 5},
    {"title": "Open work", "description": "Nothing is said about money.", "skills": [], "client_rating": 5},
    {"title": "", "description": "No title."},
    {"title": "Odd price", "description": "The price is odd.", "fixed_price": 1.001},
    {"title": "Odd currency", "description": "The currency is odd.", "fixed_price": 1, "currency": "XAU"},
    {"title": "Thin", "description": "Short"},
]


async def stored(resources: Resources) -> list[Order]:
    async with resources.sessions() as session:
        return list((await session.execute(select(Order).order_by(Order.id))).scalars())


async def test_a_foreign_file(market: Market, resources: Resources, tmp_path: Path) -> None:
    owner = await market.person("importer")
    path = tmp_path / "orders.json"
    path.write_text(json.dumps(FOREIGN), encoding="utf-8")
    steps: list[int] = []
    for run in range(2):
        async with resources.sessions() as session:
            assert (await find_owner(resources, "Importer")).id == owner.id, session
        report = await import_records(
            resources, owner, read_records(path), publish=True, progress=lambda: steps.append(1)
        )
        assert (report.created, report.known) == ((4, 0) if run == 0 else (0, 4))
        assert [(place, name) for place, name, _text in report.refused] == [
            (5, "title"), (6, "fixed_price"), (7, "currency"), (8, "description"),
        ]  # fmt: skip
        assert report.refused_records == 4
        assert all(text for _place, _name, text in report.refused)
        assert set(report.unknown_fields) == {"client_rating"}
    assert len(steps) == 16
    hourly, fixed, opened, twin = await stored(resources)
    assert (hourly.budget_kind, hourly.budget_amount, hourly.budget_max_amount) == (BudgetKind.HOURLY, 1000, 4000)
    assert (hourly.skills, hourly.tags) == (["data-analysis", "tableau"], ["Beekeeping"])
    assert hourly.description.endswith("Experience: Intermediate.\nDuration: 6+ months.")
    assert hourly.category_id is not None
    assert (fixed.budget_kind, fixed.budget_amount, fixed.currency) == (BudgetKind.FIXED, 9950, Currency.USD)
    assert (opened.budget_kind, opened.budget_amount) == (BudgetKind.OPEN, None)
    assert opened.external_key != twin.external_key
    assert {order.status for order in await stored(resources)} == {OrderStatus.OPEN}


async def test_a_table(market: Market, resources: Resources, tmp_path: Path) -> None:
    owner = await market.person()
    path = tmp_path / "orders.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["id", "title", "description", "skills", "budget", "deadline", "category"])
        writer.writerow(["7", "Сайт", "Описание\nв две строки", "Питон; реакт", "15 000", "2100-01-02", "backend"])
        writer.writerow(["8", "Бот", "Описание бота тут", '["Python"]', "", "", "nowhere"])
    report = await import_records(resources, owner, read_records(path), publish=False, progress=lambda: None)
    assert [(place, name) for place, name, _text in report.refused] == [(4, "category")]
    (order,) = await stored(resources)
    assert (order.external_key, order.skills, order.budget_amount) == ("id:7", ["python", "react"], 1_500_000)
    assert order.status is OrderStatus.DRAFT


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.json", b"{", "not valid JSON"),
        ("a.json", b"[]", "holds no orders"),
        ("a.json", b"5", "not a list"),
        ("a.csv", b"title\n", "holds no orders"),
        ("a.csv", "title\nСайт".encode("cp1251"), "UTF-8"),
        ("a.jsonl", b'{"title": 1}\n{', "not valid JSON"),
        ("b.json", None, "no file"),
        (".", None, "folder"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, content: bytes | None, said: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match=said):
        read_records(path)


async def test_nobody_owns_orders_of_nobody(resources: Resources) -> None:
    with pytest.raises(NoSuchOwnerError, match="nobody"):
        await find_owner(resources, "nobody")


async def test_the_demonstration_world_is_made_once(market: Market, resources: Resources) -> None:
    del market
    world = demo.read_world()
    assert await demo.load_demo(resources) == len(world.people) + len(world.orders)
    assert await demo.load_demo(resources) == 0
    orders = await stored(resources)
    assert {order.status for order in orders} == {
        OrderStatus.OPEN, OrderStatus.DRAFT, OrderStatus.AWARDED, OrderStatus.CANCELLED,
    }  # fmt: skip
    assert sum(order.status is OrderStatus.OPEN for order in orders) >= 30
    assert len({order.category_id for order in orders}) >= 20
    assert all(not order.tags for order in orders)

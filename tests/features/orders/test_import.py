"""Import of orders from files: foreign formats, errors with their position, and a second run that adds nothing."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.cli.foreign_orders import read_records
from app.cli.seeding import demo
from app.cli.shared import Refusal
from app.core.money import Currency
from app.core.resources import Resources
from app.models import BudgetKind, Experience, Order, OrderStatus
from tests.factories.commands import OPERATOR, Command
from tests.factories.orders import Market

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


async def test_a_foreign_file(market: Market, resources: Resources, tmp_path: Path, command: Command) -> None:
    owner = await market.person("importer")
    path = tmp_path / "orders.json"
    path.write_text(json.dumps(FOREIGN), encoding="utf-8")
    for run in range(2):
        report = await command.result("import-orders", str(path), "--owner", "Importer")
        created, known = (4, 0) if run == 0 else (0, 4)
        assert f"{created} imported, {known} known from before, 4 refused" in report.stdout
        refused = [re.fullmatch(r"order (\d+), (\w+): .+", line) for line in report.stderr.splitlines()]
        assert [(int(line[1]), line[2]) for line in refused if line] == [
            (5, "title"), (6, "fixed_price"), (7, "currency"), (8, "description"),
        ]  # fmt: skip
        assert all(refused)
        assert "Fields left aside: client_rating\n" in report.stdout
        assert "8/8" in report.stdout, "each record moves the bar"
        assert report.exit_code == 1
    hourly, fixed, opened, twin = await stored(resources)
    assert {order.customer_id for order in await stored(resources)} == {owner.id}
    assert (hourly.budget_kind, hourly.budget_amount, hourly.budget_max_amount) == (BudgetKind.HOURLY, 1000, 4000)
    assert (hourly.skills, hourly.tags) == (["data-analysis", "tableau"], ["Beekeeping"])
    assert hourly.description.endswith("before.\n\nDuration: 6+ months.")
    assert (hourly.experience, hourly.weekly_hours) == (Experience.SEASONED, None)
    assert hourly.category_id is not None
    assert (fixed.budget_kind, fixed.budget_amount, fixed.currency) == (BudgetKind.FIXED, 9950, Currency.USD)
    assert (opened.budget_kind, opened.budget_amount) == (BudgetKind.OPEN, None)
    assert opened.external_key != twin.external_key
    assert {order.status for order in await stored(resources)} == {OrderStatus.OPEN}


async def test_a_table(market: Market, resources: Resources, tmp_path: Path, command: Command) -> None:
    await market.person("importer")
    path = tmp_path / "orders.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["id", "title", "description", "skills", "budget", "deadline", "category"])
        writer.writerow(["7", "Сайт", "Описание\nв две строки", "Питон; реакт", "15 000", "2100-01-02", "backend"])
        writer.writerow(["8", "Бот", "Описание бота тут", '["Python"]', "", "", "nowhere"])
    report = await command.result("import-orders", str(path), "--owner", "importer", "--draft")
    assert [line.split(":")[0] for line in report.stderr.splitlines()] == ["order 4, category"]
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
        ("a.csv", b"title\n\x98", "UTF-8"),
        ("a.csv", "title\nMüller für Köln, Straße".encode("cp1252"), "UTF-8"),
        ("a.csv", "title\nСделать сайт про котов".encode("koi8-r"), "UTF-8"),
        ("a.csv", "title\nСделать сайт про котов".encode("cp866"), "UTF-8"),
        ("a.csv", b"\xef\xbb\xbftitle\na\n\xff\n", "UTF-8"),
        ("a.json", b'\xef\xbb\xbf[{"title": "\xff"}]', "UTF-8"),
        ("a.csv", "title\nA".encode("utf-16") + b"\x01", "UTF-8"),
        ("a.jsonl", '{"title": "A"}'.encode("utf-16-le") + b"\x00\xd8", "UTF-8"),
        ("a.xlsx", b"PK\x03\x04\x14\x00\x06\x00", "save the table as CSV"),
        ("a.csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "save the table as CSV"),
        ("a.csv", b"a;b\n1;2\n", "found: a, b"),
        ("a.csv", b"title,Title \n1,2\n", "Two columns"),
        ("a.csv", b"", "holds no orders"),
        ("a.json", b"", "holds no orders"),
        ("a.json", b'[{"title": "x"}', "not closed"),
        ("a.json", b'[{"title": "x}]', "closing quotation mark"),
        ("a.json", b'[{"title": "x"}}', "not closed"),
        ("a.json", b'[{"title": "x"}] []', "something follows"),
        ("a.json", b'{"skills": ["a", "b"], "orders": {}}', "name the list orders, items, data"),
        ("a.json", b'{"orders": [{"title": "a"}], "data": [{"title": "b"}]}', "beside each other"),
        ("a.json", b'{"title": "Export", "orders": [{"title": "a"}]}', "beside each other"),
        ("a.json", b"{title: 1}", "quotation marks"),
        ("a.json", b'{"orders": [{"title": "a"}], "orders": [{"title": "b"}]}', "beside each other"),
        ("b.json", None, "no file"),
        (".", None, "folder"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, content: bytes | None, said: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Refusal, match=said):
        read_records(path)


async def test_nobody_owns_orders_of_nobody(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "orders.json"
    path.write_text(json.dumps(FOREIGN), encoding="utf-8")
    with pytest.raises(Refusal, match="nobody"):
        await command("import-orders", str(path), "--owner", "nobody")


async def test_the_demonstration_world_is_made_once(market: Market, resources: Resources) -> None:
    del market
    world = demo.read_world()
    assert await demo.load_demo(resources, OPERATOR) == len(world.people) + len(world.orders)
    assert await demo.load_demo(resources, OPERATOR) == 0
    orders = await stored(resources)
    assert {order.status for order in orders} == {
        OrderStatus.OPEN, OrderStatus.DRAFT, OrderStatus.AWARDED, OrderStatus.CANCELLED,
    }  # fmt: skip
    assert sum(order.status is OrderStatus.OPEN for order in orders) >= 30
    assert len({order.category_id for order in orders}) >= 20
    assert all(not order.tags for order in orders)

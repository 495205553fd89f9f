"""Import of what spreadsheets and programs really write: encodings, separators, damaged lines, and absurd values."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.cli.foreign_csv import OPEN_QUOTE
from app.cli.foreign_orders import read_records
from app.cli.foreign_record import MAX_RECORD, Record
from app.core.money import Currency
from app.core.resources import Resources
from app.features.orders.errors import InvalidOrderError
from app.features.orders.service.order_import import names_left_aside, read_record, record_key
from app.models import Experience, Order
from tests.factories.commands import Command
from tests.factories.orders import Market

TEXT = "Long enough a description"
EXCEL = (
    "Название;Описание ;НАВЫКИ;Бюджет;Валюта;Срок\r\n"
    '"Магазин «Берёза»";"Сайт; корзина,\nоплата и доставка";"php, битрикс";250 000,50;RUB;01.02.2100\r\n'
)
SAMPLES = Path(__file__).parent / "import_samples"
CAFE = [("Сайт для кафе «Ромашка»", 150_000_00, "RUB", "2026-12-31"), ("Бот «Склад»", 99_000_50, "RUB", "2027-01-15")]


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(path: Path) -> list[Record]:
    return list(read_records(path))


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (EXCEL.encode("cp1251"), "cp1251"),
        (EXCEL.encode("utf-8-sig"), "utf-8-sig"),
        (EXCEL.encode(), "utf-8"),
        (EXCEL.encode("utf-16"), "utf-16"),
        (EXCEL.encode("utf-16-le"), "utf-16-le"),
        (("sep=;\r\n" + EXCEL).encode("cp1251"), "cp1251"),
        (EXCEL.replace(";", "\t").encode("utf-16"), "utf-16"),
        (('"sep=\t"\r\n' + EXCEL.replace(";", "\t")).encode(), "utf-8"),
        (EXCEL.replace(";", "|").encode(), "utf-8"),
    ],
)
def test_a_table_of_russian_excel(tmp_path: Path, content: bytes, encoding: str) -> None:
    found = read_records(written(tmp_path, "a.csv", content))
    assert found.encoding == encoding
    (record,) = found
    order = read_record(record.content)
    assert order.title == "Магазин «Берёза»"
    assert order.description.endswith("оплата и доставка")
    assert order.skills == ["php", "битрикс"]
    assert order.budget is not None
    assert (order.budget.amount, order.budget.currency) == (25_000_050, Currency.RUB)
    assert order.deadline == date(2100, 2, 1)


def outcome(record: Record) -> object:
    """Return what an order would have, or where its errors are."""
    if record.refusal:
        return "refused"
    try:
        order = read_record(record.content)
    except InvalidOrderError as refused:
        return [str(error.loc[0]) for error in refused.errors]
    money = (order.budget.amount, order.budget.currency.value) if order.budget else (None, None)
    return (order.title, *money, order.deadline.isoformat() if order.deadline else None)


@pytest.mark.parametrize(
    ("name", "outcomes"),
    [
        ("01-excel-ru-cp1251.csv", CAFE),
        ("02-excel-ru-utf8bom.csv", CAFE),
        ("05-sep-line.csv", CAFE),
        ("10-header-case-space.csv", CAFE),
        ("13-u2028.csv", [("Site for a shop", 15_000_00, "RUB", None), ("Next order", 20_000_00, "RUB", None)]),
        (
            "22-dates.csv",
            [
                *((f"Date {number}", 1000_00, "RUB", "2026-12-31") for number in range(4)),
                *(["deadline"], ["deadline"], ("Date 6", 1000_00, "RUB", "2026-12-31"), ["deadline"]),
                *(("Date 8", 1000_00, "RUB", "2020-01-01"), ("Date 9", 1000_00, "RUB", "2026-12-31")),
            ],
        ),
        ("23-extra-cells.csv", ["refused"]),
        (
            "24-money-b.csv",
            [
                *(("Order US", 1500_00, "USD", None), ("Order US2", 2000_00, "USD", None)),
                *(("Order EU", 1500_00, "EUR", None), ("Order NBSP", 15_000_00, "RUB", None)),
                *(("Order rub", 15_000_00, "RUB", None), ("Order rub2", 15_000_00, "RUB", None)),
                *(["budget"], ["budget"], ["currency"], ["currency"]),
                *(("Order руб", 15_000_00, "RUB", None), ("Order zero", None, None, None)),
            ],
        ),
        ("30-single-object.json", [("Json order", 15_000_00, "RUB", None)]),
        ("31-empty-list-first.json", [("Json order", 15_000_00, "RUB", None)]),
    ],
)
def test_files_that_people_had(name: str, outcomes: list[object]) -> None:
    assert [outcome(record) for record in read(SAMPLES / name)] == outcomes


@pytest.mark.parametrize(
    "words",
    [
        "НУЖЕН САЙТ ДЛЯ КАФЕ, СРОЧНО",
        "СРОЧНО",
        "Сайт — 500 €",
        "Потрібен сайт із кошиком і її підключенням",
        "Патрэбны сайт для ўсіх нашых крамаў",
        "Сайт-визитка на Tilda, UI/UX по макету из Figma",
    ],
)
def test_cyrillic_of_windows(tmp_path: Path, words: str) -> None:
    for content in (f"title;budget\r\n{words};1\r\n", f"НАЗВАНИЕ;БЮДЖЕТ\r\n{words};1\r\n"):
        found = read_records(written(tmp_path, "a.csv", content.encode("cp1251")))
        assert (found.encoding, words in next(iter(found)).content.values()) == ("cp1251", True)


def test_a_stray_null_is_of_its_cell(tmp_path: Path) -> None:
    first, second = read(written(tmp_path, "a.csv", "title,description\nA,before\0after and more\nB,b\n"))
    assert first.content["description"] == "before\0after and more"
    assert second.content["title"] == "B"


@pytest.mark.parametrize("sign", ["\u2028", "\u2029", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85"])
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.json"])
def test_only_the_format_ends_a_record(tmp_path: Path, sign: str, name: str) -> None:
    if name == "a.csv":
        content = f"title,description\nOne,before{sign}after\nTwo,{TEXT}\n"
    else:
        records = [{"title": "One", "description": f"before{sign}after"}, {"title": "Two", "description": TEXT}]
        lines = [json.dumps(record, ensure_ascii=False) for record in records]
        content = "\n".join(lines) if name == "a.jsonl" else f"[{','.join(lines)}]"
    first, second = read(written(tmp_path, name, content))
    assert first.content["description"] == f"before{sign}after"
    assert second.content["title"] == "Two"


@pytest.mark.parametrize(
    ("lines", "refused", "titles"),
    [
        (["A,b,1,more", "B,b,2"], [2], ["B"]),
        (["A,b,1,,", "B,b"], [], ["A", "B"]),
        (['A,"open,1', "B,b,2", "C,c,3"], [2], ["B", "C"]),
        (["A,a,1", '"B,b,2', 'C,"c",3', "D,d,4"], [3], ["A", "C", "D"]),
        (['A,"a"x,1', "B,b,2"], [2], ["B"]),
        (['A,5" screen,1', "B,b,2"], [], ["A", "B"]),
        (['A,"two\nlines, and ""quoted""",1', "B,b,2"], [], ["A", "B"]),
        ([f"A,{'x' * 100_001},1", "B,b,2"], [2], ["B"]),
        ([f"A,{'x' * (2 * MAX_RECORD)},1", "B,b,2"], [2], ["B"]),
        ([f'A,"{("x" * 99 + chr(10)) * 2000}",1', "B,b,2"], [2], ["B"]),
        (['A,"' + "x\n" * MAX_RECORD, "B,b,2"], [2], ["B"]),
        (["", "A,a,1", ",,", "B,b,2"], [], ["A", "B"]),
    ],
)
def test_a_damaged_line_is_refused_alone(
    tmp_path: Path, lines: list[str], refused: list[int], titles: list[str]
) -> None:
    """What stands in the lines after it is read; nothing is cut off and nothing swallowed."""
    found = read(written(tmp_path, "a.csv", "\n".join(["title,description,budget", *lines]) + "\n"))
    assert [record.place for record in found if record.refusal] == refused
    assert [record.content["title"] for record in found if len(record.content) > 1] == titles


def test_an_open_quotation_mark_is_named(tmp_path: Path) -> None:
    first, *rest = read(written(tmp_path, "a.csv", 'title,description\r\nA,"open\r\nB,b\r\nC,c\r\n'))
    assert (first.place, first.refusal) == (2, OPEN_QUOTE)
    assert [(record.place, record.content["title"]) for record in rest] == [(3, "B"), (4, "C")]


@pytest.mark.parametrize(
    ("content", "titles"),
    [
        ('{"skills": ["a", "b"], "title": "One", "budget": 5}', ["One"]),
        ('{"Название": "One", "items": ["a", "b"]}', ["One"]),
        ('{"errors": [], "items": [{"title": "One"}]}', ["One"]),
        ('{"meta": {"orders": [{"title": "no"}]}, "Data": [{"title": "A"}, {"title": "B"}], "n": "]}"}', ["A", "B"]),
        (' [ {"title": "One" } , {"title": "a \\\\"quoted\\\\" ], {"} ] ', ["One", 'a "quoted" ], {']),
    ],
)  # fmt: skip
def test_where_the_orders_of_json_stand(tmp_path: Path, content: str, titles: list[str]) -> None:
    content = content.replace("\\\\", "\\")
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        found = read(written(tmp_path, "a.json", content.encode(encoding)))
        assert [record.content.get("title", record.content.get("Название")) for record in found] == titles


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("[" * 100_000 + "]" * 100_000, "deep"),
        ('{"title": ' + '{"a":' * 60 + "1" + "}" * 61, "deep"),
        ('{"title": ' + "9" * 5000 + "}", "not valid JSON"),
        ('{"budget": NaN}', "NaN is not a number"),
        ('{"title": "x" "y"}', "not valid JSON"),
        ('{"title": "x", "budget": 1, "title": "y"}', "title is written twice"),
        ('{"title": "' + "x" * MAX_RECORD + '"}', "longer than"),
        ('["python", "django"]', "not an object"),
        ("5", "not an object"),
    ],
)
def test_a_bad_record_of_json_is_refused_alone(tmp_path: Path, name: str, bad: str, said: str) -> None:
    good = '{"title": "Good"}'
    content = f"{good}\n{bad}\n{good}" if name == "a.jsonl" else f"[{good}, {bad}, {good}]"
    found = read(written(tmp_path, name, content))
    assert [record.content.get("title") for record in found] == ["Good", None, "Good"]
    assert said in found[1].refusal
    assert found[1].place == 2


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("31.12.2099", date(2099, 12, 31)),
        ("1.2.2099 г.", date(2099, 2, 1)),
        ("31.12.99", date(2099, 12, 31)),
        ("31.12.2099 10:00", date(2099, 12, 31)),
        ("2099-12-31 23:59:59", date(2099, 12, 31)),
        ("2099-12-31T23:30:00-05:00", date(2099, 12, 31)),
        ("2099-12-31T00:30:00+03:00", date(2099, 12, 31)),
        ("", None),
        ("12/31/2099", "day"),
        ("46022", "day"),
        (46022, "day"),
        ("31.06.2099", "day"),
        ("2099-13-01", "day"),
        ("31 декабря 2099", "day"),
        (["2099-12-31"], "day"),
    ],
    ids=repr,
)
def test_days(typed: object, day: object) -> None:
    record = {"title": "Title", "description": TEXT, "Deadline": typed}
    if day == "day":
        with pytest.raises(InvalidOrderError) as refused:
            read_record(record)
        (error,) = refused.value.errors
        assert (error.loc, "2026-12-31" in error.message) == (("deadline",), True)
    else:
        assert read_record(record).deadline == day


@pytest.mark.parametrize(
    ("fields", "experience", "hours", "left"),
    [
        ({"experience_level": "Entry level", "hourly_rate": 10, "hours_per_week": 20}, "starting", 20, ""),
        ({"Опыт": "Эксперт", "Ставка": "500", "Часов в неделю": "25"}, "expert", 25, ""),
        ({"ОПЫТ": "средний", "hourly_rate": 10, "Часы в неделю": "20"}, "seasoned", 20, ""),
        ({"experience": "wizard", "hourly_rate": 10, "weekly_hours": "More than 30"}, None, 30, "wizard|More than 30"),
        ({"experience": "senior", "budget": 10, "weekly_hours": 20}, "expert", None, "Hours per week: 20"),
        ({"hourly_rate": 10, "weekly_hours": "as it comes"}, None, None, "as it comes"),
    ],
)
def test_experience_and_hours_fill_their_fields(
    fields: dict[str, Any], experience: str | None, hours: int | None, left: str
) -> None:
    order = read_record({"title": "Title", "description": TEXT, **fields})
    assert order.experience == (Experience(experience) if experience else None)
    assert order.weekly_hours == hours
    for words in filter(None, left.split("|")):
        assert words in order.description
    if not left:
        assert order.description == TEXT


@pytest.mark.parametrize(
    "absurd",
    [
        {"budget": 10**400}, {"budget": 1e308}, {"budget": float("inf")}, {"budget": "1e999999"},
        {"budget": "9" * 50_000}, {"budget": "-5"}, {"budget": {"a": 1}}, {"title": {"a": 1}},
        {"title": "\ud800x\x00yz"}, {"budget_kind": ["fixed"]}, {"skills": [[["a"]]]},
        {"skills": "[" * 50_000}, {"skills": {"a": "b"}}, {"category": ["a"]},
        {"currency": [1]}, {"hourly_rate": 5, "weekly_hours": 10**300}, {"hourly_rate": 5, "weekly_hours": "0"},
    ],
)  # fmt: skip
def test_absurd_values_are_an_error_of_the_record(absurd: dict[str, Any]) -> None:
    with pytest.raises(InvalidOrderError):
        read_record({"title": "Title", "description": TEXT, **absurd})


@pytest.mark.parametrize(
    ("fields", "aside"),
    [
        ({"id": 1, "url": "https://example.org/1"}, ("url",)),
        ({"Title": "", "title": "One", "TITLE": "Two", "name": "Client"}, ("TITLE", "name")),
        ({"budget": "", "price": 5, "text": "one", "description": ""}, ()),
        ({"duration": "a month", "client": None, "бюджет до": 9, "клиент": "x"}, ("client", "клиент")),
    ],
)
def test_a_second_name_of_a_field_is_told(fields: dict[str, Any], aside: tuple[str, ...]) -> None:
    assert names_left_aside(fields) == aside


def test_keys() -> None:
    assert record_key({"ID": 7}, 1) == "id:7"
    assert record_key({"Ссылка": "https://example.org/1"}, 1) == "ссылка:https://example.org/1"
    long = [record_key({"url": "https://example.org/" + "a" * 300 + end}, 1) for end in "xy"]
    assert long[0] != long[1]
    assert all(len(key) <= 200 and key.isprintable() for key in [*long, record_key({"id": "a\x00\ud800"}, 1)])
    assert record_key({"title": "\ud800"}, 1) != record_key({"title": "\ud800"}, 2)


async def test_a_damaged_file_is_imported_as_far_as_it_is_sound(
    market: Market, resources: Resources, tmp_path: Path, command: Command
) -> None:
    await market.person("importer")
    rows = [
        "Id;Title;Description;Budget;Client\x1b[31m;Срок",
        f"1;Good;{TEXT};10;x;",
        f"1;Same id;{TEXT};10;x;",
        f"2;Extra;{TEXT};10;x;;y",
        f'3;Open;"{TEXT};10;x;',
        f"4;Late;{TEXT};10;x;01.01.2020",
        f"5;\x1b[31mred;{TEXT};10;x;",
        f"6;Also good;{TEXT};20;x;31.12.2099",
    ]
    path = written(tmp_path, "orders.csv", "\r\n".join(rows))
    report = await command.result("import-orders", str(path), "--owner", "importer", "--currency", "usd")
    assert report.exit_code == 1
    assert "3 imported, 0 known from before, 4 refused" in report.stdout
    assert [line.split(":")[0] for line in report.stderr.splitlines()] == [
        "order 3", "order 4", "order 5", "order 6, Срок",
    ]  # fmt: skip
    assert "Order 2 of this file has the same id: id:1." in report.stderr
    assert "Fields left aside: Client" in report.stdout
    assert "\x1b" not in report.stdout + report.stderr
    async with resources.sessions() as session:
        orders = list((await session.execute(select(Order).order_by(Order.external_key))).scalars())
    assert [(order.title, order.budget_amount, order.currency) for order in orders] == [
        ("Good", 1000, Currency.USD),
        ("[31mred", 1000, Currency.USD),
        ("Also good", 2000, Currency.USD),
    ]

"""The description of an order's fields matches what cannot be derived from it: types, columns and the editor."""

import re
from pathlib import Path

from app import main
from app.features.orders.schemas import OrderCreate, OrderPatch, OrderRead
from app.features.orders.schemas.fields import FIELDS, REVISED, Input, columns_under
from app.models import Order
from app.site.order_history import FACTS, TEXTS

NAMES = [field.name for field in FIELDS]
EDITOR = Path(main.__file__).parent / "web" / "templates" / "orders" / "edit.html"


def test_commands_and_answers_have_every_field_and_no_other() -> None:
    assert [*NAMES, "files"] == list(OrderCreate.model_fields)
    assert [*NAMES, "files", "version"] == list(OrderPatch.model_fields)
    assert set(NAMES) <= set(OrderRead.model_fields)


def test_every_column_is_of_the_table_and_kept_once() -> None:
    assert set(REVISED) <= set(Order.__table__.columns.keys())
    assert len(REVISED) == len(set(REVISED))


def test_the_editor_asks_for_every_field() -> None:
    asked = set(re.findall(r'\(f, "([a-z_]+)"', EDITOR.read_text(encoding="utf-8")))
    assert set(NAMES) <= asked


def test_the_history_shows_every_change() -> None:
    by_name = {field.name: field for field in FIELDS}
    shown = {column for name in FACTS for column in columns_under(by_name[name].label)}
    shown |= {column for field in TEXTS for column in field.stored}
    assert shown == set(REVISED)


def test_what_is_put_in_as_it_is_has_a_column_of_its_name() -> None:
    for field in FIELDS:
        if field.plain or field.input in (Input.TEXT, Input.LINES):
            assert field.stored == (field.name,)

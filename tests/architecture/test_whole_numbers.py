"""Every whole number of a request is `WholeNumber` or strict: what is not written in digits is refused at its field."""

from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

import pytest
from fastapi.dependencies.models import Dependant
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from app.core.text.whole_numbers import WholeNumber, read_whole, read_whole_or_text
from tests.surface_coverage import all_routes

ODD = ("1_0", "+5", "5.0", "1e3", "１２", "٣", "0x5", "5,0", "1 0")


def parameters(dependant: Dependant) -> Iterator[FieldInfo]:
    """Yield the parameters of a route and of what it depends on."""
    for group in ("path_params", "query_params", "header_params", "body_params"):
        for field in getattr(dependant, group):
            yield field.field_info
    for inner in dependant.dependencies:
        yield from parameters(inner)


def models(kind: Any, seen: set[type[BaseModel]]) -> None:
    """Collect the models that a type mentions."""
    if isinstance(kind, type) and issubclass(kind, BaseModel) and kind not in seen:
        seen.add(kind)
        for field in kind.model_fields.values():
            models(field.annotation, seen)
    for part in getattr(kind, "__args__", ()):
        models(part, seen)


def is_whole_number(kind: Any) -> bool:
    """Tell whether a type is an int, or an int among others."""
    return kind is int or any(is_whole_number(part) for part in getattr(kind, "__args__", ()) if part is not str)


def is_list(kind: Any) -> bool:
    """Tell whether a type is a list, or a list among others."""
    return get_origin(kind) is list or any(is_list(part) for part in get_args(kind))


def fields() -> dict[str, FieldInfo]:
    """Return every whole number that a request may contain, by its name."""
    found: dict[str, FieldInfo] = {}
    taken: set[type[BaseModel]] = set()
    for name, route in all_routes().items():
        for field in parameters(route.dependant):
            models(field.annotation, taken)
            if is_whole_number(field.annotation):
                found[f"{name} {field.alias}"] = field
    for model in taken:
        for name, field in model.model_fields.items():
            if is_whole_number(field.annotation):
                found[f"{model.__name__}.{name}"] = field
    return found


FIELDS = fields()


def test_the_numbers_are_found() -> None:
    assert {"OrderCreate.weekly_hours", "OrderListQuery.days", "Milestone.days", "GET /api/v1/skills limit"} <= set(
        FIELDS
    )


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_only_digits_are_a_whole_number(name: str) -> None:
    field = FIELDS[name]
    kind: Any = Annotated[field.annotation, *field.metadata, field]
    reader: TypeAdapter[Any] = TypeAdapter(kind)
    for text in ODD:
        with pytest.raises(ValidationError) as refused:
            reader.validate_python([text] if is_list(field.annotation) else text)
        assert {error["type"] for error in refused.value.errors()} <= {"int_parsing", "int_type"}


@pytest.mark.parametrize("text", ODD)
def test_what_a_form_reads_as_a_number_is_written_in_digits(text: str) -> None:
    assert read_whole(text) is None
    assert read_whole_or_text(text) == text


def test_blanks_around_a_number_are_dropped() -> None:
    assert (
        read_whole(" 12\u00a0") == read_whole_or_text("\t12 ") == TypeAdapter(WholeNumber).validate_python(" 12 ") == 12
    )
    assert read_whole("9" * 10) is None
    assert read_whole_or_text(" ") is None

"""The values and errors of a form that is rendered again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

from starlette.datastructures import FormData

from app.core.errors import DomainError, FieldError
from app.core.i18n import _


@dataclass(frozen=True, slots=True)
class FormState:
    """The values and errors of one form; an empty one renders an untouched form."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    errors: Mapping[str, str] = field(default_factory=dict[str, str])
    touched: bool = False
    labels: dict[str, str] = field(default_factory=dict[str, str])
    """Labels of the fields in the order of the page; each field adds its own when it is rendered."""

    @classmethod
    def start(cls, **values: object) -> Self:
        """Return an untouched form with initial values; a list or tuple gives several, None gives none."""
        return cls({name: _texts(value) for name, value in values.items()})

    @classmethod
    def posted(cls, data: FormData, error: DomainError | Iterable[FieldError] | None = None) -> Self:
        """Return the submitted values, with the errors beside their fields."""
        values: dict[str, tuple[str, ...]] = {}
        for name, value in data.multi_items():
            if isinstance(value, str):
                values[name] = (*values.get(name, ()), value)
        return cls(values, _messages(error), touched=True)

    def with_error(self, error: DomainError | Iterable[FieldError]) -> "FormState":
        """Return the same values with these errors."""
        return FormState(self.values, _messages(error), touched=True)

    @property
    def key(self) -> tuple[object, ...]:
        """Return everything in the form, as a cache key for a fragment that depends on it."""
        return (self.touched, tuple(self.values.items()), tuple(self.errors.items()))

    def value(self, name: str, default: object = None) -> str:
        """Return the value of a field."""
        found = self.values.get(name)
        if found:
            return found[-1]
        return "" if default is None or self.touched else str(default)

    def all(self, name: str) -> tuple[str, ...]:
        """Return all values of a field that may have several."""
        return self.values.get(name, ())

    def chosen(self, name: str, value: object, default: bool = False) -> bool:
        """Tell whether a checkbox is checked."""
        if name not in self.values:
            return default and not self.touched
        return str(value) in self.values[name]

    def error(self, name: str) -> str:
        """Return the error message of a field, or an empty string."""
        return self.errors.get(name, "")

    @property
    def has_errors(self) -> bool:
        """Tell whether there are errors."""
        return bool(self.errors)

    @property
    def all_errors(self) -> list[tuple[str, str]]:
        """Return (field, message) pairs in the order of the page; the field is empty for errors of the whole form."""
        order = {name: place for place, name in enumerate(self.labels)}
        return sorted(self.errors.items(), key=lambda pair: order.get(pair[0], -1))


def _texts(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, list | tuple | set | frozenset):
        return tuple(str(item) for item in value)  # pyright: ignore[reportUnknownArgumentType,reportUnknownVariableType] - any values
    return (str(value),)


def _messages(error: DomainError | Iterable[FieldError] | None) -> dict[str, str]:
    if error is None:
        return {}
    found: dict[str, str] = {}
    for item in error.errors if isinstance(error, DomainError) else error:
        found.setdefault(_field_of(item), item.text())
    if isinstance(error, DomainError) and not found:
        found[""] = error.text() or _(error.title)
    return found


def _field_of(error: FieldError) -> str:
    """Return the name of the field with the error; empty for the form as a whole."""
    names = (part for part in error.loc if isinstance(part, str) and part not in ("body", "query", "path"))
    return next(names, "")

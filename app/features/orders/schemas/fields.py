"""The fields of an order, each described once; revisions, copies, imports, the editor and the history use them."""

from dataclasses import dataclass
from enum import StrEnum

from app.core.i18n import N_


class Input(StrEnum):
    """The type of a field's form input; it decides how the value is parsed and filled in."""

    TEXT = "text"
    CHOICE = "choice"
    NUMBER = "number"
    WORDS = "words"
    LINES = "lines"
    AMOUNT = "amount"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderField:
    """One field: `name` in JSON and in the form, `label` in the interface. Its type is in `OrderFields`."""

    name: str
    label: str
    input: Input
    columns: tuple[str, ...] = ()
    """Table columns that a revision stores; by default the column with the field's own name."""
    default: str | None = None
    """The value used when the form field is empty."""
    plain: bool = False
    """Whether the value is written to the column unchanged; null empties it."""
    copied: bool = True
    """Whether the field is part of templates and copies."""
    foreign: tuple[str, ...] = ()
    """Names of the field in import files, as `folded_name` of the import returns them."""

    @property
    def stored(self) -> tuple[str, ...]:
        """The columns that store the field."""
        return self.columns or (self.name,)


FIELDS: tuple[OrderField, ...] = (
    OrderField(name="title", label=N_("Title"), input=Input.TEXT, foreign=("title", "name", "название", "заголовок")),
    OrderField(
        name="description",
        label=N_("Description"),
        input=Input.TEXT,
        foreign=("description", "body", "text", "описание"),
    ),
    OrderField(
        name="category",
        label=N_("Field"),
        input=Input.CHOICE,
        columns=("category_id",),
        foreign=("category", "категория"),
    ),
    OrderField(
        name="skills",
        label=N_("Skills"),
        input=Input.WORDS,
        columns=("skills", "tags"),
        foreign=("skills", "tags", "навыки", "теги"),
    ),
    OrderField(name="budget_kind", label=N_("Budget"), input=Input.CHOICE, default="fixed", foreign=("budget_kind",)),
    OrderField(
        name="budget",
        label=N_("Budget"),
        input=Input.AMOUNT,
        columns=("budget_amount",),
        foreign=("budget", "fixed_price", "price", "бюджет", "бюджет_от", "цена", "стоимость"),
    ),
    OrderField(
        name="budget_max",
        label=N_("Budget"),
        input=Input.AMOUNT,
        columns=("budget_max_amount", "currency"),
        foreign=("budget_max", "бюджет_до"),
    ),
    OrderField(
        name="deadline",
        label=N_("Needed by"),
        input=Input.CHOICE,
        plain=True,
        copied=False,
        foreign=("deadline", "срок", "дедлайн"),
    ),
    OrderField(name="visibility", label=N_("Who may see it"), input=Input.CHOICE, default="public"),
    OrderField(
        name="experience",
        label=N_("Experience"),
        input=Input.CHOICE,
        plain=True,
        foreign=("experience", "experience_level", "опыт"),
    ),
    OrderField(
        name="weekly_hours",
        label=N_("Hours a week"),
        input=Input.NUMBER,
        plain=True,
        foreign=("weekly_hours", "hours_per_week", "часов_в_неделю", "часы_в_неделю"),
    ),
    OrderField(name="questions", label=N_("Questions to freelancers"), input=Input.LINES),
    OrderField(name="proposals_limit", label=N_("At most so many proposals"), input=Input.NUMBER, plain=True),
)
BY_NAME = {field.name: field for field in FIELDS}
REVISED = tuple(column for field in FIELDS for column in field.stored)
"""The columns that a revision stores."""


def columns_under(label: str) -> frozenset[str]:
    """Return the columns of all fields with this label, such as the parts of the budget."""
    return frozenset(column for field in FIELDS if field.label == label for column in field.stored)

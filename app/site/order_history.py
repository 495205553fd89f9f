"""What the edits of an order changed, in words."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from app.core.differences import Piece, differences
from app.core.i18n import N_, _, current_locale
from app.core.money import Currency, Money
from app.features.catalog import service as catalog
from app.features.orders.schemas import EXPERIENCE_WORDS, KIND_WORDS, VISIBILITY_WORDS, RevisionRead
from app.models import BudgetKind, Experience, Visibility
from app.web.cards import budget_words
from app.web.formats import day, number

type Words = Callable[[Mapping[str, Any], catalog.Catalogue], str]


def _budget(said: Mapping[str, Any], _catalogue: catalog.Catalogue) -> str:
    currency = Currency(said["currency"])
    least, most = (
        Money(amount, currency) if amount else None for amount in (said["budget_amount"], said["budget_max_amount"])
    )
    return budget_words(said["budget_kind"], least, most) or _(KIND_WORDS[BudgetKind(said["budget_kind"])])


def _skills(said: Mapping[str, Any], catalogue: catalog.Catalogue) -> str:
    known = [(slug, catalogue.skill(slug)) for slug in said["skills"]]
    names = [skill.name(current_locale()) if skill else slug for slug, skill in known]
    return ", ".join([*names, *said["tags"]])


def _category(said: Mapping[str, Any], catalogue: catalog.Catalogue) -> str:
    category = catalogue.category_by_id(said["category_id"])
    return category.name(current_locale()) if category else ""


def _deadline(said: Mapping[str, Any], _catalogue: catalog.Catalogue) -> str:
    typed = said["deadline"]
    return day(datetime.combine(date.fromisoformat(typed), time(), UTC)) if typed else ""


def _number(name: str) -> Words:
    return lambda said, _catalogue: number(said[name]) if said.get(name) else ""


# Label, the fields it stands for, and their words; title and description stand by themselves.
FACTS: tuple[tuple[str, frozenset[str], Words], ...] = (
    (N_("Field"), frozenset({"category_id"}), _category),
    (N_("Skills"), frozenset({"skills", "tags"}), _skills),
    (N_("Budget"), frozenset({"budget_kind", "budget_amount", "budget_max_amount", "currency"}), _budget),
    (N_("Needed by"), frozenset({"deadline"}), _deadline),
    (N_("Hours a week"), frozenset({"weekly_hours"}), _number("weekly_hours")),
    (
        N_("Experience"),
        frozenset({"experience"}),
        lambda said, _c: _(EXPERIENCE_WORDS[Experience(said["experience"])]) if said.get("experience") else "",
    ),
    (
        N_("Who may see it"),
        frozenset({"visibility"}),
        lambda said, _c: _(VISIBILITY_WORDS[Visibility(said["visibility"])][0]) if said.get("visibility") else "",
    ),
    (N_("At most so many proposals"), frozenset({"proposals_limit"}), _number("proposals_limit")),
)


def order_edits(revisions: Sequence[RevisionRead], catalogue: catalog.Catalogue) -> list[dict[str, Any]]:
    """Return what each edit changed, newest first: texts by their pieces, facts by what they were and are."""
    return [_edit(revision, catalogue) for revision in revisions]


def _edit(revision: RevisionRead, catalogue: catalog.Catalogue) -> dict[str, Any]:
    changed = {change.field: change for change in revision.changes}
    empty = dict.fromkeys(("weekly_hours", "experience", "visibility", "proposals_limit", "deadline", "category_id"))
    before: dict[str, Any] = {**empty, **revision.content}
    after = before | {name: change.after for name, change in changed.items()}
    texts: list[tuple[str, list[Piece]]] = [
        (_(label), differences(before[name], after[name]))
        for name, label in (("title", N_("Title")), ("description", N_("Description")))
        if name in changed
    ]
    if "questions" in changed:
        old, new = ("\n".join(said.get("questions") or ()) for said in (before, after))
        texts.append((_("Questions to freelancers"), differences(old, new)))
    facts = [
        (_(label), words(before, catalogue), words(after, catalogue))
        for label, fields, words in FACTS
        if fields & changed.keys()
    ]
    return {"at": revision.replaced_at, "texts": texts, "facts": facts}

"""The edits of an order: their changes as text, and the page that lists all of them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from app.core.http.dependencies import FeatureRouter, ProcessResources, ReadSession
from app.core.i18n import _, current_locale
from app.core.money import Currency, Money
from app.core.text.whole_numbers import WholeNumber
from app.core.text.word_diff import Piece, diff_words
from app.features.authentication.dependencies import OptionalActor
from app.features.catalog import service as catalog
from app.features.orders import service as orders
from app.features.orders.schemas import BUDGET_KIND_LABELS, EXPERIENCE_LABELS, VISIBILITY_LABELS, RevisionRead
from app.features.orders.schemas.fields import BY_NAME, FIELDS, REVISED, Input, columns_under
from app.models import BudgetKind, Experience, Order, Visibility
from app.web.formatting import day, number
from app.web.order_cards import budget_label
from app.web.templating import render

router = FeatureRouter()
NEWEST_EDITS = 5
"""How many edits the page of an order shows; its history has the others."""
EDITS_PER_PAGE = 10
MAX_VERSION = 2**31 - 1

type Words = Callable[[Mapping[str, Any], catalog.Catalogue], str]


def _budget(said: Mapping[str, Any], _catalogue: catalog.Catalogue) -> str:
    currency = Currency(said["currency"])
    least, most = (
        Money(amount, currency) if amount else None for amount in (said["budget_amount"], said["budget_max_amount"])
    )
    return budget_label(said["budget_kind"], least, most) or _(BUDGET_KIND_LABELS[BudgetKind(said["budget_kind"])])


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


FACTS: dict[str, Words] = {
    "category": _category,
    "skills": _skills,
    "budget": _budget,
    "deadline": _deadline,
    "weekly_hours": _number("weekly_hours"),
    "experience": lambda said, _c: _(EXPERIENCE_LABELS[Experience(said["experience"])]) if said["experience"] else "",
    "visibility": lambda said, _c: (
        _(VISIBILITY_LABELS[Visibility(said["visibility"])][0]) if said["visibility"] else ""
    ),
    "proposals_limit": _number("proposals_limit"),
}
"""Functions that return the value of a field as text, in the order of the page; long texts are shown as a diff."""
TEXTS = tuple(field for field in FIELDS if field.input in (Input.TEXT, Input.LINES))


@router.get("/orders/{order_id}/history")
async def show_order_history(
    request: Request,
    order_id: UUID,
    actor: OptionalActor,
    session: ReadSession,
    resources: ProcessResources,
    before: Annotated[WholeNumber | None, Query(ge=1, le=MAX_VERSION)] = None,
) -> Response:
    """Show the edits of an order, newest first, to everybody who may read it."""
    key = request.query_params.get("key")
    order = await orders.get_order(session, actor, order_id, key)
    catalogue = await catalog.read_catalogue(session, resources)
    edits, older = await order_edits(session, order, catalogue, before=before, limit=EDITS_PER_PAGE)
    query = {"key": key} if key else {}

    def address(path: str, **more: int) -> str:
        return f"/orders/{order_id}{path}" + (f"?{urlencode(query | more)}" if query or more else "")

    context = {
        "title": order.title,
        "order_address": address(""),
        "edits": edits,
        "older": address("/history", before=older) if older else None,
        "newest": address("/history") if before else None,
    }
    return render(request, "orders/history.html", context)


async def order_edits(
    session: ReadSession, order: Order, catalogue: catalog.Catalogue, *, limit: int, before: int | None = None
) -> tuple[list[dict[str, Any]], int | None]:
    """Return the newest edits older than the version `before`, and the version to continue with, if there are more.

    Each edit has a diff for texts, and the old and the new value for other fields.
    """
    revisions = await orders.revisions_of(session, order, before=before, limit=limit + 1)
    shown = revisions[:limit]
    return [_edit(revision, catalogue) for revision in shown], shown[-1].version if len(revisions) > limit else None


def _edit(revision: RevisionRead, catalogue: catalog.Catalogue) -> dict[str, Any]:
    changed = {change.field: change for change in revision.changes}
    before: dict[str, Any] = {**dict.fromkeys(REVISED), **revision.content}
    after = before | {name: change.after for name, change in changed.items()}
    texts: list[tuple[str, list[Piece]]] = [
        (_(field.label), diff_words(_text(before[field.name]), _text(after[field.name])))
        for field in TEXTS
        if field.name in changed
    ]
    facts = [
        (_(BY_NAME[name].label), words(before, catalogue), words(after, catalogue))
        for name, words in FACTS.items()
        if columns_under(BY_NAME[name].label) & changed.keys()
    ]
    return {"at": revision.replaced_at, "texts": texts, "facts": facts}


def _text(said: str | Sequence[str] | None) -> str:
    """Return a text unchanged, or a list of lines as one text."""
    return said if isinstance(said, str) else "\n".join(said or ())

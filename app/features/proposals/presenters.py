"""Proposals as templates show them, and conversion of forms; shared by the pages of this feature and of `app/site`."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.responses import Response

from app.core.errors import DomainError, FieldError
from app.core.http.problem_details import field_errors
from app.core.i18n import N_, _
from app.core.money import Currency, Money, amount_as_typed, typed_amount
from app.core.text.amounts import AmountError
from app.core.text.whole_numbers import read_whole_or_text
from app.features.moderation.service import describe_contacts
from app.features.proposals.errors import InvalidProposalError
from app.features.proposals.schemas import (
    CUSTOMER_REASONS,
    MAX_MILESTONES,
    STATUS_LABELS,
    OfferRead,
    ProposalCreate,
    ProposalFilter,
    ProposalRead,
    ProposalSort,
)
from app.models import DeclineReason
from app.web.flash import redirect
from app.web.forms import FormState

PAGE_SIZE = 20
EMPTY_ROWS = 2
ANSWERS = tuple(f"answer_{place}" for place in range(5))
"""Form fields of the answers, in the order of the questions."""
SORT_LABELS: dict[ProposalSort, str] = {
    ProposalSort.NEWEST: N_("Newest first"),
    ProposalSort.PRICE: N_("Lowest price first"),
    ProposalSort.TERM: N_("Shortest term first"),
    ProposalSort.SHORTLIST: N_("Short list first"),
}
FILTER_LABELS: dict[ProposalFilter, str] = {
    ProposalFilter.ALL: N_("All"),
    ProposalFilter.UNSEEN: N_("New to you"),
    ProposalFilter.SHORTLISTED: N_("Short list"),
    ProposalFilter.OFFERED: N_("Terms offered"),
    ProposalFilter.DECLINED: N_("Declined ones"),
}
REASON_LABELS: dict[DeclineReason, str] = {
    DeclineReason.PRICE: N_("The price does not fit"),
    DeclineReason.TERM: N_("The term does not fit"),
    DeclineReason.EXPERIENCE: N_("Other experience is needed"),
    DeclineReason.COVER_LETTER: N_("The letter does not answer the task"),
    DeclineReason.OTHER: N_("Another reason"),
    DeclineReason.ANOTHER_CHOSEN: N_("Another freelancer was chosen"),
    DeclineReason.ORDER_CANCELLED: N_("The customer closed the order"),
    DeclineReason.ORDER_EXPIRED: N_("The order expired without a choice"),
}


def read_form(form: FormData, currency: Currency, files: Sequence[UUID] = ()) -> ProposalCreate:
    """Convert the form's fields and the ids of its files into the command.

    Raises:
        InvalidProposalError: Some fields are invalid; the error lists all of them.
    """
    errors: list[FieldError] = []
    content = read_terms(form, currency, errors) | {
        "letter": str(form.get("letter") or ""),
        "answers": [str(form.get(name) or "") for name in ANSWERS if name in form],
        "files": list(files),
    }
    try:
        command = ProposalCreate.model_validate(content)
    except ValidationError as wrong:
        errors += field_errors([dict(error) for error in wrong.errors()])
        raise InvalidProposalError(errors=errors) from wrong
    if errors:
        raise InvalidProposalError(errors=errors)
    return command


def read_terms(form: FormData, currency: Currency, errors: list[FieldError]) -> dict[str, Any]:
    """Return price, term and milestones as the commands take them; errors are appended to `errors`."""
    amount = 0
    try:
        amount = typed_amount(str(form.get("price") or ""), currency)
    except AmountError as wrong:
        errors.append(wrong.at("price"))
    milestones = _read_milestones(form, currency, errors)
    price = {"amount": amount, "currency": currency}
    return {"price": price, "term_days": read_whole_or_text(form.get("term_days")), "milestones": milestones}


def _read_milestones(form: FormData, currency: Currency, errors: list[FieldError]) -> list[dict[str, Any]]:
    """Return the milestone rows that are not empty; a partly filled row is an error."""
    found: list[dict[str, Any]] = []
    rows = zip(*(map(str, form.getlist(f"milestone_{part}")) for part in ("title", "amount", "days")), strict=False)
    for title, amount, days in rows:
        if not any(text.strip() for text in (title, amount, days)):
            continue
        try:
            found.append({"title": title, "amount": typed_amount(amount, currency), "days": read_whole_or_text(days)})
        except AmountError as wrong:
            found.clear()
            incomplete = FieldError(("milestones",), N_("Give each milestone a name, an amount and its days."))
            errors.append(wrong.at("milestones") if amount.strip() else incomplete)
            break
    return found


def milestone_rows(f: FormState) -> list[tuple[str, str, str]]:
    """Return the milestone rows of the form: the submitted ones and a few empty ones."""
    typed = zip(*(f.all(f"milestone_{part}") for part in ("title", "amount", "days")), strict=False)
    rows = [row for row in typed if any(row)]
    return rows + [("", "", "")] * min(max(EMPTY_ROWS, EMPTY_ROWS + 2 - len(rows)), MAX_MILESTONES - len(rows))


def form_for_proposal(proposal: ProposalRead) -> FormState:
    """Return the form with the current values of a proposal."""
    answers = {name: pair.answer for name, pair in zip(ANSWERS, proposal.answers, strict=False)}
    return form_for_terms(proposal, letter=proposal.letter, **answers)


def form_for_terms(terms: ProposalRead | OfferRead, **more: object) -> FormState:
    """Return the form with a price, a term and milestones."""
    currency = terms.price.currency
    return FormState.start(
        price=amount_as_typed(terms.price.amount, currency),
        term_days=terms.term_days,
        milestone_title=[part.title for part in terms.milestones],
        milestone_amount=[amount_as_typed(part.amount, currency) for part in terms.milestones],
        milestone_days=[part.days for part in terms.milestones],
        **more,
    )


def page_error(error: DomainError) -> DomainError | list[FieldError]:
    """Return the error with each answer addressed by its form field."""
    named = [
        FieldError((ANSWERS[place],), item.message, item.params)
        if item.loc[-2:-1] == ("answers",) and isinstance(place := item.loc[-1], int)
        else item
        for item in error.errors
    ]
    return named or error


def labelled_proposal(proposal: ProposalRead) -> dict[str, Any]:
    """Return a proposal with the labels that templates show."""
    label, tone = STATUS_LABELS[proposal.status]
    reason = _(REASON_LABELS[proposal.decline_reason]) if proposal.decline_reason else None
    plan = proposal.agreed.milestones if proposal.agreed else proposal.milestones
    parts = [(part.title, Money(part.amount, proposal.price.currency), part.days) for part in plan]
    return {
        "it": proposal,
        "badge": (_(label), tone),
        "reason": reason,
        "contacts": describe_contacts(proposal.contacts),
        "milestones": parts,
    }


def redirect_too_late(proposal: ProposalRead) -> Response:
    """Redirect to the order because its state no longer allows the action."""
    return redirect(f"/orders/{proposal.order.id}", _("This is not possible any more. See where it stands."), "warn")


def reasons() -> list[tuple[str, str, None]]:
    """Return the reasons a client can choose, as form choices."""
    return [(reason.value, _(REASON_LABELS[reason]), None) for reason in CUSTOMER_REASONS]

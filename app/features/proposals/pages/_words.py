"""What the pages of proposals share: the form of one, and a proposal in words."""

from typing import Any

from pydantic import ValidationError
from starlette.datastructures import FormData

from app.core.errors import FieldError
from app.core.i18n import N_, _
from app.core.money import Currency, typed_amount
from app.core.problems import field_errors
from app.features.proposals.errors import InvalidProposalError
from app.features.proposals.schemas import (
    STATUS_WORDS,
    ProposalCreate,
    ProposalRead,
)
from app.models import DeclineReason

PAGE_SIZE = 20
LONGEST_NUMBER = 9
REASON_WORDS: dict[DeclineReason, str] = {
    DeclineReason.PRICE: N_("The price does not fit"),
    DeclineReason.TERM: N_("The term does not fit"),
    DeclineReason.EXPERIENCE: N_("Other experience is needed"),
    DeclineReason.LETTER: N_("The letter does not answer the task"),
    DeclineReason.OTHER: N_("Another reason"),
    DeclineReason.ANOTHER_CHOSEN: N_("Another freelancer was chosen"),
    DeclineReason.ORDER_CANCELLED: N_("The customer closed the order"),
    DeclineReason.ORDER_EXPIRED: N_("The order expired without a choice"),
}


def read_form(form: FormData, currency: Currency) -> ProposalCreate:
    """Translate the form's fields into the command.

    Raises:
        InvalidProposalError: Some of them cannot be read; all are named at once.
    """
    faults: list[FieldError] = []
    amount = 0
    try:
        amount = typed_amount(str(form.get("price") or ""), currency)
    except ValueError as wrong:
        faults.append(FieldError(("price",), str(wrong)))
    content: dict[str, Any] = {
        "price": {"amount": amount, "currency": currency},
        "term_days": number_in(form, "term_days"),
        "letter": str(form.get("letter") or ""),
    }
    try:
        command = ProposalCreate.model_validate(content)
    except ValidationError as wrong:
        faults += field_errors([dict(error) for error in wrong.errors()])
        raise InvalidProposalError(errors=faults) from wrong
    if faults:
        raise InvalidProposalError(errors=faults)
    return command


def number_in(form: FormData, name: str) -> int | None:
    text = str(form.get(name) or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else None


def shown_in_words(proposal: ProposalRead) -> dict[str, Any]:
    """Return a proposal with its state in words."""
    label, tone = STATUS_WORDS[proposal.status]
    reason = _(REASON_WORDS[proposal.decline_reason]) if proposal.decline_reason else None
    return {"it": proposal, "badge": (_(label), tone), "reason": reason}

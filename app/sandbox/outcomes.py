"""The cards of the sandbox provider and what happens with each, and its limits."""

from dataclasses import dataclass
from enum import StrEnum

from app.core.i18n import N_

YEARLY_LIMIT = 240_000_000
"""What a self-employed person may earn in a year, in kopecks."""
_HOUR = 3600


class Step(StrEnum):
    """What the hosted page does after a card was chosen."""

    SUCCESS = "success"
    CONFIRM = "confirm"
    DECLINE = "decline"
    DELAYED = "delayed"
    ABANDON = "abandon"


@dataclass(frozen=True, slots=True)
class TestCard:
    """A card that the hosted page offers."""

    number: str
    step: Step
    told: str

    @property
    def grouped(self) -> str:
        """The number in groups of four digits."""
        return " ".join(self.number[start : start + 4] for start in range(0, len(self.number), 4))


TEST_CARDS = (
    TestCard("4242424242424242", Step.SUCCESS, N_("The payment succeeds at once")),
    TestCard("4000002500003155", Step.CONFIRM, N_("The bank asks for a confirmation (3-D Secure)")),
    TestCard("4000000000000002", Step.DECLINE, N_("The bank declines the card")),
    TestCard("4000000000000077", Step.DELAYED, N_("The payment succeeds an hour later")),
    TestCard("4000000000000341", Step.ABANDON, N_("You leave without paying, and the payment expires")),
)


@dataclass(frozen=True, slots=True)
class PayoutOutcome:
    """What happens with a payout to a card; delays in seconds of the provider's clock."""

    refused: str = ""
    delay: int = 0
    returned_after: int = 0


PAYOUT_OUTCOMES = {
    "4000000000000002": PayoutOutcome(refused="rejected_by_payee"),
    "4000000000000077": PayoutOutcome(delay=_HOUR),
    "4000000000000341": PayoutOutcome(returned_after=24 * _HOUR),
}
"""Cards with an outcome of their own; every other valid number is paid at once."""

CAPABILITIES = {
    "provider": "sandbox",
    "wallets": True,
    "partial_payout": True,
    "several_payments": True,
    "refund_after_release": True,
    "longest_hold_days": None,
    "signed_webhooks": True,
    "statement": True,
    "payout_kinds": ["card", "self_employed"],
    "payout_minimum": 100,
    "payout_maximum": 15_000_000,
    "key_hours": 24,
}

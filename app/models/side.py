"""The sides that change the state of an order, a proposal, a conversation or a deal."""

from enum import StrEnum

from app.core.i18n import N_


class Side(StrEnum):
    """Who performs a transition: one of the two parties, the operator, or a timer."""

    CUSTOMER = "customer"
    FREELANCER = "freelancer"
    OPERATOR = "operator"
    SYSTEM = "system"


PROVIDER = "provider"
"""The payment provider: it ends payments in the tables of states, and is no side of anything that is stored."""

SIDE_LABELS: dict[str, str] = {
    Side.CUSTOMER: N_("the customer"),
    Side.FREELANCER: N_("the freelancer"),
    Side.OPERATOR: N_("the operator"),
    Side.SYSTEM: N_("the clock"),
    PROVIDER: N_("the payment provider"),
}

"""The sides that change the state of an order, a proposal or a conversation."""

from enum import StrEnum

from app.core.i18n import N_


class Side(StrEnum):
    """Who performs a transition: one of the two parties, the operator, or a timer."""

    CUSTOMER = "customer"
    FREELANCER = "freelancer"
    OPERATOR = "operator"
    SYSTEM = "system"


SIDE_LABELS: dict[Side, str] = {
    Side.CUSTOMER: N_("the customer"),
    Side.FREELANCER: N_("the freelancer"),
    Side.OPERATOR: N_("the operator"),
    Side.SYSTEM: N_("the clock"),
}

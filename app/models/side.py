"""Who moves an order, a proposal or a conversation on: one of its two sides, the operator or the clock."""

from enum import StrEnum

from app.core.i18n import N_


class Side(StrEnum):
    """Who moves a thing from one state to the next."""

    CUSTOMER = "customer"
    FREELANCER = "freelancer"
    OPERATOR = "operator"
    SYSTEM = "system"


SIDE_WORDS: dict[Side, str] = {
    Side.CUSTOMER: N_("the customer"),
    Side.FREELANCER: N_("the freelancer"),
    Side.OPERATOR: N_("the operator"),
    Side.SYSTEM: N_("the clock"),
}

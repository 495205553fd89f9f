"""Errors of fees."""

from app.core.errors import InvalidError
from app.core.i18n import N_


class FeePolicyBackdatedError(InvalidError):
    """A policy would apply to the past."""

    code = "fee-policy-backdated"
    title = N_("A fee cannot begin in the past")
    detail = N_("Give a moment that is still to come, or none: the fee then begins now.")


class UnknownFeeCategoryError(InvalidError):
    """A policy names a category that does not exist."""

    code = "unknown-fee-category"
    title = N_("There is no such category")
    detail = N_("There is no category “{category}”. Give its name in addresses, such as web-development.")

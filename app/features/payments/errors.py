"""Errors of payments."""

from app.core.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError, UnavailableError
from app.core.i18n import N_


class NoPaymentProviderError(UnavailableError):
    """The instance has no payment provider."""

    code = "no-payment-provider"
    title = N_("Nobody can pay here")
    detail = N_("This site has no payment service, so no money can be paid in or out.")


class PaymentNotFoundError(NotFoundError):
    """There is no such payment of this person."""

    code = "payment-not-found"
    title = N_("There is no such payment")


class PayoutNotFoundError(NotFoundError):
    """There is no such withdrawal of this person."""

    code = "payout-not-found"
    title = N_("There is no such withdrawal")


class InvalidPaymentError(InvalidError):
    """The payment, withdrawal or refund is invalid; `errors` lists the fields."""

    code = "invalid-payment"
    title = N_("Please check the amount and the card")


class PaymentNotRefundableError(ConflictError):
    """The payment was not received, or less than this is left of it."""

    code = "payment-not-refundable"
    title = N_("This cannot be sent back to the card")
    detail = N_("Only a payment that arrived can be sent back, and no more than is left of it.")


class PaymentNotCancelableError(ConflictError):
    """The payment has ended already, or it is not known yet whether it has."""

    code = "payment-not-cancelable"
    title = N_("This payment cannot be canceled")
    detail = N_("It has ended already, or is being paid. Reload the page to see how it stands.")


class PayoutNotPossibleError(ConflictError):
    """The provider would refuse the withdrawal; the detail says what is needed."""

    code = "payout-not-possible"
    title = N_("You cannot withdraw this now")
    detail = N_("Something is missing for this withdrawal.")


class WithdrawalNotFoundError(NotFoundError):
    """There is no such withdrawal of several parts, or with an approval, of this person."""

    code = "withdrawal-not-found"
    title = N_("There is no such withdrawal")


class WithdrawalDecidedError(ConflictError):
    """The withdrawal was approved, refused or given up, or nobody has decided in time."""

    code = "withdrawal-decided"
    title = N_("This withdrawal is decided already")
    detail = N_("Reload the page to see how it stands.")


class SelfEmployedDetailsMissingError(ForbiddenError):
    """A withdrawal as a self-employed person needs the legal details of one."""

    code = "self-employed-details-missing"
    title = N_("Your legal details are missing")
    detail = N_("Enter your legal details as a self-employed person first; the tax number is taken from there.")


class CaseNotFoundError(NotFoundError):
    """There is no such case of reconciliation that is open."""

    code = "reconciliation-case-not-found"
    title = N_("There is no such open case")


class OwnMoneyError(ForbiddenError):
    """Nobody corrects an account or a contract of their own, approves their own withdrawal or closes their own case."""

    code = "own-money"
    title = N_("This concerns your own money")
    detail = N_("Nobody decides about money or a contract of their own. Ask a colleague.")


class WebhookRefusedError(ForbiddenError):
    """The message is not signed by the provider."""

    code = "webhook-refused"
    title = N_("This message is not believed")
    detail = N_("Its signature is missing or wrong, or it is too old.")


class UnknownProviderError(NotFoundError):
    """There is no such payment provider here."""

    code = "unknown-payment-provider"
    title = N_("There is no such payment service here")

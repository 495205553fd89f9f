"""Errors of orders."""

from app.core.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError, RateLimitedError
from app.core.i18n import N_


class OrderNotFoundError(NotFoundError):
    """The order does not exist or the reader may not see it."""

    code = "order-not-found"
    title = N_("There is no such order")
    detail = N_("The order was not found. It may still be a draft of somebody else.")


class OrderRemovedError(NotFoundError):
    """The operator has taken the order down."""

    code = "order-removed"
    title = N_("This order was removed")
    detail = N_("The operator has removed this order, so it cannot be read or answered any more.")


class OrderHeldError(ConflictError):
    """The operator has taken the order down, so its customer cannot change it."""

    code = "order-held"
    title = N_("The operator has removed this order")
    detail = N_("While it is removed it cannot be changed or opened. The order says why; you may close or copy it.")


class NoSuchMachineError(NotFoundError):
    """No state machine has this name."""

    code = "no-such-state-machine"
    title = N_("There is no such state machine")
    detail = N_("No state machine has this name. The list of all of them has every name.")


class NotOrderCustomerError(ForbiddenError):
    """Only the customer of the order may do this."""

    code = "not-order-customer"
    title = N_("This is somebody else's order")
    detail = N_("Only the customer who posted the order may do this.")


class OrderStateError(ConflictError):
    """The order's state does not allow this action."""

    code = "order-state"
    title = N_("The order's status has changed")
    detail = N_("The order is no longer in a state that allows this. Open it again to see where it stands.")


class OrderNotOpenError(ConflictError):
    """The order is not open, so it accepts no proposals."""

    code = "order-not-open"
    title = N_("The order does not accept proposals")
    detail = N_("The order is not open any more. Look for another one in the list.")


class OrderFullError(ConflictError):
    """The order has reached its limit of proposals."""

    code = "order-full"
    title = N_("The order has reached its limit of proposals")
    detail = N_("The customer asked for {limit} proposals at most, and they have come. A place may become free again.")


class OrderChangedError(ConflictError):
    """The order was edited after it was read (version conflict)."""

    code = "order-changed"
    title = N_("The order has changed in the meantime")
    detail = N_("Somebody edited the order after you opened it. Open it again, then repeat your change.")


class InvalidOrderError(InvalidError):
    """Fields contradict each other, or a field required for publishing is missing."""

    code = "invalid-order"
    title = N_("Please check the order")
    detail = N_("Some fields need your attention.")


class InvalidFilterError(InvalidError):
    """A filter of the list is invalid."""

    code = "invalid-filter"
    title = N_("Please check the filters")
    detail = N_("One of the filters cannot be applied.")


class TooManyOrdersError(RateLimitedError):
    """The account has reached its daily limit of published orders."""

    code = "too-many-orders"
    title = N_("Daily limit of orders reached")
    detail = N_(
        "You have published {limit} orders within a day. The next one is possible from {next:%Y-%m-%d %H:%M} UTC."
    )


class InvitationNotFoundError(NotFoundError):
    """The invitation does not exist or belongs to another person."""

    code = "invitation-not-found"
    title = N_("There is no such invitation")
    detail = N_("No such invitation is addressed to you.")


class InvitationDecidedError(ConflictError):
    """The invitation was already answered or declined, or its order is no longer open."""

    code = "invitation-decided"
    title = N_("The invitation's status has changed")
    detail = N_("It was answered or declined already, or the order is not open any more.")


class AlreadyInvitedError(ConflictError):
    """The freelancer is already invited to this order."""

    code = "already-invited"
    title = N_("This person is already invited")
    detail = N_("This person is invited to the order already. The list below says how it stands.")


class InvalidInvitationError(InvalidError):
    """The invitation is invalid; `errors` lists the fields."""

    code = "invalid-invitation"
    title = N_("Please check the invitation")
    detail = N_("Some fields need your attention.")


class TooManyInvitationsError(RateLimitedError):
    """The limit of invitations per order or per day is reached."""

    code = "too-many-invitations"
    title = N_("Limit of invitations reached")
    detail = N_("An order takes {limit} invitations. Wait for the answers, or let everybody see the order.")
    today = N_("You have sent {limit} invitations within a day. Please go on tomorrow.")


class TemplateNotFoundError(NotFoundError):
    """The template does not exist or belongs to another person."""

    code = "template-not-found"
    title = N_("There is no such template")
    detail = N_("The template was not found among yours. It may have been deleted.")


class TooManyTemplatesError(ConflictError):
    """The account has reached its limit of templates."""

    code = "too-many-templates"
    title = N_("Limit of templates reached")
    detail = N_("You keep {limit} templates already. Delete one that you do not need, then keep this one.")

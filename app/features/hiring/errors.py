"""Expected failures of direct deals."""

from app.core.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError, RateLimitedError
from app.core.i18n import N_


class DirectDealNotFoundError(NotFoundError):
    """The direct deal does not exist, or the reader is not one of its people and has no valid link."""

    code = "direct-deal-not-found"
    title = N_("There is no such invitation")
    detail = N_("The link was used already, was withdrawn or has expired. Ask the person who sent it for a new one.")


class DirectDealStateError(ConflictError):
    """The direct deal is decided, or its time to answer is over."""

    code = "direct-deal-decided"
    title = N_("This invitation is closed")
    detail = N_("It was accepted, declined or withdrawn, or it has expired. Reload the page to see how it ended.")


class DirectDealChangedError(ConflictError):
    """The terms have changed since the actor read them."""

    code = "direct-deal-changed"
    title = N_("The terms have changed in the meantime")
    detail = N_("Other terms were proposed after you opened the page. Reload it, then decide.")


class WrongTurnError(ForbiddenError):
    """The action belongs to the other person."""

    code = "wrong-turn"
    title = N_("Only the other person can do this")
    detail = N_("Who proposed the terms can withdraw them; who received them accepts, declines or changes them.")


class DirectDealPersonGoneError(ConflictError):
    """The account of the other person is closed or blocked."""

    code = "direct-deal-person-gone"
    title = N_("The other person's account is closed")
    detail = N_("No deal can begin with a closed account.")


class InvalidDirectDealError(InvalidError):
    """Some of the fields are invalid."""

    code = "invalid-direct-deal"
    title = N_("Please check the terms")
    detail = N_("Correct the marked fields, then send it again.")


class TooManyDirectDealsError(RateLimitedError):
    """The account has reached its daily limit of direct deals."""

    code = "too-many-direct-deals"
    title = N_("Daily limit of invitations reached")
    detail = N_(
        "You have invited {limit} people within a day. The next one is possible from {next:%Y-%m-%d %H:%M} UTC."
    )


class TooManyMailedInvitationsError(RateLimitedError):
    """The account, or others to the same address, have sent enough invitations by e-mail."""

    code = "too-many-mailed-invitations"
    title = N_("Limit of invitations by e-mail reached")
    detail = N_("We send only a few such e-mails. Leave the address empty, and send the link yourself.")

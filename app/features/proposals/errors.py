"""Expected failures of proposals and offers."""

from app.core.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError, RateLimitedError
from app.core.i18n import N_


class ProposalNotFoundError(NotFoundError):
    """The proposal does not exist, or the actor is neither its freelancer nor the order's client."""

    code = "proposal-not-found"
    title = N_("There is no such proposal")
    detail = N_("The proposal was not found. Proposals are seen only by the two people they concern.")


class OwnOrderError(ForbiddenError):
    """A client cannot send a proposal to their own order."""

    code = "own-order"
    title = N_("This is your own order")
    detail = N_("You cannot send a proposal for your own order.")


class WrongSideError(ForbiddenError):
    """The action belongs to the other side."""

    code = "not-your-step"
    title = N_("Only the other side may do this")
    detail = N_("Only the customer chooses, declines and sorts; only the freelancer edits or withdraws.")


class AlreadyProposedError(ConflictError):
    """The freelancer already has an active proposal for the order."""

    code = "already-proposed"
    title = N_("You have already sent a proposal for this order")
    detail = N_("You have a proposal for this order. Edit it, or withdraw it and send another.")


class DeclinedBeforeError(ConflictError):
    """The client has declined an earlier proposal of this freelancer for the order."""

    code = "declined-before"
    title = N_("The customer has declined your proposal")
    detail = N_("The customer has declined your proposal for this order, so another one cannot be sent.")


class ProposalStateError(ConflictError):
    """The state of the proposal or of its order does not allow the action."""

    code = "proposal-state"
    title = N_("The proposal's status has changed")
    detail = N_("The proposal is no longer in a state that allows this. Open it again to see where it stands.")


class OfferNotFoundError(NotFoundError):
    """The offer does not exist, or the actor is on neither of its sides."""

    code = "offer-not-found"
    title = N_("There is no such offer")
    detail = N_("The offer was not found. Offers are seen only by the two people they concern.")


class OfferStateError(ConflictError):
    """The offer is no longer open: it was answered, withdrawn or has lapsed."""

    code = "offer-state"
    title = N_("The offer has already been answered")
    detail = N_("The offer does not wait for an answer any more. Open the order to see where it stands.")


class OfferLapsedError(ConflictError):
    """The time to answer the offer is over, even if the periodic task has not closed it yet."""

    code = "offer-lapsed"
    title = N_("The offer has expired")
    detail = N_("The offer could be answered until {until:%Y-%m-%d %H:%M} UTC. Ask the other side for a new one.")


class OfferPendingError(ConflictError):
    """The order already has an open offer."""

    code = "offer-out"
    title = N_("Your offer is still awaiting an answer")
    detail = N_("Another freelancer has an open offer for this order. Take it back first, or wait for the answer.")


class ProposalChangedError(ConflictError):
    """The freelancer has edited the proposal since the actor read it."""

    code = "proposal-changed"
    title = N_("The proposal has changed in the meantime")
    detail = N_("The proposal was edited after you opened it. Look at its present price and term, then decide again.")


class InvalidProposalError(InvalidError):
    """Fields of the proposal or offer are invalid for the order."""

    code = "invalid-proposal"
    title = N_("Please check the proposal")
    detail = N_("Some fields need your attention.")


class TooManyProposalsError(RateLimitedError):
    """The account has reached the daily limit of proposals."""

    code = "too-many-proposals"
    title = N_("Daily limit of proposals reached")
    detail = N_(
        "You have sent {limit} proposals within a day. The next one is possible from {next:%Y-%m-%d %H:%M} UTC."
    )


class SimilarCoverLettersError(InvalidError):
    """Nearly the same cover letter was sent too often within a day."""

    code = "similar-letters"
    title = N_("The cover letter is too similar to your others")
    detail = N_("You have sent nearly the same letter several times within a day. Write how you would do this order.")


class UnknownProposalsError(InvalidError):
    """Some proposals do not belong to the order, or too few or too many were given."""

    code = "unknown-proposals"
    title = N_("Choose from the proposals of this order")
    detail = N_("Tick up to four proposals of this order to compare them.")


class CoverLetterTemplateNotFoundError(NotFoundError):
    """The actor has no such cover letter template."""

    code = "letter-not-found"
    title = N_("There is no such cover letter template")
    detail = N_("The letter was not found among yours. It may have been deleted.")


class TooManyCoverLetterTemplatesError(ConflictError):
    """The actor has as many cover letter templates as allowed."""

    code = "too-many-letters"
    title = N_("Limit of cover letter templates reached")
    detail = N_("You keep {limit} letters already. Delete one that you do not need, then keep this one.")

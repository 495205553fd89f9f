"""How proposals fail."""

from app.core.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError, RateLimitedError
from app.core.i18n import N_


class ProposalNotFoundError(NotFoundError):
    """No such proposal for this reader: only its freelancer and the order's customer see one."""

    code = "proposal-not-found"
    title = N_("There is no such proposal")
    detail = N_("The proposal was not found. Proposals are seen only by the two people they concern.")


class OwnOrderError(ForbiddenError):
    """A customer does not answer an order of their own."""

    code = "own-order"
    title = N_("This is your own order")
    detail = N_("You cannot send a proposal for your own order.")


class WrongSideError(ForbiddenError):
    """The step belongs to the other side."""

    code = "not-your-step"
    title = N_("The other side decides this")
    detail = N_("Only the customer chooses, declines and sorts; only the freelancer edits or withdraws.")


class AlreadyProposedError(ConflictError):
    """One live proposal per freelancer and order."""

    code = "already-proposed"
    title = N_("You have answered this order already")
    detail = N_("You have a proposal for this order. Edit it, or withdraw it and send another.")


class DeclinedBeforeError(ConflictError):
    """The customer has said no."""

    code = "declined-before"
    title = N_("The customer has declined your proposal")
    detail = N_("The customer has declined your proposal for this order, so another one cannot be sent.")


class ProposalStateError(ConflictError):
    """The proposal's state does not know this step."""

    code = "proposal-state"
    title = N_("The proposal has moved on")
    detail = N_("The proposal is no longer in a state that allows this. Open it again to see where it stands.")


class OfferNotFoundError(NotFoundError):
    """No such offer for this reader: only its two sides see one."""

    code = "offer-not-found"
    title = N_("There is no such offer")
    detail = N_("The offer was not found. Offers are seen only by the two people they concern.")


class OfferStateError(ConflictError):
    """The offer was answered, taken back or has lapsed."""

    code = "offer-state"
    title = N_("The offer has been answered")
    detail = N_("The offer does not wait for an answer any more. Open the order to see where it stands.")


class OfferLapsedError(ConflictError):
    """Its time is over, whether or not the clock has noticed yet."""

    code = "offer-lapsed"
    title = N_("The time to answer is over")
    detail = N_("The offer could be answered until {until:%Y-%m-%d %H:%M} UTC. Ask the other side for a new one.")


class OfferPendingError(ConflictError):
    """One offer of an order waits at a time."""

    code = "offer-out"
    title = N_("An offer of yours waits for an answer")
    detail = N_("Another freelancer has an open offer for this order. Take it back first, or wait for the answer.")


class ProposalChangedError(ConflictError):
    """The freelancer edited the proposal since it was read."""

    code = "proposal-changed"
    title = N_("The proposal has changed meanwhile")
    detail = N_("The proposal was edited after you opened it. Look at its present price and term, then decide again.")


class InvalidProposalError(InvalidError):
    """Fields that do not fit the order."""

    code = "invalid-proposal"
    title = N_("Please check the proposal")
    detail = N_("Some fields need your attention.")


class TooManyProposalsError(RateLimitedError):
    """The account has sent as many proposals as a day allows."""

    code = "too-many-proposals"
    title = N_("Enough proposals for today")
    detail = N_(
        "You have sent {limit} proposals within a day. The next one is possible from {next:%Y-%m-%d %H:%M} UTC."
    )


class SimilarCoverLettersError(InvalidError):
    """The same letter went to several customers today."""

    code = "similar-letters"
    title = N_("This letter reads like your others")
    detail = N_("You have sent nearly the same letter several times within a day. Write how you would do this order.")


class UnknownProposalsError(InvalidError):
    """Proposals that are not of this order, or too many or too few of them at once."""

    code = "unknown-proposals"
    title = N_("Choose from the proposals of this order")
    detail = N_("Tick up to four proposals of this order to compare them.")


class CoverLetterTemplateNotFoundError(NotFoundError):
    """No such letter of this person."""

    code = "letter-not-found"
    title = N_("There is no such letter")
    detail = N_("The letter was not found among yours. It may have been deleted.")


class TooManyCoverLetterTemplatesError(ConflictError):
    """As many letters are kept as one person may."""

    code = "too-many-letters"
    title = N_("Enough letters")
    detail = N_("You keep {limit} letters already. Delete one that you do not need, then keep this one.")

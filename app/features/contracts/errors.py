"""Expected failures of contracts and their milestones."""

from app.core.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from app.core.i18n import N_


class ContractNotFoundError(NotFoundError):
    """The contract does not exist, or the actor is neither of its parties."""

    code = "contract-not-found"
    title = N_("There is no such contract")
    detail = N_("The contract was not found. Contracts are seen only by their two parties.")


class MilestoneNotFoundError(NotFoundError):
    """The milestone does not exist, or the actor is neither party of its contract."""

    code = "milestone-not-found"
    title = N_("There is no such milestone")
    detail = N_("The milestone was not found. Milestones are seen only by the two parties of their contract.")


class WrongPartyError(ForbiddenError):
    """The action belongs to the other party."""

    code = "wrong-party"
    title = N_("Only the other party can do this")
    detail = N_("The client pays, accepts and asks for refunds; the freelancer works, submits and gives money back.")


class MilestoneStateError(ConflictError):
    """The state of the milestone or of its contract does not allow the action."""

    code = "milestone-state"
    title = N_("The milestone's status does not allow this")
    detail = N_("The milestone is “{state}” now. Reload the page to see what is possible.")


class MilestoneChangedError(ConflictError):
    """The milestone has changed since the actor read it."""

    code = "milestone-changed"
    title = N_("The milestone has changed in the meantime")
    detail = N_("Something happened to the milestone after you opened it. Reload the page, then decide again.")


class ContractStateError(ConflictError):
    """The state of the contract does not allow the action."""

    code = "contract-state"
    title = N_("The contract's status does not allow this")
    detail = N_("The contract is “{state}” now. Reload the page to see what is possible.")


class ContractBusyError(ConflictError):
    """A contract cannot be paused while somebody waits for an answer."""

    code = "contract-busy"
    title = N_("The contract cannot be paused now")
    detail = N_("A milestone is in review or waits for an answer. Decide on it first, then pause.")


class RefundTooEarlyError(ConflictError):
    """Changes were requested, and the time to submit again is not over."""

    code = "refund-too-early"
    title = N_("The freelancer still has time to submit again")
    detail = N_("You can ask for a refund from {until:%Y-%m-%d %H:%M} UTC if nothing is submitted by then.")


class TooManyRefundsError(ConflictError):
    """Too many refund requests of the milestone were refused or withdrawn."""

    code = "too-many-refund-requests"
    title = N_("No further refund can be asked for here")
    detail = N_(
        "{most} refund requests for this milestone were refused or withdrawn. Agree with the freelancer in the chat: "
        "the freelancer can give the money back at any time."
    )


class RequestDecidedError(ConflictError):
    """The refund request or the change of the work is no longer open, or is another one."""

    code = "request-decided"
    title = N_("This was decided in the meantime")
    detail = N_("Nothing waits for this answer any more. Reload the page to see how it ended.")


class AnswerLateError(ConflictError):
    """The time to answer is over, even if the periodic task has not acted on it yet."""

    code = "answer-late"
    title = N_("The time to answer is over")
    detail = N_("This could be answered until {until:%Y-%m-%d %H:%M} UTC. What was announced for then happens now.")


class FreelancerGoneError(ConflictError):
    """The account of the freelancer is closed or blocked, so nobody could take the money out."""

    code = "freelancer-gone"
    title = N_("The freelancer's account is closed")
    detail = N_("Nothing can be paid to a closed account. Ask for what is still held back, or end the contract.")


class ChangeOrderOpenError(ConflictError):
    """Another change of the work waits for an answer."""

    code = "change-order-open"
    title = N_("Another change already waits for an answer")
    detail = N_("One change of the work can be proposed at a time. Answer or withdraw the open one first.")


class InvalidSubmissionError(InvalidError):
    """The submission does not answer every line of the checklist."""

    code = "invalid-submission"
    title = N_("Please check the submission")
    detail = N_("Answer every line of the checklist with a text or a file.")


class InvalidDealAmountError(InvalidError):
    """The amount is not possible for this milestone."""

    code = "invalid-deal-amount"
    title = N_("Please check the amount")
    detail = N_("Enter an amount of at most {most}, which is what is held for this milestone.")


class InvalidChangeOrderError(InvalidError):
    """The proposed change is not possible for these milestones."""

    code = "invalid-change-order"
    title = N_("Please check the proposed change")
    detail = N_("Some of the changes are not possible.")

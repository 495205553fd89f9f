"""Expected failures of conversations."""

from app.core.errors import ConflictError, InvalidError, NotFoundError
from app.core.i18n import N_


class ConversationNotFoundError(NotFoundError):
    """The conversation does not exist or the actor does not take part in it."""

    code = "conversation-not-found"
    title = N_("There is no such conversation")
    detail = N_("This conversation is not there, or it is between other people. All of yours stand under Messages.")


class MessageNotFoundError(NotFoundError):
    """The conversation has no message with this number."""

    code = "message-not-found"
    title = N_("There is no such message")


class MessageTakedownStateError(ConflictError):
    """The message was taken down already, or was not taken down."""

    code = "message-takedown"
    title = N_("The message is not in a state for this")
    detail = N_("It was removed already, or it was not removed.")


class ConversationNotBegunError(ConflictError):
    """Only the client can send the first message."""

    code = "conversation-not-begun"
    title = N_("The customer writes first")
    detail = N_("Your proposal is your word to the customer. Once they write to you, you can answer here.")


class ConversationClosedError(ConflictError):
    """The proposal was declined, withdrawn or has lapsed, so its conversation is closed."""

    code = "conversation-closed"
    title = N_("This conversation is closed")
    detail = N_("The proposal has ended, so nothing can be added. What was written stays here to read.")


class ParticipantGoneError(ConflictError):
    """The account of the other side is closed or banned."""

    code = "participant-gone"
    title = N_("The other side has no account now")
    detail = N_("The account of the other side is closed or blocked: nothing can be sent. What was said stays here.")


class InvalidMessageError(InvalidError):
    """The message is empty or one of its fields is invalid."""

    code = "invalid-message"
    title = N_("The message was not sent")

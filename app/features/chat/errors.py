"""How talking fails."""

from app.core.errors import ConflictError, InvalidError, NotFoundError
from app.core.i18n import N_


class ConversationNotFoundError(NotFoundError):
    """There is no such conversation, or the actor is on no side of it."""

    code = "conversation-not-found"
    title = N_("There is no such conversation")
    detail = N_("This conversation is not there, or it is between other people. All of yours stand under Messages.")


class ConversationNotBegunError(ConflictError):
    """A freelancer may answer, not begin: the proposal was their first word."""

    code = "conversation-not-begun"
    title = N_("The customer writes first")
    detail = N_("Your proposal is your word to the customer. Once they write to you, you can answer here.")


class ConversationClosedError(ConflictError):
    """The proposal came to nothing, and so did the talk about it."""

    code = "conversation-closed"
    title = N_("This conversation is closed")
    detail = N_("The proposal has ended, so nothing can be added. What was written stays here to read.")


class InvalidMessageError(InvalidError):
    """The message is empty, or something in it cannot be taken."""

    code = "invalid-message"
    title = N_("The message was not sent")

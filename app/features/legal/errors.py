"""Errors of legal statuses."""

from app.core.errors import ConflictError, InvalidError, NotFoundError, UnavailableError
from app.core.i18n import N_


class InvalidLegalStatusError(InvalidError):
    """The legal details are invalid; `errors` lists the fields."""

    code = "invalid-legal-status"
    title = N_("Please check the legal details")


class LegalStatusChangedError(ConflictError):
    """The legal details were changed in the meantime."""

    code = "legal-status-changed"
    title = N_("The legal details have changed in the meantime")
    detail = N_("They were saved in another window. Open the page again, then make your change.")


class LegalStatusNotFoundError(NotFoundError):
    """The person has no legal details, or the reader has no contract with them."""

    code = "legal-status-not-found"
    title = N_("There are no legal details")
    detail = N_("The person has not entered them, or you have no contract with this person.")


class LegalStatusUnreadableError(UnavailableError):
    """The legal details cannot be decrypted: the key that encrypted them is not configured."""

    code = "legal-status-unreadable"
    title = N_("The legal details cannot be read")
    detail = N_("The site no longer has the key that encrypted them. Their owner can enter them again.")

"""Expected failures of matching."""

from app.core.errors import ConflictError, NotFoundError
from app.core.i18n import N_


class SavedSearchNotFoundError(NotFoundError):
    """The actor has no such saved search."""

    code = "saved-search-not-found"
    title = N_("There is no such saved search")
    detail = N_("You have no such saved search. It may have been deleted.")


class SearchAlreadySavedError(ConflictError):
    """The actor has already saved a search with the same filters."""

    code = "search-already-saved"
    title = N_("You have already saved this search")
    detail = N_("You keep the same filters under the name “{name}”.")


class TooManySavedSearchesError(ConflictError):
    """The account has as many saved searches as allowed."""

    code = "too-many-saved-searches"
    title = N_("You have reached the limit of saved searches")
    detail = N_("An account keeps up to {limit} saved searches. Delete one that you no longer need.")


class UnsubscribeLinkError(NotFoundError):
    """The unsubscribe link is not valid, or its search was deleted."""

    code = "unsubscribe-link"
    title = N_("This link is no longer valid")
    detail = N_("The link is damaged, or the search was deleted. How often mails come is set among your searches.")

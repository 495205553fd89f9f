"""Errors of the finance pages."""

from app.core.errors import NotFoundError
from app.core.i18n import N_


class EntryNotFoundError(NotFoundError):
    """The ledger has no such transaction."""

    code = "entry-not-found"
    title = N_("The ledger has no such transaction")

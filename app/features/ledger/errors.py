"""Errors of the ledger."""

from app.core.errors import ConflictError, NotFoundError
from app.core.i18n import N_


class LedgerEntryDiffersError(ConflictError):
    """A business key was used before, for other transfers."""

    code = "ledger-entry-differs"
    title = N_("This was recorded with other amounts")
    detail = N_("This step was recorded before, with other contents. Reload the page to see what was recorded.")


class InsufficientFundsError(ConflictError):
    """An account holds less than would be taken from it."""

    code = "insufficient-funds"
    title = N_("There is not enough money")
    detail = N_("The account holds less than this amount. Reload the page to see what is available.")


class TransactionNotFoundError(NotFoundError):
    """There is no such transaction, or none that may be reversed."""

    code = "transaction-not-found"
    title = N_("There is no such transaction")
    detail = N_("No transaction that can be reversed has this id. A reversal itself is not reversed.")

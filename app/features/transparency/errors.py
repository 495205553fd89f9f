"""Errors of the transparency log."""

from app.core.errors import ConflictError, InvalidError, NotFoundError
from app.core.i18n import N_


class NoCheckpointError(NotFoundError):
    """There is no checkpoint of this size."""

    code = "no-checkpoint"
    title = N_("There is no such checkpoint")
    detail = N_("The list of checkpoints shows the sizes that were signed.")


class ReceiptNotFoundError(NotFoundError):
    """There is no such transaction, or it is one of other people."""

    code = "receipt-not-found"
    title = N_("There is no such receipt")
    detail = N_("There is no such transaction, or it is not one of yours.")


class NotSealedYetError(ConflictError):
    """A transaction has no place in the log yet."""

    code = "not-sealed-yet"
    title = N_("Not sealed yet")
    detail = N_("A transaction is sealed within a few seconds. Try again in a moment.")


class NoSolvencyProofError(NotFoundError):
    """What is owed to people was not computed in this night, or not yet at all."""

    code = "no-solvency-proof"
    title = N_("There is no proof of solvency of this night")
    detail = N_("What is owed to all people is added up and signed each night. Try again tomorrow.")


class InvalidPeriodError(InvalidError):
    """The days of a statement are none, or the last one is before the first."""

    code = "invalid-period"
    title = N_("Choose the days of the statement")
    detail = N_("Give the first and the last day, the last one not before the first.")


class StatementTooLongError(InvalidError):
    """A statement of these days has more lines than its file may have."""

    code = "statement-too-long"
    title = N_("The statement would be too long")
    detail = N_("A file of this kind has at most {most} lines. Choose fewer days, or another kind of file.")

"""Errors of the finance pages."""

from app.core.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from app.core.i18n import N_


class EntryNotFoundError(NotFoundError):
    """The ledger has no such transaction."""

    code = "entry-not-found"
    title = N_("The ledger has no such transaction")


class CorrectionNotFoundError(NotFoundError):
    """There is no such correction."""

    code = "correction-not-found"
    title = N_("There is no such correction")


class InvalidCorrectionError(InvalidError):
    """The correction cannot be made; `errors` lists the fields."""

    code = "invalid-correction"
    title = N_("Please check the correction")


class CorrectionDecidedError(ConflictError):
    """The correction was decided, withdrawn, or has expired."""

    code = "correction-decided"
    title = N_("This correction is no longer open")
    detail = N_("Somebody has decided about it, or it has expired. Propose it again if it is still needed.")


class SecondPersonNeededError(ForbiddenError):
    """Two people are needed, and this is the one who proposed the correction or gave the first approval."""

    code = "second-person-needed"
    title = N_("Another person has to approve this")
    detail = N_("Two different people are needed, and another account of the same person does not count.")


class ApproverNeededError(ForbiddenError):
    """Only people with the role of an approver decide about corrections and withdrawals of others."""

    code = "approver-needed"
    title = N_("You may not decide about this")
    detail = N_("Only finance approvers and administrators decide about corrections and withdrawals of others.")

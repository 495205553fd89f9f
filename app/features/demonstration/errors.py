"""Errors of the clock of a demonstration."""

from app.core.errors import InvalidError, NotFoundError
from app.core.i18n import N_


class ClockNotTurnableError(NotFoundError):
    """The instance is in production, where the time is that of the world."""

    code = "clock-not-turnable"
    title = N_("The clock of this site cannot be turned")
    detail = N_("Only a demonstration has a clock that is turned forward. This site is in production.")


class ClockStepError(InvalidError):
    """The clock would go back, stand still, or go too far."""

    code = "clock-step"
    title = N_("The clock cannot be turned by that much")
    detail = N_("Turn it forward by at least one minute and at most 366 days at once, and by ten years in all.")

"""From counts to what may be said of a customer."""

ENOUGH = 3
"""Cases below which a share says nothing: one order of one is not "hires always"."""


def share(part: int, whole: int) -> int | None:
    """Return a share in whole percent, halves up; None where there are too few cases."""
    return None if whole < ENOUGH else (200 * part + whole) // (2 * whole)

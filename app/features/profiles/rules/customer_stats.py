"""Percentages of customer statistics."""

ENOUGH = 3
"""The minimum number of cases for a percentage; with fewer it would mislead."""


def share(part: int, whole: int) -> int | None:
    """Return the percentage, rounded half up; None below `ENOUGH` cases."""
    return None if whole < ENOUGH else (200 * part + whole) // (2 * whole)

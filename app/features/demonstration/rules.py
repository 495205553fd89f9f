"""Rules of the clock of a demonstration."""

import re
from datetime import timedelta

MIN_STEP = timedelta(minutes=1)
MAX_STEP = timedelta(days=366)
MAX_TURNED = timedelta(days=3653)
"""By how much the clock is turned forward in all at most: ten years."""
UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_STEP = re.compile(r"\+?(\d{1,6})([mhdw])", re.ASCII)


def typed_step(text: str) -> timedelta | None:
    """Return the time that a text like `+3d`, `12h`, `90m` or `2w` names; None for another text."""
    found = _STEP.fullmatch(text.strip().lower())
    return int(found[1]) * UNITS[found[2]] if found else None


def is_allowed(step: timedelta, turned: timedelta) -> bool:
    """Tell whether a clock that is turned this far may be turned by this much more."""
    return MIN_STEP <= step <= MAX_STEP and turned + step <= MAX_TURNED

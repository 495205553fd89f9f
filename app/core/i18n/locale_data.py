"""Languages, countries and time zones by code, with names in the reader's language."""

from functools import lru_cache
from zoneinfo import available_timezones

from babel import Locale


@lru_cache(maxsize=1)
def time_zones() -> tuple[str, ...]:
    """Return the IANA time zone names offered for choice, without the historic ones."""
    areas = ("Africa/", "America/", "Antarctica/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
    return ("UTC", *sorted(name for name in available_timezones() if name.startswith(areas)))


@lru_cache(maxsize=4)
def languages(locale: str) -> dict[str, str]:
    """Return languages by two-letter code (ISO 639-1) with their names in the given language."""
    names = {code: name for code, name in Locale(locale).languages.items() if len(code) == 2}  # noqa: PLR2004 - two letters
    return dict(sorted(names.items(), key=lambda pair: pair[1]))


@lru_cache(maxsize=4)
def countries(locale: str) -> dict[str, str]:
    """Return countries by code (ISO 3166-1) with their names in the given language."""
    made_up = {"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"}
    names = {
        code: name
        for code, name in Locale(locale).territories.items()
        if len(code) == 2 and code.isalpha() and code not in made_up  # noqa: PLR2004 - two letters
    }
    return dict(sorted(names.items(), key=lambda pair: pair[1]))

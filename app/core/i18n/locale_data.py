"""What the world has: languages, countries and time zones, by their codes and named in a reader's language."""

from functools import lru_cache
from zoneinfo import available_timezones

from babel import Locale


@lru_cache(maxsize=1)
def time_zones() -> tuple[str, ...]:
    """Return the names of time zones that people choose from (IANA), without the historic ones."""
    areas = ("Africa/", "America/", "Antarctica/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
    return ("UTC", *sorted(name for name in available_timezones() if name.startswith(areas)))


@lru_cache(maxsize=4)
def languages(locale: str) -> dict[str, str]:
    """Return the languages of the world by their two-letter codes (ISO 639-1), named in a language."""
    names = {code: name for code, name in Locale(locale).languages.items() if len(code) == 2}  # noqa: PLR2004 - as said
    return dict(sorted(names.items(), key=lambda pair: pair[1]))


@lru_cache(maxsize=4)
def countries(locale: str) -> dict[str, str]:
    """Return the countries by their codes (ISO 3166-1), named in a language."""
    made_up = {"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"}
    names = {
        code: name
        for code, name in Locale(locale).territories.items()
        if len(code) == 2 and code.isalpha() and code not in made_up  # noqa: PLR2004 - two letters
    }
    return dict(sorted(names.items(), key=lambda pair: pair[1]))

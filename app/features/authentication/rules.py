"""Rules for sign-in: the delay after failures, and the labels of devices; pure functions."""

from datetime import timedelta

from app.core.errors import FieldError
from app.core.i18n import N_

FREE_TRIES = 5
MAX_DELAY = timedelta(minutes=15)
FAILURES_FORGOTTEN = timedelta(hours=1)


def exactly_one_identifier_error() -> FieldError:
    """Return the error for an identifier that is missing or given more than once."""
    return FieldError(("body", "identifier"), N_("Enter your name, e-mail address or phone number: one of them."))


def sign_in_delay(failures: int) -> timedelta:
    """Return how long sign-in is blocked after this number of failures; at most `MAX_DELAY`."""
    if failures < FREE_TRIES:
        return timedelta(0)
    return min(timedelta(seconds=5 * 2 ** min(failures - FREE_TRIES, 20)), MAX_DELAY)


def device_label(user_agent: str) -> str:
    """Return a readable label of a device: browser and operating system."""
    browsers = (
        ("YaBrowser", "Yandex"), ("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"),
        ("Chrome", "Chrome"), ("Safari", "Safari"), ("curl", "curl"), ("python", "Python"),
    )  # fmt: skip
    systems = (
        ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
        ("Mac OS X", "macOS"), ("Linux", "Linux"),
    )  # fmt: skip
    browser = next((name for mark, name in browsers if mark in user_agent), "")
    system = next((name for mark, name in systems if mark in user_agent), "")
    return " · ".join(part for part in (browser, system) if part)

"""Schedule of alert e-mails; pure functions without I/O."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.models import AlertFrequency

GATHER = timedelta(minutes=2)
"""Delay of an immediate alert; matches within this time go into one e-mail."""


def period_of(frequency: AlertFrequency, moment: datetime, zone: str) -> str:
    """Return the period of an e-mail: the day or week in the person's time zone; if immediate, the moment."""
    there = moment.astimezone(ZoneInfo(zone))
    if frequency is AlertFrequency.WEEKLY:
        year, week, _day = there.isocalendar()
        return f"{year}-W{week:02}"
    return there.date().isoformat() if frequency is AlertFrequency.DAILY else moment.isoformat()


def next_due(
    frequency: AlertFrequency, now: datetime, settings: tuple[str, int], last: tuple[str, datetime] | None, pause: int
) -> datetime:
    """Return when a person gets an alert about matches found now.

    Args:
        frequency: The alert frequency.
        now: The current time.
        settings: The person's time zone and digest hour.
        last: The period and creation time of the last e-mail of this frequency.
        pause: Minimum minutes between two immediate alerts.
    """
    if frequency is AlertFrequency.AT_ONCE:
        soon = now + GATHER
        return max(soon, last[1] + timedelta(minutes=pause)) if last else soon
    zone, hour = settings
    day = now.astimezone(ZoneInfo(zone)).date()
    while True:
        due = _at(day, hour, zone)
        right_day = frequency is AlertFrequency.DAILY or day.isoweekday() == 1
        if right_day and due > now and not (last and period_of(frequency, due, zone) <= last[0]):
            return due
        day += timedelta(days=1)


def _at(day: date, hour: int, zone: str) -> datetime:
    """Return the UTC time of an hour of a day in a time zone.

    An hour skipped by a clock change is moved to the hour after it; of a repeated hour the first one is used.
    """
    return datetime.combine(day, time(hour), ZoneInfo(zone)).astimezone(UTC)

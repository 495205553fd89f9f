"""When people are told what was found."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.models import AlertFrequency

GATHER = timedelta(minutes=2)
"""What is found within so long of the first goes into one letter."""


def period_of(frequency: AlertFrequency, moment: datetime, zone: str) -> str:
    """Return the period that a letter belongs to: a day or a week of the person's own, or the moment itself."""
    there = moment.astimezone(ZoneInfo(zone))
    if frequency is AlertFrequency.WEEKLY:
        year, week, _day = there.isocalendar()
        return f"{year}-W{week:02}"
    return there.date().isoformat() if frequency is AlertFrequency.DAILY else moment.isoformat()


def next_due(
    frequency: AlertFrequency, now: datetime, settings: tuple[str, int], last: tuple[str, datetime] | None, pause: int
) -> datetime:
    """Return when a person is told what was found just now.

    Args:
        frequency: How often the person wants to hear.
        now: The present.
        settings: The person's time zone and hour of digests.
        last: The period and the moment of the last letter of this kind.
        pause: Least minutes between two letters at once.
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
    """Return a moment of a person's day.

    An hour that a change of clocks leaves out is the one after it; of an hour that it repeats, the first one counts.
    """
    return datetime.combine(day, time(hour), ZoneInfo(zone)).astimezone(UTC)

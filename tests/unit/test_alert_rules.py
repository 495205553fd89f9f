"""Times of alert e-mails in people's time zones; tokens of unsubscribe links."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.config import Settings
from app.core.ids import new_id
from app.features.matching import rules
from app.features.orders.schemas import OrderFilter
from app.models import AlertFrequency

BERLIN, MOSCOW = "Europe/Berlin", "Europe/Moscow"
DAILY, WEEKLY, AT_ONCE = AlertFrequency.DAILY, AlertFrequency.WEEKLY, AlertFrequency.AT_ONCE


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("frequency", "now", "place", "due"),
    [
        (DAILY, "2026-11-25T05:59", (MOSCOW, 9), "2026-11-25T06:00"),
        (DAILY, "2026-11-25T06:00", (MOSCOW, 9), "2026-11-26T06:00"),
        (DAILY, "2026-11-25T20:30", ("Asia/Vladivostok", 9), "2026-11-25T23:00"),
        (DAILY, "2026-11-25T20:30", ("America/New_York", 0), "2026-11-26T05:00"),
        # On 29 March the clocks of Berlin skip 2:00; on 25 October they show it twice.
        (DAILY, "2026-03-28T12:00", (BERLIN, 9), "2026-03-29T07:00"),
        (DAILY, "2026-03-28T12:00", (BERLIN, 2), "2026-03-29T01:00"),
        (DAILY, "2026-10-24T12:00", (BERLIN, 2), "2026-10-25T00:00"),
        (DAILY, "2026-10-25T00:30", (BERLIN, 2), "2026-10-26T01:00"),
        (WEEKLY, "2026-11-25T12:00", (MOSCOW, 9), "2026-11-30T06:00"),
        (WEEKLY, "2026-11-30T06:00", (MOSCOW, 9), "2026-12-07T06:00"),
        (WEEKLY, "2026-11-29T22:00", ("Asia/Kamchatka", 0), "2026-12-06T12:00"),
        (AT_ONCE, "2026-11-25T12:00", (MOSCOW, 9), "2026-11-25T12:02"),
    ],
)
def test_when_it_is_told(frequency: AlertFrequency, now: str, place: tuple[str, int], due: str) -> None:
    assert rules.next_due(frequency, at(now), place, None, 15) == at(due)


def test_a_period_is_told_of_once() -> None:
    morning = at("2026-11-25T06:00")
    last = (rules.period_of(DAILY, morning, MOSCOW), morning)
    assert rules.next_due(DAILY, morning + timedelta(hours=1), (MOSCOW, 18), last, 15) == at("2026-11-26T15:00")
    last = (rules.period_of(WEEKLY, at("2026-11-30T06:00"), MOSCOW), at("2026-11-30T06:00"))
    assert last[0] == "2026-W49"
    assert rules.next_due(WEEKLY, at("2026-11-30T07:00"), (MOSCOW, 18), last, 15) == at("2026-12-07T15:00")
    last = ("", at("2026-11-25T11:50"))
    assert rules.next_due(AT_ONCE, at("2026-11-25T12:00"), (MOSCOW, 9), last, 15) == at("2026-11-25T12:05")


@given(
    now=st.datetimes(datetime(2026, 1, 1), datetime(2032, 1, 1)),  # noqa: DTZ001 - the zone is set below
    hour=st.integers(0, 23),
    zone=st.sampled_from([MOSCOW, BERLIN, "Pacific/Apia", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    frequency=st.sampled_from([DAILY, WEEKLY]),
)
def test_the_next_time_is_near_and_in_a_period_of_its_own(
    now: datetime, hour: int, zone: str, frequency: AlertFrequency
) -> None:
    moment = now.replace(tzinfo=UTC)
    due = rules.next_due(frequency, moment, (zone, hour), None, 15)
    assert moment < due <= moment + timedelta(days=1 if frequency is DAILY else 7, hours=2)
    assert frequency is DAILY or due.astimezone(ZoneInfo(zone)).isoweekday() == 1
    period = rules.period_of(frequency, due, zone)
    after = rules.next_due(frequency, due, (zone, hour), (period, due), 15)
    assert rules.period_of(frequency, after, zone) > period


def test_a_link_ends_what_it_was_made_for(settings: Settings) -> None:
    owner, search = new_id(), new_id()
    for about in (search, None):
        token = rules.unsubscribe_token(settings, owner, about)
        assert len(token) == 64
        assert rules.read_unsubscribe_token(settings, token) == (owner, about)
        for place in range(0, len(token), 7):
            wrong = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
            assert rules.read_unsubscribe_token(settings, wrong) is None
    for nonsense in ("", "x", "A" * 64, "А" * 64, "=" * 64):
        assert rules.read_unsubscribe_token(settings, nonsense) is None


def test_a_link_outlives_a_new_secret(settings: Settings) -> None:
    owner = UUID(int=7)
    token = rules.unsubscribe_token(settings, owner, None)
    keys = {"secret_key": type(settings.secret_key)("another-secret-another-secret-another"),
            "previous_secret_keys": settings.secret_key.get_secret_value()}  # fmt: skip
    assert rules.read_unsubscribe_token(settings.model_copy(update=keys), token) == (owner, None)
    alone = settings.model_copy(update={"secret_key": keys["secret_key"]})
    assert rules.read_unsubscribe_token(alone, token) is None


def test_filters_are_named_by_what_they_ask() -> None:
    first, second = OrderFilter(skills=("a", "b"), q="x"), OrderFilter(q="x", skills=("b", "a"))
    assert rules.key_of(first) == rules.key_of(second) != rules.key_of(OrderFilter(q="x"))
    assert rules.read(rules.to_stored_filter(first)) == first
    assert rules.anchors_of_filter(OrderFilter(category="web", q="x")) == ["category:web"]
    assert rules.anchors_of_filter(OrderFilter(q="x")) == [rules.EVERYTHING]
    assert rules.anchors_of_filter(OrderFilter(category="web", skills=("a",))) == ["skill:a"]

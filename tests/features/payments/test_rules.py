"""When the provider is asked again, and what a withdrawal costs."""

from datetime import UTC, datetime, timedelta

import pytest

from app.features.payments import rules
from app.models import OperationState

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def test_polls_grow_slowly_and_reach_a_day() -> None:
    minutes = [rules.pause_after(polls) // timedelta(minutes=1) for polls in range(8)]
    assert minutes == [1, 1, 2, 3, 5, 8, 13, 21]
    assert rules.pause_after(50) == timedelta(days=1)


@pytest.mark.parametrize(
    ("sends", "ago", "key_hours", "may"),
    [
        (0, timedelta(days=9), 24, True),
        (1, timedelta(minutes=1), 24, True),
        (3, timedelta(hours=23), 24, True),
        (3, timedelta(hours=23, minutes=31), 24, False),
        (rules.MAX_SENDS, timedelta(minutes=1), 24, False),
        (1, timedelta(minutes=1), 0, False),
    ],
)
def test_a_call_is_repeated_only_while_its_key_lives(sends: int, ago: timedelta, key_hours: int, *, may: bool) -> None:
    assert rules.may_send(sends, NOW - ago, NOW, key_hours) is may


@pytest.mark.parametrize(
    ("amount", "rate", "minimum", "fee"),
    [(10_000, 0, 0, 0), (10_000, 150, 0, 150), (333, 150, 0, 5), (100, 150, 50, 50)],
)
def test_the_fee_of_a_withdrawal_is_rounded_once(amount: int, rate: int, minimum: int, fee: int) -> None:
    assert rules.withdrawal_fee(amount, rate, minimum) == fee


def test_nothing_leaves_an_end() -> None:
    for state in (OperationState.DONE, OperationState.FAILED):
        assert rules.OPERATION_MACHINE.is_end(state)

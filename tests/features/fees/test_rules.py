"""Cumulative fees: computed by hand, independent of the number of releases, never negative nor above the release."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.ids import new_id
from app.core.money import MAX_AMOUNT, Currency
from app.features.fees.rules import (
    NO_FEE,
    Deal,
    FeeTerms,
    choose_policy,
    fee_of_release,
    in_force,
    origin_of,
    release_fees,
    terms_of,
    terms_of_bonuses,
    total_fee,
    total_tax,
)
from app.models import DealOrigin, FeePolicy, FeeSide, VolumeOf

START = datetime(2026, 1, 1, tzinfo=UTC)


@st.composite
def fee_terms(draw: st.DrawFn) -> FeeTerms:
    minimum = draw(st.integers(0, 10**6) | st.integers(0, MAX_AMOUNT))
    cap = draw(st.none() | st.integers(minimum, MAX_AMOUNT))
    return FeeTerms(draw(st.integers(0, 10_000)), minimum, cap, draw(st.integers(0, 10_000)))


amounts = st.integers(0, 1000) | st.integers(0, MAX_AMOUNT // 16)


@pytest.mark.parametrize(
    ("terms", "released", "fee", "tax"),
    [
        (NO_FEE, 1_000_000, 0, 0),
        (FeeTerms(500), 1_000_000, 50_000, 0),
        (FeeTerms(500), 10, 1, 0),  # 0.5 is rounded up
        (FeeTerms(500), 9, 0, 0),  # 0.45
        (FeeTerms(333), 101, 3, 0),  # 3.3633
        (FeeTerms(10_000), 777, 777, 0),
        (FeeTerms(500, minimum=10_000), 100_000, 10_000, 0),  # 5,000 is below the minimum
        (FeeTerms(500, minimum=10_000), 7_000, 7_000, 0),  # a fee never exceeds what was released
        (FeeTerms(500, minimum=10_000), 0, 0, 0),
        (FeeTerms(500, cap=30_000), 1_000_000, 30_000, 0),
        (FeeTerms(0, minimum=5_000, cap=5_000), 1_000_000, 5_000, 0),
        (FeeTerms(500, tax_bp=2_000), 120_000, 6_000, 1_000),  # 6,000 contain 20 % of 5,000
        (FeeTerms(10_000, tax_bp=2_000), 3, 3, 1),  # 0.5 is rounded up
        (FeeTerms(10_000, tax_bp=2_000), 2, 2, 0),  # 0.33
        (FeeTerms(10_000, tax_bp=10_000), 1, 1, 1),
    ],
)
def test_fees_computed_by_hand(terms: FeeTerms, released: int, fee: int, tax: int) -> None:
    assert total_fee(terms, released) == fee
    assert total_tax(terms, fee) == tax
    assert fee_of_release(terms, 0, released) == (fee, tax)


@given(fee_terms(), st.lists(amounts, max_size=8))
def test_the_total_does_not_depend_on_the_releases(terms: FeeTerms, releases: list[int]) -> None:
    parts = [fee_of_release(terms, sum(releases[:step]), release) for step, release in enumerate(releases)]
    for release, (fee, tax) in zip(releases, parts, strict=True):
        assert 0 <= tax <= fee <= release
    whole = total_fee(terms, sum(releases))
    assert sum(fee for fee, _tax in parts) == whole
    assert sum(tax for _fee, tax in parts) == total_tax(terms, whole)


@given(fee_terms(), st.integers(1, MAX_AMOUNT))
def test_cap_and_minimum_hold(terms: FeeTerms, released: int) -> None:
    fee = total_fee(terms, released)
    assert fee >= min(terms.minimum, released)
    assert fee <= (released if terms.cap is None else terms.cap)


@given(fee_terms(), fee_terms(), amounts, amounts)
def test_a_release_is_divided_without_a_rest(own: FeeTerms, customer: FeeTerms, before: int, released: int) -> None:
    fees = release_fees(own, customer, before, released)
    assert fees.net + fees.fee == fees.released == released
    assert fees.net >= 0
    later, earlier = total_fee(customer, before + released), total_fee(customer, before)
    assert (fees.customer_fee, fees.customer_tax) == (
        later - earlier,
        total_tax(customer, later) - total_tax(customer, earlier),
    )


@given(fee_terms())
def test_frozen_terms_are_read_as_they_were_stored(terms: FeeTerms) -> None:
    assert FeeTerms.from_json(dict(terms.as_json())) == terms


@pytest.mark.parametrize(
    "numbers",
    [
        {"rate_bp": 10_001},
        {"rate_bp": -1},
        {"rate_bp": 5.0},
        {"rate_bp": True},
        {"minimum": 11, "cap": 10},
        {"minimum": -1},
        {"tax_bp": 10_001},
        {"cap": 1.5},
    ],
)
def test_numbers_that_no_policy_has_are_refused(numbers: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must be|below"):
        FeeTerms(**numbers)


@pytest.mark.parametrize("released", [-1, 1.0, MAX_AMOUNT + 1])
def test_amounts_that_are_none_are_refused(released: Any) -> None:
    with pytest.raises(ValueError, match="released"):
        fee_of_release(FeeTerms(500), 0, released)
    with pytest.raises(ValueError, match="released"):
        total_fee(FeeTerms(500), released)


def test_a_negative_release_is_refused_also_where_the_total_is_not() -> None:
    with pytest.raises(ValueError, match="released"):
        fee_of_release(FeeTerms(500), 10, -1)


def policy(rate: int, **fields: Any) -> FeePolicy:
    plain = {
        "side": FeeSide.FREELANCER,
        "currency": Currency.RUB,
        "minimum": 0,
        "tax_bp": 0,
        "ended": False,
        "valid_from": START,
    }
    return FeePolicy(id=new_id(), rate_bp=rate, **(plain | fields))


def test_terms_are_the_numbers_of_the_policy() -> None:
    assert terms_of(None) == NO_FEE
    stored = policy(1, minimum=2, cap=3, tax_bp=4, volume_from=5)
    assert terms_of(stored) == FeeTerms(1, 2, 3, 4)


def chosen(
    policies: list[FeePolicy], at: datetime = START, currency: Currency = Currency.RUB, **deal: Any
) -> int | None:
    found = choose_policy(in_force(policies, at), FeeSide.FREELANCER, Deal(currency=currency, **deal))
    return found.rate_bp if found else None


def test_the_most_specific_policy_applies() -> None:
    steps = [
        policy(1000),
        policy(800, volume_of=VolumeOf.FREELANCER, volume_from=100),
        policy(700, volume_of=VolumeOf.PAIR, volume_from=100),
        policy(600, volume_of=VolumeOf.FREELANCER, volume_from=500),
        policy(400, category_id=1),
        policy(300, category_id=2),
        policy(200, side=FeeSide.CUSTOMER),
        policy(100, currency=Currency.USD),
    ]
    assert chosen([]) is None
    assert chosen(steps) == 1000
    assert chosen(steps, freelancer_volume=99) == 1000
    assert chosen(steps, freelancer_volume=100) == 800
    assert chosen(steps, freelancer_volume=100, pair_volume=100) == 700
    assert chosen(steps, freelancer_volume=500, pair_volume=100) == 600
    assert chosen(steps, freelancer_volume=500, categories=(2, 1)) == 300
    assert chosen(steps, categories=(7, 1)) == 400
    assert chosen(steps, categories=(7,)) == 1000
    assert chosen(steps, currency=Currency.USD) == 100
    assert chosen(steps, currency=Currency.EUR) is None


def test_a_newer_version_replaces_an_older_one_and_an_end_leaves_the_general_one() -> None:
    days = [START + timedelta(days=day) for day in range(4)]
    versions = [
        policy(1000),
        policy(500, category_id=1, valid_from=days[1]),
        policy(400, category_id=1, valid_from=days[2]),
        policy(0, category_id=1, valid_from=days[3], ended=True),
    ]
    for order in (versions, versions[::-1]):
        assert [chosen(order, day, categories=(1,)) for day in days] == [1000, 500, 400, 1000]
    assert chosen(versions, START - timedelta(seconds=1)) is None
    assert all(earlier < later for earlier, later in pairwise(days))


def test_a_minimum_is_taken_once_of_bonuses_and_releases() -> None:
    terms = FeeTerms(minimum=100)
    assert release_fees(terms, NO_FEE, 0, 1_000).fee == 100
    assert release_fees(terms, NO_FEE, 0, 1_000, bonuses=500).fee == 0
    assert release_fees(terms, NO_FEE, 500, 1_000, bonuses=500).fee == 0


@pytest.mark.parametrize(("price", "total"), [(0, 700), (100, 700), (1_000, 733), (100_000, 3_363)])
def test_the_minimum_of_the_customer_is_taken_once_of_a_price_and_its_bonus(price: int, total: int) -> None:
    terms = FeeTerms(rate_bp=333, minimum=700)
    bonus, _tax = fee_of_release(terms_of_bonuses(terms, price), 0, 1_000)
    assert total_fee(terms, price) + bonus == total


def test_a_policy_for_one_beginning_is_preferred_to_one_for_any() -> None:
    brought = policy(200, origin=DealOrigin.BROUGHT)
    every = [policy(1000), policy(900, category_id=7), brought]
    assert chosen(every, origin=DealOrigin.BROUGHT, categories=[7]) == 200
    assert chosen(every, origin=DealOrigin.MARKETPLACE, categories=[7]) == 900
    assert chosen([brought]) is None
    later = policy(300, origin=DealOrigin.BROUGHT, valid_from=START + timedelta(days=1))
    assert chosen([*every, later], at=later.valid_from, origin=DealOrigin.BROUGHT) == 300
    ended = policy(0, ended=True, origin=DealOrigin.BROUGHT, valid_from=START + timedelta(days=1))
    assert chosen([*every, ended], at=ended.valid_from, origin=DealOrigin.BROUGHT) == 1000


@pytest.mark.parametrize(
    ("by_invitation", "met_here", "origin"),
    [
        (False, False, DealOrigin.MARKETPLACE),
        (False, True, DealOrigin.MARKETPLACE),
        (True, True, DealOrigin.MARKETPLACE),
        (True, False, DealOrigin.BROUGHT),
    ],
)
def test_who_met_on_the_site_is_no_brought_client(by_invitation: bool, met_here: bool, origin: DealOrigin) -> None:
    assert origin_of(by_invitation=by_invitation, met_here=met_here) is origin

"""Templates against a table written by hand, for random amounts; then each of them on PostgreSQL."""

import inspect
import re
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from itertools import permutations, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.clock import utc_now
from app.core.ids import new_id
from app.core.money import MAX_AMOUNT, Currency, Money
from app.core.unit_of_work import UnitOfWork
from app.features.fees.rules import FeeTerms, release_fees, total_fee
from app.features.ledger import service as ledger
from app.features.ledger.errors import InsufficientFundsError
from app.features.ledger.rules import templates
from app.features.ledger.rules.shapes import RULES
from app.features.ledger.schemas import CHART, Account, Entry, Leg, OwnerKind, Side, effect
from app.models import AccountKind, TxnTemplate

# Function: its template, and its transfers as "debited > credited: amount". Accounts of the same letter belong to one
# owner: c the client, f the freelancer, m the milestone, d the dispute, o the payout, r the refund, p the provider.
TABLE: dict[str, tuple[str, list[str]]] = {
    "deposit": ("deposit", ["provider_clearing p > wallet c: amount"]),
    "fund": ("fund", ["wallet c > escrow m: amount", "wallet c > fee_hold m: fee"]),
    "pay_and_fund": (
        "fund",
        [
            "provider_clearing p > wallet c: amount + fee",
            "wallet c > escrow m: amount",
            "wallet c > fee_hold m: fee",
        ],
    ),
    "pay_and_fund_straight": (
        "fund",
        ["provider_clearing p > escrow m: amount", "provider_clearing p > fee_hold m: fee"],
    ),
    "receipt_unmatched": ("receipt_unmatched", ["provider_clearing p > suspense p: amount"]),
    "receipt_identified": ("receipt_identified", ["suspense p > wallet c: amount"]),
    "receipt_return": ("receipt_return", ["suspense p > refund_transit r: amount"]),
    "receipt_return_failed": ("card_refund_failed", ["refund_transit r > suspense p: amount"]),
    "release": (
        "release",
        [
            "escrow m > maturing f: amount - fee",
            "escrow m > fee_income: fee - tax",
            "escrow m > tax_payable: tax",
            "fee_hold m > fee_income: customer_fee - customer_tax",
            "fee_hold m > tax_payable: customer_tax",
        ],
    ),
    "mature": ("mature", ["maturing f > wallet f: amount"]),
    "bonus": (
        "bonus",
        [
            "wallet c > maturing f: amount - fee",
            "wallet c > fee_income: fee - tax",
            "wallet c > tax_payable: tax",
            "wallet c > fee_income: customer_fee - customer_tax",
            "wallet c > tax_payable: customer_tax",
        ],
    ),
    "refund": ("refund", ["escrow m > wallet c: amount", "fee_hold m > wallet c: fee_rest"]),
    "refund_straight": ("refund", ["escrow m > refund_transit r: amount", "fee_hold m > refund_transit r: fee_rest"]),
    "card_refund": ("card_refund", ["wallet c > refund_transit r: amount"]),
    "card_refund_done": ("card_refund_done", ["refund_transit r > provider_clearing p: amount"]),
    "card_refund_failed": ("card_refund_failed", ["refund_transit r > wallet c: amount"]),
    "dispute_open": ("dispute_open", ["escrow m > dispute_hold d: amount"]),
    "dispute_withdraw": ("dispute_withdraw", ["dispute_hold d > escrow m: amount"]),
    "dispute_rule": (
        "dispute_rule",
        [
            "dispute_hold d > maturing f: released - fee",
            "dispute_hold d > fee_income: fee - tax",
            "dispute_hold d > tax_payable: tax",
            "dispute_hold d > wallet c: refunded",
            "fee_hold m > fee_income: customer_fee - customer_tax",
            "fee_hold m > tax_payable: customer_tax",
            "fee_hold m > wallet c: fee_rest",
        ],
    ),
    "payout": ("payout", ["wallet f > payout_transit o: amount + fee"]),
    "payout_straight": ("payout", ["maturing f > payout_transit o: amount + fee"]),
    "payout_done": (
        "payout_done",
        ["payout_transit o > provider_clearing p: amount", "payout_transit o > other_income: fee"],
    ),
    "payout_failed": ("payout_failed", ["payout_transit o > wallet f: amount + fee"]),
    "payout_failed_straight": ("payout_failed", ["payout_transit o > maturing f: amount + fee"]),
    "payout_returned": ("payout_returned", ["provider_clearing p > wallet f: amount"]),
    "chargeback_open": ("chargeback_open", ["claim c > provider_clearing p: amount"]),
    "chargeback_won": ("chargeback_won", ["provider_clearing p > claim c: amount"]),
    "chargeback_lost_held": ("chargeback_lost", ["dispute_hold d > claim c: amount"]),
    "chargeback_lost_released": ("chargeback_lost", ["loss > claim c: amount"]),
    "provider_cost": ("provider_cost", ["provider_cost > provider_clearing p: amount"]),
    "fees_settled": ("fees_settled", ["bank_operating > provider_clearing p: amount"]),
}
APART = {"correction", "reversal"}
OWNERS = {
    "c": "customer_id",
    "f": "freelancer_id",
    "m": "milestone_id",
    "d": "dispute_id",
    "o": "payout_id",
    "r": "refund_id",
}
ROW = re.compile(r"(\w+)(?: (\w))? > (\w+)(?: (\w))?: (\w+)(?: ([+-]) (\w+))?")
IDS = {name: new_id() for name in OWNERS.values()}
PARTS = ("fee", "tax", "customer_fee", "customer_tax", "fee_rest", "refunded")
named = pytest.mark.parametrize("name", TABLE)
amounts = st.integers(0, 1000) | st.integers(0, MAX_AMOUNT)


def account(kind: str, letter: str | None) -> Account:
    owner = IDS[OWNERS[letter]] if letter in OWNERS else None
    return Account(AccountKind(kind), owner, "bank" if letter == "p" else None)


def expected(name: str, parts: Mapping[str, int]) -> tuple[Leg, ...]:
    legs = []
    for row in TABLE[name][1]:
        found = ROW.fullmatch(row)
        assert found, row
        debit, debit_owner, credit, credit_owner, amount, sign, other = found.groups()
        second = 0 if other is None else parts[other]
        value = parts[amount] + (second if sign == "+" else -second)
        legs.append(Leg(account(debit, debit_owner), account(credit, credit_owner), value))
    return tuple(leg for leg in legs if leg.amount)


def made(name: str, parts: Mapping[str, int], currency: Currency = Currency.RUB) -> Entry:
    function: Callable[..., Entry] = getattr(templates, name)
    wanted = inspect.signature(function).parameters
    values: dict[str, Any] = {**IDS, **parts, "provider": "bank"}
    values |= {word: Money(parts[word], currency) for word in ("amount", "released")}
    return function(**{word: values[word] for word in wanted})


@st.composite
def parts_of(draw: st.DrawFn) -> dict[str, int]:
    amount = draw(st.integers(1, 1000) | st.integers(1, MAX_AMOUNT))
    fee, customer_fee = draw(st.integers(0, amount)), draw(amounts)
    return {
        "amount": amount,
        "released": amount,
        "fee": fee,
        "tax": draw(st.integers(0, fee)),
        "customer_fee": customer_fee,
        "customer_tax": draw(st.integers(0, customer_fee)),
        "fee_rest": draw(amounts),
        "refunded": draw(amounts),
    }


def test_every_template_is_in_the_table() -> None:
    public = {name for name, _ in inspect.getmembers(templates, inspect.isfunction) if not name.startswith("_")}
    assert public == TABLE.keys() | APART
    assert {template for template, _ in TABLE.values()} | APART == set(TxnTemplate) == set(RULES)


@settings(max_examples=400)
@given(name=st.sampled_from(sorted(TABLE)), parts=parts_of(), currency=st.sampled_from(Currency))
def test_a_template_makes_the_transfers_of_the_table(name: str, parts: dict[str, int], currency: Currency) -> None:
    entry = made(name, parts, currency)
    assert (entry.template, entry.currency, entry.version) == (TABLE[name][0], currency, 1)
    assert entry.legs == expected(name, parts)
    assert all(leg.amount > 0 for leg in entry.legs)
    kinds = Counter(it.kind for it in entry.accounts)
    assert max(kinds.values()) == 1, "a kind has one account in an entry"
    assert {(leg.debit.kind, leg.credit.kind) for leg in entry.legs} <= set(RULES[entry.template].moves)
    grown = effect(entry.legs)
    sides = Counter(dict.fromkeys(Side, 0))
    for it, amount in grown.items():
        sides[CHART[it.kind].side] += amount
    assert sides[Side.DEBIT] == sides[Side.CREDIT]
    assert effect(templates.reversal(entry).legs) == {it: -amount for it, amount in grown.items()}


@named
def test_an_entry_that_moves_nothing_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="moves nothing"):
        made(name, dict.fromkeys(("amount", "released", *PARTS), 0))


@named
def test_a_negative_part_is_refused(name: str) -> None:
    whole = {"amount": 10, "released": 10, **dict.fromkeys(PARTS, 0)}
    for part in whole.keys() & inspect.signature(getattr(templates, name)).parameters:
        with pytest.raises(ValueError, match="not a positive integer"):
            made(name, whole | {part: -11})


@pytest.mark.parametrize("name", ["release", "bonus", "dispute_rule"])
def test_a_fee_is_at_most_what_it_is_taken_from(name: str) -> None:
    parts = {"amount": 10, "released": 10, **dict.fromkeys(PARTS, 0)}
    for wrong in ({"fee": 11}, {"fee": 5, "tax": 6}, {"customer_fee": 5, "customer_tax": 6}):
        with pytest.raises(ValueError, match="not a positive integer"):
            made(name, parts | wrong)


@pytest.mark.parametrize("wrong", [1.5, True, "5", 0, -1])
def test_amounts_are_whole_numbers(wrong: Any) -> None:
    legs = (Leg(Account(AccountKind.LOSS), Account(AccountKind.OTHER_INCOME), wrong),)
    with pytest.raises(ValueError, match="not a positive integer"):
        Entry(TxnTemplate.CORRECTION, 1, Currency.RUB, legs)


def test_corrections_touch_no_account_of_a_deal() -> None:
    def of(kind: AccountKind) -> Account:
        owner = CHART[kind].owner
        provider = "bank" if owner is OwnerKind.PROVIDER else None
        return Account(kind, None if owner in {OwnerKind.PROVIDER, OwnerKind.PLATFORM} else new_id(), provider)

    allowed = set()
    for debit, credit in product(AccountKind, repeat=2):
        with suppress(ValueError):
            templates.correction(debit=of(debit), credit=of(credit), amount=Money(5, Currency.RUB))
            allowed.add((debit, credit))
    free = {AccountKind.SUSPENSE, AccountKind.LOSS, AccountKind.CLAIM, AccountKind.OTHER_INCOME}
    assert allowed == set(permutations(free, 2))


@pytest.mark.parametrize("kind", AccountKind)
def test_an_account_has_the_owner_of_its_kind(kind: AccountKind) -> None:
    owner = CHART[kind].owner
    right = (owner not in {OwnerKind.PLATFORM, OwnerKind.PROVIDER}, owner is OwnerKind.PROVIDER)
    for given_owner in (False, True):
        for given_provider in (False, True):
            if (given_owner, given_provider) != right:
                with pytest.raises(ValueError, match="belongs to a"):
                    Account(kind, new_id() if given_owner else None, "bank" if given_provider else None)


terms = st.builds(
    lambda rate, minimum, room, tax: FeeTerms(rate, minimum, None if room is None else minimum + room, tax),
    st.integers(0, 10_000),
    st.integers(0, 10_000),
    st.none() | st.integers(0, 10_000),
    st.integers(0, 3_000),
)


@given(
    freelancer=terms,
    customer=terms,
    releases=st.lists(st.integers(1, 10**6), min_size=1, max_size=8),
    rest=st.integers(0, 10**6),
)
def test_any_partition_of_releases_takes_the_same_fees(
    freelancer: FeeTerms, customer: FeeTerms, releases: list[int], rest: int
) -> None:
    whole = sum(releases) + rest

    def played(steps: list[int]) -> dict[AccountKind, int]:
        fee, before = total_fee(customer, whole), 0
        legs = [*made("pay_and_fund", parts(amount=whole, fee=fee)).legs]
        for step in steps:
            it = release_fees(freelancer, customer, before, step)
            part = parts(
                amount=step, fee=it.fee, tax=it.tax, customer_fee=it.customer_fee, customer_tax=it.customer_tax
            )
            legs += made("release", part).legs
            before += step
        left = parts(amount=whole - before, fee_rest=fee - total_fee(customer, before))
        if left["amount"] or left["fee_rest"]:
            legs += made("refund", left).legs
        held = effect(tuple(legs))
        assert all(amount >= 0 for amount in held.values())
        return {it.kind: amount for it, amount in held.items()}

    def parts(**values: int) -> dict[str, int]:
        return {"amount": 0, "released": 0, **dict.fromkeys(PARTS, 0), **values}

    once, often = played([sum(releases)]), played(releases)
    assert once == {**dict.fromkeys(once, 0), **often}
    assert (often[AccountKind.ESCROW], often.get(AccountKind.FEE_HOLD, 0)) == (0, 0)
    taken = often.get(AccountKind.FEE_INCOME, 0) + often.get(AccountKind.TAX_PAYABLE, 0)
    assert taken == total_fee(freelancer, sum(releases)) + total_fee(customer, sum(releases))


@named
async def test_a_template_takes_what_is_there_and_not_a_kopeck_more(
    name: str, uow: Callable[[], AbstractAsyncContextManager[UnitOfWork]]
) -> None:
    values = {"amount": 1000, "released": 1000, "fee": 100, "tax": 20, "customer_fee": 50, "customer_tax": 8}
    entry = made(name, values | {"fee_rest": 30, "refunded": 200})
    taken = {it: -amount for it, amount in effect(entry.legs).items() if amount < 0 and CHART[it.kind].has_balance}
    clearing = Account(AccountKind.PROVIDER_CLEARING, provider="bank")

    def filling(missing: int) -> Entry:
        legs = [
            Leg(*((clearing, it) if CHART[it.kind].side is Side.CREDIT else (it, clearing)), amount - missing)
            for it, amount in taken.items()
        ]
        return Entry(TxnTemplate.DEPOSIT, 1, Currency.RUB, tuple(legs))

    async def play(missing: int) -> None:
        async with uow() as work:
            if taken:
                await ledger.post(work, filling(missing), key=f"test:{new_id()}", effective_at=utc_now())
            before = await ledger.balances(work.session, [*entry.accounts], Currency.RUB)
            await ledger.post(work, entry, key=f"test:{new_id()}", effective_at=utc_now())
            after = await ledger.balances(work.session, [*entry.accounts], Currency.RUB)
            grown = {it: after[it] - before[it] for it in after if after[it] != before[it]}
            assert grown == {it: amount for it, amount in effect(entry.legs).items() if amount}
            assert [after[it] for it in taken] == [0] * len(taken)
            await work.session.rollback()

    await play(missing=0)
    if taken:
        with pytest.raises(InsufficientFundsError):
            await play(missing=1)

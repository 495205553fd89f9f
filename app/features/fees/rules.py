"""Rules of fees: cumulative fees in integers, the tax inside them, and which policy applies."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from app.core.money import MAX_AMOUNT, Currency
from app.models import DealOrigin, FeePolicy, FeeSide, VolumeOf

FULL_RATE = 10_000
"""Basis points of the whole amount."""
HALF = FULL_RATE // 2


def _check(name: str, value: int, most: int) -> None:
    """Refuse a number that is not an integer from 0 to `most`.

    Raises:
        ValueError: It is not.
    """
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError(f"{name} must be a whole number from 0 to {most}, not {value!r}")


@dataclass(frozen=True, slots=True)
class FeeTerms:
    """The numbers of one policy, as a contract keeps them."""

    rate_bp: int = 0
    minimum: int = 0
    cap: int | None = None
    tax_bp: int = 0

    def __post_init__(self) -> None:
        """Refuse numbers with which a fee could be negative or exceed the release.

        Raises:
            ValueError: One of them is out of range, or is not an integer.
        """
        _check("rate_bp", self.rate_bp, FULL_RATE)
        _check("tax_bp", self.tax_bp, FULL_RATE)
        _check("minimum", self.minimum, MAX_AMOUNT)
        if self.cap is not None:
            _check("cap", self.cap, MAX_AMOUNT)
            if self.cap < self.minimum:
                raise ValueError("the cap is below the minimum")

    def as_json(self) -> dict[str, int | None]:
        """Return the form that a contract stores."""
        return {"rate_bp": self.rate_bp, "minimum": self.minimum, "cap": self.cap, "tax_bp": self.tax_bp}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Return the terms that a contract stored."""
        return cls(stored["rate_bp"], stored["minimum"], stored["cap"], stored["tax_bp"])


NO_FEE = FeeTerms()


@dataclass(frozen=True, slots=True)
class ReleaseFees:
    """How one release is divided, in minor units; each tax is contained in its fee."""

    released: int
    fee: int
    tax: int
    customer_fee: int
    customer_tax: int

    @property
    def net(self) -> int:
        """What the freelancer receives."""
        return self.released - self.fee


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """What decides which policy applies to a contract."""

    currency: Currency
    origin: DealOrigin = DealOrigin.MARKETPLACE
    categories: Sequence[int] = ()
    """The category of the order and then the categories above it."""
    pair_volume: int = 0
    """What this customer paid to this freelancer before, in minor units of the currency."""
    freelancer_volume: int = 0


def total_fee(terms: FeeTerms, released: int) -> int:
    """Return the fee of everything that was released of a milestone so far, in minor units.

    Rounding happens here only, and halves are rounded up; the fee of one release is the difference of two totals.
    Therefore the sum does not depend on how many releases there are.
    """
    _check("released", released, MAX_AMOUNT)
    if released == 0:
        return 0
    fee = max(terms.minimum, (released * terms.rate_bp + HALF) // FULL_RATE)
    return min(released, fee if terms.cap is None else min(fee, terms.cap))


def total_tax(terms: FeeTerms, fee: int) -> int:
    """Return the tax that a total fee contains, in minor units; halves are rounded up."""
    whole = FULL_RATE + terms.tax_bp
    return (2 * fee * terms.tax_bp + whole) // (2 * whole)


def fee_of_release(terms: FeeTerms, before: int, released: int) -> tuple[int, int]:
    """Return the fee of one release, and the tax inside it.

    Args:
        terms: The policy that the contract froze.
        before: What was released of the milestone before.
        released: What is released now.
    """
    _check("released", released, MAX_AMOUNT)
    earlier, later = total_fee(terms, before), total_fee(terms, before + released)
    return later - earlier, total_tax(terms, later) - total_tax(terms, earlier)


def release_fees(freelancer: FeeTerms, customer: FeeTerms, before: int, released: int, bonuses: int = 0) -> ReleaseFees:
    """Return how one release of a milestone, or a bonus, is divided under the terms of both sides.

    The freelancer's fee counts bonuses that were paid before together with what was released, so that a minimum or a
    cap holds once. The customer's fee on the price was fixed when it was paid in, so `bonuses` do not change it.
    """
    fee, tax = fee_of_release(freelancer, before + bonuses, released)
    customer_fee, customer_tax = fee_of_release(customer, before, released)
    return ReleaseFees(released, fee, tax, customer_fee, customer_tax)


def terms_of_bonuses(terms: FeeTerms, paid_in: int) -> FeeTerms:
    """Return the terms of the customer's fee on bonuses of a milestone, whose minimum is not taken a second time.

    Args:
        terms: The policy that the contract froze.
        paid_in: The price that is paid in, on which the customer pays the fee already.
    """
    return replace(terms, minimum=max(0, terms.minimum - total_fee(terms, paid_in)))


def origin_of(*, by_invitation: bool, met_here: bool) -> DealOrigin:
    """Return how a contract began.

    Args:
        by_invitation: Whether it was agreed on directly, without an order on the site.
        met_here: Whether the two had a contract from an order on the site before: later ones are no brought clients.
    """
    return DealOrigin.BROUGHT if by_invitation and not met_here else DealOrigin.MARKETPLACE


def terms_of(policy: FeePolicy | None) -> FeeTerms:
    """Return the numbers of a policy; without a policy there is no fee."""
    return NO_FEE if policy is None else FeeTerms(policy.rate_bp, policy.minimum, policy.cap, policy.tax_bp)


def in_force(policies: Iterable[FeePolicy], at: datetime) -> list[FeePolicy]:
    """Return the newest version of each combination that is valid at this time, without those that ended."""
    newest: dict[tuple[object, ...], FeePolicy] = {}
    for policy in sorted(policies, key=_age):
        if policy.valid_from <= at:
            place = (policy.side, policy.currency, policy.origin, policy.category_id)
            slot = (*place, policy.volume_of, policy.volume_from)
            newest[slot] = policy
    return [policy for policy in newest.values() if not policy.ended]


def choose_policy(valid: Iterable[FeePolicy], side: FeeSide, deal: Deal) -> FeePolicy | None:
    """Return the most specific policy that applies to a contract, or None.

    A policy for contracts of this beginning is preferred to one for any. Among these the nearest category is preferred
    to one above it, and any category comes last. Within a category the highest volume step that was reached is
    preferred; at equal steps, that of the pair.
    """
    places: dict[int | None, int] = {category: -place for place, category in enumerate(deal.categories)}
    places[None] = -len(deal.categories)
    found = [
        policy for policy in valid if policy.side is side and policy.category_id in places and _applies(policy, deal)
    ]
    return max(
        found,
        key=lambda policy: (
            policy.origin is not None,
            places[policy.category_id],
            policy.volume_from or 0,
            policy.volume_of is VolumeOf.PAIR,
        ),
        default=None,
    )


def _applies(policy: FeePolicy, deal: Deal) -> bool:
    """Tell whether a policy is for the currency, the beginning and the volume of a contract."""
    volumes = {VolumeOf.PAIR: deal.pair_volume, VolumeOf.FREELANCER: deal.freelancer_volume}
    reached = policy.volume_of is None or volumes[policy.volume_of] >= (policy.volume_from or 0)
    return reached and policy.currency is deal.currency and policy.origin in {None, deal.origin}


def _age(policy: FeePolicy) -> tuple[datetime, UUID]:
    return policy.valid_from, policy.id

"""Use cases of fees: read, add and choose policies, and compute what a new policy would have taken."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.audit import record_audit
from app.core.clock import utc_now
from app.core.i18n import current_locale
from app.core.ids import new_id
from app.core.money import Currency
from app.core.unit_of_work import UnitOfWork
from app.features.fees.errors import FeePolicyBackdatedError, UnknownFeeCategoryError
from app.features.fees.repository import FeePolicyRepository
from app.features.fees.rules import (
    NO_FEE,
    Deal,
    FeeTerms,
    ReleaseFees,
    choose_policy,
    fee_of_release,
    in_force,
    origin_of,
    release_fees,
    terms_of,
    terms_of_bonuses,
    total_fee,
)
from app.features.fees.schemas import FeeExample, FeePolicyInput, FeePolicyRead
from app.models import DealOrigin, FeePolicy, FeeSide

__all__ = [
    "NO_FEE",
    "AgreedAmount",
    "AppliedPolicy",
    "Deal",
    "FeeTerms",
    "ReleaseFees",
    "add_policy",
    "example",
    "fee_of_release",
    "list_current",
    "list_versions",
    "origin_of",
    "policies_for",
    "policy_for",
    "release_fees",
    "replay",
    "terms_of_bonuses",
    "total_fee",
]


@dataclass(frozen=True, slots=True)
class AppliedPolicy:
    """The policy that applies to a contract: its version, or None where nothing is taken, and its numbers."""

    id: UUID | None
    terms: FeeTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreedAmount:
    """A contract of the past, as far as fees depend on it."""

    customer_id: UUID
    freelancer_id: UUID
    currency: Currency
    by_invitation: bool
    """Whether it was agreed on directly, without an order on the site."""
    categories: tuple[int, ...]
    """The category of its order and then the categories above it."""
    amounts: tuple[int, ...]
    """The amounts of its milestones, or its price, in minor units."""


@dataclass(slots=True)
class ReplayTotal:
    """What policies would have taken from the contracts in one currency, in minor units."""

    contracts: int = 0
    agreed: int = 0
    fees: Counter[FeeSide] = field(default_factory=Counter[FeeSide])


async def policy_for(session: AsyncSession, side: FeeSide, deal: Deal, *, at: datetime | None = None) -> AppliedPolicy:
    """Return the policy that applies to a contract agreed at this time; a contract keeps its answer."""
    when = at or utc_now()
    begun = await FeePolicyRepository(session).begun(when, deal.currency)
    chosen = choose_policy(in_force(begun, when), side, deal)
    return AppliedPolicy(chosen.id if chosen else None, terms_of(chosen))


async def policies_for(session: AsyncSession, deal: Deal) -> tuple[AppliedPolicy, AppliedPolicy]:
    """Return the policies of the customer and of the freelancer that apply to a contract agreed now."""
    now = utc_now()
    valid = in_force(await FeePolicyRepository(session).begun(now, deal.currency), now)
    customer, freelancer = (
        AppliedPolicy(chosen.id if chosen else None, terms_of(chosen))
        for chosen in (choose_policy(valid, side, deal) for side in (FeeSide.CUSTOMER, FeeSide.FREELANCER))
    )
    return customer, freelancer


async def list_current(session: AsyncSession) -> list[FeePolicyRead]:
    """Return the fees that are taken now: by currency and side, the general ones first."""
    now = utc_now()
    valid = in_force(await FeePolicyRepository(session).begun(now), now)
    return await _read(session, valid)


async def list_versions(session: AsyncSession, limit: int) -> list[tuple[FeePolicy, str]]:
    """Return the newest versions, each with the slug of its category or an empty text."""
    repository = FeePolicyRepository(session)
    versions = await repository.versions(limit)
    names = await repository.categories({row.category_id for row in versions if row.category_id is not None})
    return [(row, names[row.category_id].slug if row.category_id is not None else "") for row in versions]


async def add_policy(uow: UnitOfWork, actor: Actor, command: FeePolicyInput, *, reason: str) -> FeePolicy:
    """Add a version of a fee policy; contracts that are agreed already keep theirs.

    Raises:
        FeePolicyBackdatedError: It would begin in the past.
        UnknownFeeCategoryError: Its category does not exist.
    """
    now = utc_now()
    if command.valid_from is not None and command.valid_from < now:
        raise FeePolicyBackdatedError
    repository = FeePolicyRepository(uow.session)
    ids = await _category_ids(repository, [command])
    policy = _policy(command, ids, now)
    policy.created_by, policy.created_by_id = actor.username, None if actor.is_system else actor.id
    await repository.insert(policy)
    values = command.model_copy(update={"valid_from": policy.valid_from}).model_dump(mode="json")
    record_audit(uow.session, actor, "fee_policy.add", policy.id, new=values, reason=reason)
    return policy


async def replay(
    session: AsyncSession, commands: Sequence[FeePolicyInput], agreed: Iterable[AgreedAmount]
) -> dict[Currency, ReplayTotal]:
    """Return what these policies would have taken from contracts if each had been released in full.

    Args:
        session: A session to read with; nothing is changed.
        commands: The policies, all taken as valid from the beginning.
        agreed: The contracts, oldest first: volumes are counted from those before.

    Raises:
        UnknownFeeCategoryError: A policy names a category that does not exist.
    """
    repository = FeePolicyRepository(session)
    ids = await _category_ids(repository, commands)
    now = utc_now()
    policies = in_force([_policy(command, ids, now) for command in commands], datetime.max.replace(tzinfo=now.tzinfo))
    volumes: Counter[tuple[object, ...]] = Counter()
    met: set[tuple[UUID, UUID]] = set()
    totals: dict[Currency, ReplayTotal] = {}
    for contract in agreed:
        own = (contract.currency, contract.freelancer_id)
        pair = (*own, contract.customer_id)
        people = (contract.customer_id, contract.freelancer_id)
        deal = Deal(
            currency=contract.currency,
            origin=origin_of(by_invitation=contract.by_invitation, met_here=people in met),
            categories=contract.categories,
            pair_volume=volumes[pair],
            freelancer_volume=volumes[own],
        )
        total = totals.setdefault(contract.currency, ReplayTotal())
        for side in FeeSide:
            terms = terms_of(choose_policy(policies, side, deal))
            total.fees[side] += sum(total_fee(terms, amount) for amount in contract.amounts)
        whole = sum(contract.amounts)
        total.contracts, total.agreed = total.contracts + 1, total.agreed + whole
        volumes[pair] += whole
        volumes[own] += whole
        if not contract.by_invitation:
            met.add(people)
    return totals


async def example(
    session: AsyncSession,
    amount: int,
    currency: Currency,
    category: str | None,
    origin: DealOrigin = DealOrigin.MARKETPLACE,
) -> FeeExample:
    """Return what is taken of an amount at a first contract, paid and released as a whole.

    Raises:
        UnknownFeeCategoryError: The category does not exist.
    """
    now, repository = utc_now(), FeePolicyRepository(session)
    categories = await repository.lineage(category) if category else ()
    if category and not categories:
        raise UnknownFeeCategoryError(params={"category": category})
    valid = in_force(await repository.begun(now, currency), now)
    deal = Deal(currency=currency, origin=origin, categories=categories)
    customer, freelancer = (
        total_fee(terms_of(choose_policy(valid, side, deal)), amount) for side in (FeeSide.CUSTOMER, FeeSide.FREELANCER)
    )
    return FeeExample(
        amount=amount,
        currency=currency,
        customer_fee=customer,
        customer_pays=amount + customer,
        freelancer_fee=freelancer,
        freelancer_receives=amount - freelancer,
    )


async def _category_ids(repository: FeePolicyRepository, commands: Iterable[FeePolicyInput]) -> dict[str, int]:
    slugs = {command.category for command in commands if command.category is not None}
    ids = await repository.category_ids(slugs)
    for slug in sorted(slugs - ids.keys()):
        raise UnknownFeeCategoryError(params={"category": slug})
    return ids


def _policy(command: FeePolicyInput, ids: dict[str, int], now: datetime) -> FeePolicy:
    """Return the row of a version, without its author."""
    return FeePolicy(
        id=new_id(),
        side=command.side,
        currency=command.currency,
        origin=command.origin,
        category_id=None if command.category is None else ids[command.category],
        volume_of=command.volume_of,
        volume_from=command.volume_from,
        rate_bp=command.rate_bp,
        minimum=command.minimum,
        cap=command.cap,
        tax_bp=command.tax_bp,
        ended=command.ended,
        valid_from=command.valid_from or now,
    )


async def _read(session: AsyncSession, policies: Sequence[FeePolicy]) -> list[FeePolicyRead]:
    wanted = {policy.category_id for policy in policies if policy.category_id is not None}
    names = await FeePolicyRepository(session).categories(wanted)
    russian = current_locale() == "ru"

    def read(policy: FeePolicy) -> FeePolicyRead:
        category = None if policy.category_id is None else names[policy.category_id]
        name = None if category is None else category.name_ru if russian else category.name_en
        return FeePolicyRead(
            id=policy.id,
            side=policy.side,
            currency=policy.currency,
            origin=policy.origin,
            category=category.slug if category else None,
            category_name=name,
            volume_of=policy.volume_of,
            volume_from=policy.volume_from,
            rate_bp=policy.rate_bp,
            minimum=policy.minimum,
            cap=policy.cap,
            tax_bp=policy.tax_bp,
            valid_from=policy.valid_from,
        )

    order = {currency: place for place, currency in enumerate(Currency)}
    return sorted(
        map(read, policies),
        key=lambda it: (
            order[it.currency],
            it.side,
            it.origin or "",
            it.category or "",
            it.volume_from or 0,
            it.volume_of or "",
        ),
    )

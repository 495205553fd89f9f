"""The beginning of a safe deal: its terms are frozen with the contract, and its milestones planned."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import new_id
from app.core.money import Currency
from app.core.unit_of_work import UnitOfWork
from app.features.contracts import rules
from app.features.contracts.repository import ContractRepository, DealRepository, LockedDeal, Volumes
from app.features.contracts.rules import OtherEvent
from app.features.contracts.service.guards import record, timer
from app.features.contracts.service.papers import issue_agreement
from app.features.fees import service as fees
from app.features.legal import service as legal
from app.models import BudgetKind, Contract, Deal, DealStatus, Milestone, MilestoneStatus, Order, TimerKind
from app.models.side import Side


@dataclass(frozen=True, slots=True)
class FeeEstimate:
    """The fees of both sides of a deal that is not agreed on yet, in minor units."""

    customer_fee: int
    """Paid by the client, on top of the price."""
    freelancer_fee: int
    """Taken from what the freelancer receives."""


async def begin_deal(
    uow: UnitOfWork,
    contract: Contract,
    order: Order,
    checklists: Sequence[list[str]] = (),
    *,
    by_invitation: bool = False,
) -> Deal | None:
    """Begin the deal of a new contract where this instance can move money. Emits `DealMoved`.

    Frozen are the versions of both fees, the durations of timers, and the legal kind of both parties. A milestone is
    planned for each part of the accepted offer, or one for the whole, with its checklist if there is one. The contract
    and its task are issued as papers. Work by the hour has no safe deal.
    """
    settings = uow.resources.settings
    if not settings.has_payments or contract.budget_kind is BudgetKind.HOURLY:
        return None
    before = await ContractRepository(uow.session).volumes(
        contract.customer_id,
        contract.freelancer_id,
        contract.currency,
        order.category_id,
        contract_id=contract.id,
    )
    described = _described(contract.currency, order.category_id, before, by_invitation=by_invitation)
    customer, freelancer = await fees.policies_for(uow.session, described)
    kinds = await legal.frozen_kinds(uow.session, settings, (contract.customer_id, contract.freelancer_id))
    customer_legal, freelancer_legal = kinds.get(contract.customer_id), kinds.get(contract.freelancer_id)
    deal = Deal(
        contract_id=contract.id,
        status=DealStatus.AWAITING_FUNDING,
        version=1,
        terms_version=1,
        settings=rules.frozen_settings(settings),
        customer_fee_id=customer.id,
        customer_fee=customer.terms.as_json(),
        freelancer_fee_id=freelancer.id,
        freelancer_fee=freelancer.terms.as_json(),
        customer_legal_kind=customer_legal.kind if customer_legal else None,
        customer_legal_version=customer_legal.version if customer_legal else None,
        freelancer_legal_kind=freelancer_legal.kind if freelancer_legal else None,
        freelancer_legal_version=freelancer_legal.version if freelancer_legal else None,
        began_at=before.now,
    )
    repository = DealRepository(uow.session)
    await repository.insert_all(deal)
    milestones = _milestones(contract, order, checklists)
    await repository.insert_all(*milestones)
    locked = LockedDeal(contract, deal, before.now)
    due = locked.now + rules.duration(deal.settings, "funding_days")
    await repository.add_timers([timer(locked, TimerKind.FUND_CONTRACT, due)])
    record(uow, locked, OtherEvent.BEGUN, Side.CUSTOMER)
    await issue_agreement(uow, locked, order.title, milestones, kinds)
    return deal


async def estimate_fees(
    session: AsyncSession, customer_id: UUID | None, freelancer_id: UUID | None, currency: Currency, amounts: list[int]
) -> FeeEstimate:
    """Return what is taken of milestones of a deal without a listed order, if it were agreed on now."""
    before = await ContractRepository(session).volumes(customer_id, freelancer_id, currency, None)
    described = _described(currency, None, before, by_invitation=True)
    customer, freelancer = await fees.policies_for(session, described)
    return FeeEstimate(
        sum(fees.total_fee(customer.terms, amount) for amount in amounts),
        sum(fees.total_fee(freelancer.terms, amount) for amount in amounts),
    )


def _described(currency: Currency, category_id: int | None, before: Volumes, *, by_invitation: bool) -> fees.Deal:
    """Return what decides which fee policies apply."""
    return fees.Deal(
        currency=currency,
        origin=fees.origin_of(by_invitation=by_invitation, met_here=before.met_here),
        categories=[key for key in (category_id, before.parent_category_id) if key is not None],
        pair_volume=before.pair,
        freelancer_volume=before.freelancer,
    )


def _milestones(contract: Contract, order: Order, checklists: Sequence[list[str]]) -> list[Milestone]:
    """Return a milestone for each part of the accepted offer, or one for the whole."""
    whole: list[dict[str, Any]] = [{"title": order.title, "amount": contract.price_amount, "days": contract.term_days}]
    return [
        Milestone(
            id=new_id(),
            contract_id=contract.id,
            number=number,
            title=part["title"],
            amount=part["amount"],
            currency=contract.currency,
            days=part["days"],
            checklist=checklists[number - 1] if checklists else [part["title"]],
            status=MilestoneStatus.PLANNED,
        )
        for number, part in enumerate(contract.milestones or whole, start=1)
    ]

"""The money of a person's contracts: held now, and by month."""

from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import utc_now
from app.features.contracts.repository import ContractReadRepository
from app.features.contracts.schemas import EarnedMonth, HeldMoney, MoneyOverview, SpentMonth
from app.models.side import Side

MONTHS = 12
"""Number of months that are shown, the current one among them."""


async def read_money(session: AsyncSession, actor: Actor) -> MoneyOverview:
    """Return what is held in the actor's contracts, and what was released in the last months; months are in UTC."""
    repository = ContractReadRepository(session)
    held = await repository.held_of(actor.id)
    months = await repository.months_of(actor.id, _first_month(utc_now()))
    return MoneyOverview(
        held=[
            HeldMoney(
                side=(Side.FREELANCER if row.is_freelancer else Side.CUSTOMER).value,
                currency=row.currency,
                held=row.held,
                in_review=row.in_review,
                review_until=row.review_until,
            )
            for row in held
        ],
        earned=[
            EarnedMonth(
                month=row.month.astimezone(UTC).date(),
                currency=row.currency,
                available=row.matured,
                maturing=row.maturing,
            )
            for row in months
            if row.is_freelancer
        ],
        spent=[
            SpentMonth(
                month=row.month.astimezone(UTC).date(), currency=row.currency, accepted=row.accepted, bonus=row.bonus
            )
            for row in months
            if not row.is_freelancer
        ],
    )


def _first_month(now: datetime) -> datetime:
    """Return the beginning of the first month that is shown."""
    number = now.year * 12 + now.month - MONTHS
    return datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC)

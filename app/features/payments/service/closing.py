"""What of a person's money must have left before the account may be closed."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.i18n import _
from app.core.money import Currency, amount_as_typed
from app.features.identity import service as identity
from app.features.payments.repository import PaymentRepository
from app.models import AccountKind


async def what_is_open(session: AsyncSession, user_id: UUID) -> Sequence[str]:
    """Return what of a person's money is not out yet, and what to do about it."""
    repository = PaymentRepository(session)
    held, moving = await repository.balances(user_id), await repository.moving(user_id)
    in_wallet = [
        _("There is {amount} in your wallet: withdraw it, or send it back to the card.").format(
            amount=_shown(amount, currency)
        )
        for (currency, kind), amount in held.items()
        if amount and kind == AccountKind.WALLET
    ]
    maturing = [
        _("{amount} is in its security period: wait until it is available, then withdraw it.").format(
            amount=_shown(amount, currency)
        )
        for (currency, kind), amount in held.items()
        if amount and kind == AccountKind.MATURING
    ]
    on_its_way = [
        _("{amount} is on its way to your card: wait until it has arrived.").format(amount=_shown(amount, currency))
        for currency, amount in moving.items()
    ]
    waiting = await repository.unsettled(user_id)
    return [*in_wallet, *maturing, *on_its_way, *([_("A payment has not ended yet: wait until it has.")] * waiting)]


def _shown(amount: int, currency: str) -> str:
    return f"{amount_as_typed(amount, Currency(currency))} {currency}"


identity.register_closing_check("payments", what_is_open)

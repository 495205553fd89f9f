"""What a payment can be for; features above this one register theirs, so that this one need not know them."""

from collections.abc import Collection, Iterable
from typing import Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.money import Money
from app.core.unit_of_work import UnitOfWork
from app.features.payments.rules import WALLET


class PaymentPurpose(Protocol):
    """Something that is paid for, such as a milestone; its methods run in the transaction that settles the payment."""

    async def lock(self, uow: UnitOfWork, purpose_id: UUID, /) -> None:
        """Lock what is paid for, before the payment itself is locked: contract, then milestone, then payment."""
        ...

    async def paid(self, uow: UnitOfWork, purpose_id: UUID, payment_id: UUID, payer_id: UUID, money: Money, /) -> bool:
        """Take the money from the wallet of the payer, where it is now; return False to leave it there.

        It must check first and change afterwards, and refuse by False: what is paid for may have ended meanwhile.
        """
        ...

    def page(self, purpose_id: UUID, /) -> str:
        """Return the address of the page of what is paid for."""
        ...

    async def titles(self, session: AsyncSession, purpose_ids: Collection[UUID], /) -> dict[UUID, str]:
        """Return what people call that which is paid for; it must not change while a payment is open."""
        ...

    async def failed(self, uow: UnitOfWork, purpose_id: UUID, payment_id: UUID, /) -> None:
        """Note that the payment ended without money."""
        ...


_registered: dict[str, PaymentPurpose] = {}


def register_purpose(name: str, purpose: PaymentPurpose) -> None:
    """Register what payments can be for, under the name that is stored with each payment."""
    _registered[name] = purpose


def find_purpose(name: str) -> PaymentPurpose | None:
    """Return what a payment is for; None for one that only fills the wallet.

    Raises:
        LookupError: This process has not loaded the feature of the purpose, so it must not settle such a payment.
    """
    if name == WALLET:
        return None
    return _registered[name]


def purpose_page(name: str, purpose_id: UUID | None) -> str | None:
    """Return the address of the page of what a payment is for; None for the wallet."""
    purpose = find_purpose(name)
    return None if purpose is None or purpose_id is None else purpose.page(purpose_id)


async def purpose_titles(session: AsyncSession, paid_for: Iterable[tuple[str, UUID | None]]) -> dict[UUID, str]:
    """Return what people call that which payments are for, by its id; payments into the wallet have no title."""
    wanted: dict[str, set[UUID]] = {}
    for name, purpose_id in paid_for:
        if purpose_id is not None:
            wanted.setdefault(name, set()).add(purpose_id)
    found: dict[UUID, str] = {}
    for name, ids in wanted.items():
        purpose = find_purpose(name)
        if purpose is not None:
            found |= await purpose.titles(session, ids)
    return found


async def lock_purpose(uow: UnitOfWork, name: str, purpose_id: UUID | None) -> None:
    """Lock what a payment is for, before the payment itself is locked; the wallet needs no lock."""
    purpose = find_purpose(name)
    if purpose is not None and purpose_id is not None:
        await purpose.lock(uow, purpose_id)

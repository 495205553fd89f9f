"""What the operator corrects is shown on the timeline of the contract, and both parties are notified."""

from uuid import UUID

from app.core.unit_of_work import UnitOfWork
from app.features.contracts.errors import ContractNotFoundError
from app.features.contracts.repository import DealRepository, LockedDeal
from app.features.contracts.rules import OtherEvent
from app.features.contracts.service.guards import record
from app.models.side import Side


async def lock_corrected(uow: UnitOfWork, contract_id: UUID) -> frozenset[UUID]:
    """Lock a contract before the accounts of the ledger, and return its parties.

    Raises:
        ContractNotFoundError: There is no such contract with a safe deal.
    """
    contract = (await _lock(uow, contract_id)).contract
    return frozenset((contract.customer_id, contract.freelancer_id))


async def record_correction(uow: UnitOfWork, contract_id: UUID, *, amount: int, txn_id: UUID) -> None:
    """Add a correction to the timeline of a contract that is locked."""
    record(uow, await _lock(uow, contract_id), OtherEvent.CORRECTED, Side.OPERATOR, amount=amount, txn_id=txn_id)


async def _lock(uow: UnitOfWork, contract_id: UUID) -> LockedDeal:
    locked = await DealRepository(uow.session).lock_deal(contract_id)
    if locked is None:
        raise ContractNotFoundError
    return locked

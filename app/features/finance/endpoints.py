"""JSON endpoints for the people who look after the money of the site."""

from uuid import UUID

from app.core.http.dependencies import FeatureRouter, ReadSession
from app.core.http.problem_details import refusals
from app.features.authentication.dependencies import FinanceActor
from app.features.finance import service
from app.features.finance.errors import EntryNotFoundError
from app.features.finance.schemas import FinanceOverview, FinanceSearch, SearchText, TransactionRead
from app.features.transparency import service as transparency
from app.features.transparency.errors import NotSealedYetError, ReceiptNotFoundError
from app.features.transparency.schemas import ReceiptRead

router = FeatureRouter(prefix="/finance", tags=["finance"])


@router.get("/overview")
async def get_overview(_actor: FinanceActor, session: ReadSession) -> FinanceOverview:
    """Return how the money of the site stands. Only for people with a role of finance."""
    return await service.read_overview(session)


@router.get("/search")
async def search(_actor: FinanceActor, session: ReadSession, q: SearchText) -> FinanceSearch:
    """Find transactions, payments, withdrawals, refunds, contracts and people by an id, a business key or a name."""
    return await service.search(session, q)


@router.get("/transactions/{txn_id:uuid}", responses=refusals(EntryNotFoundError))
async def get_transaction(txn_id: UUID, _actor: FinanceActor, session: ReadSession) -> TransactionRead:
    """Return a transaction of the ledger with its transfers, who caused it, and where the log has it."""
    return await service.read_transaction(session, txn_id)


@router.get("/transactions/{txn_id:uuid}/receipt", responses=refusals(ReceiptNotFoundError, NotSealedYetError))
async def get_receipt(txn_id: UUID, _actor: FinanceActor, session: ReadSession) -> ReceiptRead:
    """Return what proves that a transaction is in the sealed log. Responds 409 in its first seconds."""
    return await transparency.read_any_receipt(session, txn_id)

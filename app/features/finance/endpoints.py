"""JSON endpoints for the people who look after the money of the site."""

from datetime import date
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.core.http.dependencies import FeatureRouter, ReadSession, Uow
from app.core.http.problem_details import refusals
from app.core.http.request_keys import KeyedRequest
from app.core.pagination import DEFAULT_LIMIT, MAX_LIMIT, BadCursorError
from app.core.text.whole_numbers import WholeNumber
from app.features.authentication.dependencies import FinanceActor
from app.features.finance import service
from app.features.finance.errors import (
    ApproverNeededError,
    CorrectionDecidedError,
    CorrectionNotFoundError,
    EntryNotFoundError,
    InvalidCorrectionError,
    SecondPersonNeededError,
)
from app.features.finance.schemas import (
    MAX_SEARCH,
    AuditFilter,
    AuditList,
    CorrectionCreate,
    CorrectionDecision,
    CorrectionList,
    CorrectionRead,
    FinanceOverview,
    FinanceSearch,
    SearchText,
    TransactionRead,
    WithdrawalList,
    WithdrawalRefusal,
    WithdrawalToApprove,
)
from app.features.ledger.errors import InsufficientFundsError, LedgerEntryDiffersError
from app.features.payments.dependencies import RecentPassword
from app.features.payments.errors import (
    NoPaymentProviderError,
    OwnMoneyError,
    WithdrawalDecidedError,
    WithdrawalNotFoundError,
)
from app.features.transparency import service as transparency
from app.features.transparency.errors import NotSealedYetError, ReceiptNotFoundError
from app.features.transparency.schemas import ReceiptRead

router = FeatureRouter(prefix="/finance", tags=["finance"])

Cursor = Annotated[str | None, Query(max_length=300, description="`next_cursor` of the previous page.")]
Typed = Annotated[str, Query(max_length=MAX_SEARCH)]
Limit = Annotated[WholeNumber, Query(ge=1, le=MAX_LIMIT)]


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


@router.get("/corrections", responses=refusals(BadCursorError))
async def list_corrections(
    actor: FinanceActor, session: ReadSession, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> CorrectionList:
    """List corrections of the ledger, the newest first."""
    return await service.list_corrections(session, actor, cursor, limit)


@router.post(
    "/corrections",
    status_code=HTTPStatus.CREATED,
    responses=refusals(InvalidCorrectionError, OwnMoneyError, NoPaymentProviderError, InsufficientFundsError),
)
async def propose_correction(
    command: CorrectionCreate, actor: FinanceActor, _password: RecentPassword, request_key: KeyedRequest, uow: Uow
) -> CorrectionRead:
    """Propose a correction: another person approves it. One below the limit of the site is made at once."""
    made = await service.propose(uow, actor, command)
    return request_key.answer(await service.read_correction(uow.session, actor, made))


@router.get("/corrections/{correction_id:uuid}", responses=refusals(CorrectionNotFoundError))
async def get_correction(correction_id: UUID, actor: FinanceActor, session: ReadSession) -> CorrectionRead:
    """Return a correction and who decided about it."""
    return await service.get_correction(session, actor, correction_id)


@router.post(
    "/corrections/{correction_id:uuid}/approve",
    responses=refusals(
        CorrectionNotFoundError,
        CorrectionDecidedError,
        ApproverNeededError,
        SecondPersonNeededError,
        OwnMoneyError,
        InvalidCorrectionError,
        InsufficientFundsError,
        LedgerEntryDiffersError,
    ),
)
async def approve_correction(
    correction_id: UUID,
    command: CorrectionDecision,
    actor: FinanceActor,
    _password: RecentPassword,
    request_key: KeyedRequest,
    uow: Uow,
) -> CorrectionRead:
    """Approve a correction that somebody else has proposed, and record it in the ledger."""
    made = await service.approve(uow, actor, correction_id, command.note)
    return request_key.answer(await service.read_correction(uow.session, actor, made))


@router.post(
    "/corrections/{correction_id:uuid}/refuse",
    responses=refusals(CorrectionNotFoundError, CorrectionDecidedError, ApproverNeededError),
)
async def refuse_correction(
    correction_id: UUID, command: CorrectionDecision, actor: FinanceActor, request_key: KeyedRequest, uow: Uow
) -> CorrectionRead:
    """Refuse a correction that somebody else has proposed, or withdraw your own. Nothing is recorded in the ledger."""
    made = await service.refuse(uow, actor, correction_id, command.note)
    return request_key.answer(await service.read_correction(uow.session, actor, made))


@router.get("/withdrawals", responses=refusals(BadCursorError))
async def list_withdrawals(
    actor: FinanceActor,
    session: ReadSession,
    waiting: Annotated[bool, Query(description="Only those that wait for a decision.")] = False,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> WithdrawalList:
    """List the withdrawals above a limit of the site, the newest first."""
    return await service.list_withdrawals(session, actor, cursor, limit, waiting=waiting)


@router.get("/withdrawals/{withdrawal_id:uuid}", responses=refusals(WithdrawalNotFoundError))
async def get_withdrawal(withdrawal_id: UUID, actor: FinanceActor, session: ReadSession) -> WithdrawalToApprove:
    """Return a withdrawal above a limit of the site, and who decided about it."""
    return await service.get_withdrawal(session, actor, withdrawal_id)


@router.post(
    "/withdrawals/{withdrawal_id:uuid}/approve",
    responses=refusals(
        WithdrawalNotFoundError, WithdrawalDecidedError, ApproverNeededError, SecondPersonNeededError, OwnMoneyError
    ),
)
async def approve_withdrawal(
    withdrawal_id: UUID, actor: FinanceActor, _password: RecentPassword, request_key: KeyedRequest, uow: Uow
) -> WithdrawalToApprove:
    """Approve a withdrawal of somebody else. The last approval that it needs lets it be paid out."""
    made = await service.approve_withdrawal(uow, actor, withdrawal_id)
    return request_key.answer(await service.read_withdrawal(uow.session, actor, made))


@router.post(
    "/withdrawals/{withdrawal_id:uuid}/refuse",
    responses=refusals(WithdrawalNotFoundError, WithdrawalDecidedError, ApproverNeededError, OwnMoneyError),
)
async def refuse_withdrawal(
    withdrawal_id: UUID, command: WithdrawalRefusal, actor: FinanceActor, request_key: KeyedRequest, uow: Uow
) -> WithdrawalToApprove:
    """Refuse a withdrawal of somebody else, with a reason that they read. Their money is in their wallet again."""
    made = await service.refuse_withdrawal(uow, actor, withdrawal_id, command.reason)
    return request_key.answer(await service.read_withdrawal(uow.session, actor, made))


@router.get("/audit", responses=refusals(BadCursorError))
async def list_audit(  # noqa: PLR0913, PLR0917 - fields of the filter
    _actor: FinanceActor,
    session: ReadSession,
    person: Typed = "",
    kind: Typed = "",
    subject: Typed = "",
    since: date | None = None,
    until: date | None = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> AuditList:
    """List what operators changed, the newest first, by who changed it, the action, the object and days of UTC."""
    wanted = AuditFilter(person=person, kind=kind, subject=subject, since=since, until=until)
    return await service.list_audit(session, wanted, cursor, limit)

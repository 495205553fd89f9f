"""JSON endpoints of payments, withdrawals and the wallet, and the address for messages of the provider."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from app.core.http.dependencies import FeatureRouter, ProcessResources, ReadSession, Uow
from app.core.http.problem_details import refusals
from app.core.http.request_keys import KeyedRequest
from app.core.money import Currency
from app.core.pagination import DEFAULT_LIMIT, MAX_LIMIT, BadCursorError, Page
from app.core.security.rate_limits import TooManyTriesError
from app.core.text.whole_numbers import WholeNumber
from app.features.authentication.dependencies import CurrentActor, FinanceActor
from app.features.ledger.errors import InsufficientFundsError
from app.features.payments import service, workflows
from app.features.payments.dependencies import ProviderLimits, RecentPassword, VerifiedMessage
from app.features.payments.errors import (
    CaseNotFoundError,
    InvalidPaymentError,
    NoPaymentProviderError,
    OwnMoneyError,
    PaymentNotCancelableError,
    PaymentNotFoundError,
    PaymentNotRefundableError,
    PayoutNotFoundError,
    PayoutNotPossibleError,
    SelfEmployedDetailsMissingError,
    WithdrawalDecidedError,
    WithdrawalNotFoundError,
)
from app.features.payments.schemas import (
    CardRefundCreate,
    CardRefundRead,
    CaseClose,
    PaymentCreate,
    PaymentRead,
    PayoutCreate,
    PayoutRead,
    PayoutRequirements,
    StuckMoneyList,
    WalletEntry,
    WalletRead,
    WithdrawalRead,
)

router = FeatureRouter(tags=["payments"])
webhooks = FeatureRouter()

Cursor = Annotated[str | None, Query(max_length=300, description="`next_cursor` of the previous page.")]
Limit = Annotated[WholeNumber, Query(ge=1, le=MAX_LIMIT)]


@router.get("/wallet")
async def get_wallet(actor: CurrentActor, session: ReadSession) -> WalletRead:
    """Return what you have, by currency: available, in its security period, and on its way out."""
    return await service.get_wallet(session, actor)


@router.get("/wallet/history", responses=refusals(BadCursorError))
async def list_wallet_history(
    actor: CurrentActor,
    session: ReadSession,
    currency: Currency = Currency.RUB,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[WalletEntry]:
    """List the movements of your wallet in one currency, newest first, as the ledger has them."""
    page = await service.list_history(session, actor, currency, cursor, limit)
    return Page(items=page.items, next_cursor=page.next_cursor)


@router.post("/payments", status_code=HTTPStatus.CREATED, responses=refusals(NoPaymentProviderError, TooManyTriesError))
async def create_payment(
    command: PaymentCreate, actor: CurrentActor, request_key: KeyedRequest, uow: Uow
) -> PaymentRead:
    """Begin a payment into your wallet. `page_url` is there as soon as the provider has opened it: read it again."""
    payment = await service.top_up(uow, actor, command)
    return request_key.answer(service.read_payment(payment))


@router.get("/payments", responses=refusals(BadCursorError))
async def list_payments(
    actor: CurrentActor, session: ReadSession, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[PaymentRead]:
    """List your payments, newest first."""
    page = await service.list_payments(session, actor, cursor, limit)
    return Page(items=page.items, next_cursor=page.next_cursor)


@router.get("/payments/{payment_id:uuid}", responses=refusals(PaymentNotFoundError))
async def get_payment(payment_id: UUID, actor: CurrentActor, session: ReadSession) -> PaymentRead:
    """Return one of your payments."""
    return await service.get_payment(session, actor, payment_id)


@router.post(
    "/payments/{payment_id:uuid}/cancel",
    status_code=HTTPStatus.NO_CONTENT,
    responses=refusals(PaymentNotFoundError, PaymentNotCancelableError),
)
async def cancel_payment(payment_id: UUID, actor: CurrentActor, resources: ProcessResources) -> Response:
    """Cancel a payment that nobody has paid. Read it again: it may have been paid in the same moment."""
    await workflows.cancel_payment(resources, actor, payment_id)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.post(
    "/payments/{payment_id:uuid}/refunds",
    status_code=HTTPStatus.CREATED,
    responses=refusals(
        PaymentNotFoundError, PaymentNotRefundableError, InvalidPaymentError, InsufficientFundsError, TooManyTriesError
    ),
)
async def create_refund(
    payment_id: UUID,
    command: CardRefundCreate,
    actor: CurrentActor,
    _password: RecentPassword,
    request_key: KeyedRequest,
    uow: Uow,
) -> CardRefundRead:
    """Send money from your wallet back to the card of a payment."""
    refund = await service.refund_payment(uow, actor, payment_id, command)
    return request_key.answer(service.read_refund(refund))


@router.post(
    "/payouts",
    status_code=HTTPStatus.CREATED,
    responses=refusals(
        NoPaymentProviderError,
        PayoutNotPossibleError,
        SelfEmployedDetailsMissingError,
        InvalidPaymentError,
        InsufficientFundsError,
        TooManyTriesError,
    ),
)
async def create_payout(
    command: PayoutCreate,
    actor: CurrentActor,
    _password: RecentPassword,
    limits: ProviderLimits,
    request_key: KeyedRequest,
    uow: Uow,
) -> PayoutRead:
    """Withdraw money to a card. It leaves your wallet now; if it is surely not paid out, it comes back.

    More than the provider pays at once is paid in parts: the answer is the first one, and `GET
    /withdrawals/{withdrawal_id}` has all. It also tells whether an operator has to approve the withdrawal first.
    """
    [payout, *_others] = await service.withdraw(uow, actor, command, limits)
    if payout.withdrawal_id is None:
        return request_key.answer(service.read_payout(payout))
    return request_key.answer(await service.get_payout(uow.session, actor, payout.id))


@router.get("/withdrawals/{withdrawal_id:uuid}", responses=refusals(WithdrawalNotFoundError))
async def get_withdrawal(withdrawal_id: UUID, actor: CurrentActor, session: ReadSession) -> WithdrawalRead:
    """Return one of your withdrawals that is paid out in parts, or that an operator has to approve."""
    return await service.get_withdrawal(session, actor, withdrawal_id)


@router.post(
    "/withdrawals/{withdrawal_id:uuid}/cancel",
    responses=refusals(WithdrawalNotFoundError, WithdrawalDecidedError),
)
async def cancel_withdrawal(
    withdrawal_id: UUID, actor: CurrentActor, request_key: KeyedRequest, uow: Uow
) -> WithdrawalRead:
    """Give up a withdrawal that waits for an approval. The money is in your wallet again."""
    withdrawal = await service.cancel_withdrawal(uow, actor, withdrawal_id)
    return request_key.answer(await service.read_withdrawal(uow.session, withdrawal))


@router.get("/payouts", responses=refusals(BadCursorError))
async def list_payouts(
    actor: CurrentActor, session: ReadSession, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[PayoutRead]:
    """List your withdrawals, newest first."""
    page = await service.list_payouts(session, actor, cursor, limit)
    return Page(items=page.items, next_cursor=page.next_cursor)


@router.get("/payouts/requirements", responses=refusals(NoPaymentProviderError))
async def get_payout_requirements(actor: CurrentActor, resources: ProcessResources) -> PayoutRequirements:
    """Return what a withdrawal will need: bounds, the fee, and what is missing to withdraw as self-employed."""
    return await workflows.payout_requirements(resources, actor)


@router.get("/payouts/{payout_id:uuid}", responses=refusals(PayoutNotFoundError))
async def get_payout(payout_id: UUID, actor: CurrentActor, session: ReadSession) -> PayoutRead:
    """Return one of your withdrawals."""
    return await service.get_payout(session, actor, payout_id)


@router.get("/stuck-money")
async def list_stuck_money(_actor: FinanceActor, session: ReadSession) -> StuckMoneyList:
    """List the money that does not move by itself, the oldest first. Only for the operator."""
    return StuckMoneyList(items=await service.read_stuck(session))


@router.post(
    "/reconciliation-cases/{case_id:uuid}/close",
    status_code=HTTPStatus.NO_CONTENT,
    responses=refusals(CaseNotFoundError, OwnMoneyError),
)
async def close_case(
    case_id: UUID, command: CaseClose, actor: FinanceActor, _password: RecentPassword, uow: Uow
) -> Response:
    """Close a case with what was found; another amount that arrived or left is recorded as it was. For the operator."""
    await service.close_case(uow, actor, case_id, command.note)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@webhooks.post("/webhooks/payments/{provider}", status_code=HTTPStatus.NO_CONTENT)
async def receive_webhook(provider: str, message: VerifiedMessage, resources: ProcessResources) -> Response:
    """Keep a signed message of the provider; it is handled after the answer."""
    del provider  # the message names it
    await workflows.keep_message(resources, message)
    return Response(status_code=HTTPStatus.NO_CONTENT)

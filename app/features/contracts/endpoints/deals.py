"""JSON endpoints of whole contracts: read, pause, resume, end, and change the work."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, status

from app.core.http.dependencies import FeatureRouter, ReadSession, Uow
from app.core.http.problem_details import refusals
from app.core.http.request_keys import KeyedRequest
from app.core.pagination import DEFAULT_LIMIT, MAX_LIMIT, BadCursorError
from app.core.text.whole_numbers import WholeNumber
from app.features.authentication.dependencies import CurrentActor
from app.features.contracts import service
from app.features.contracts.errors import (
    AnswerLateError,
    ChangeOrderOpenError,
    ContractBusyError,
    ContractNotFoundError,
    ContractStateError,
    InvalidChangeOrderError,
    RequestDecidedError,
    WrongPartyError,
)
from app.features.contracts.schemas import (
    ChangeOrderAnswer,
    ChangeOrderCreate,
    ChangeOrderState,
    ContractList,
    ContractRead,
    DealState,
    MoneyOverview,
)
from app.features.ledger.errors import InsufficientFundsError

router = FeatureRouter(tags=["contracts"])
ONE = "/contracts/{contract_id:uuid}"
CHANGE = "/change-orders/{change_order_id:uuid}"
WHOLE = (ContractNotFoundError, ContractStateError)


@router.get("/contracts", responses=refusals(BadCursorError))
async def list_contracts(
    actor: CurrentActor,
    session: ReadSession,
    limit: Annotated[WholeNumber, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=300)] = None,
) -> ContractList:
    """Return your contracts, newest first, with what is held for each."""
    return await service.list_contracts(session, actor, limit, cursor)


@router.get("/contracts/money")
async def read_money(actor: CurrentActor, session: ReadSession) -> MoneyOverview:
    """Return the money of your contracts: held now, and what was released in the last twelve months."""
    return await service.read_money(session, actor)


@router.get(ONE, responses=refusals(ContractNotFoundError))
async def get_contract(contract_id: UUID, actor: CurrentActor, session: ReadSession) -> ContractRead:
    """Return a contract of yours: its milestones, submissions, money, timeline, and what happens next."""
    return await service.get_contract(session, actor, contract_id)


@router.post(f"{ONE}/pause", responses=refusals(*WHOLE, ContractBusyError))
async def pause_contract(contract_id: UUID, actor: CurrentActor, uow: Uow) -> DealState:
    """Pause a contract: nothing is paid in, started or submitted until one of you resumes it."""
    return service.read_deal(await service.pause_contract(uow, actor, contract_id))


@router.post(f"{ONE}/resume", responses=refusals(*WHOLE))
async def resume_contract(contract_id: UUID, actor: CurrentActor, uow: Uow) -> DealState:
    """Resume a paused contract."""
    return service.read_deal(await service.resume_contract(uow, actor, contract_id))


@router.post(f"{ONE}/end", responses=refusals(*WHOLE))
async def end_contract(contract_id: UUID, actor: CurrentActor, uow: Uow) -> DealState:
    """End a contract early. What is not paid in is cancelled; what is held is still released or refunded."""
    return service.read_deal(await service.end_contract(uow, actor, contract_id))


@router.post(
    f"{ONE}/change-orders",
    status_code=status.HTTP_201_CREATED,
    responses=refusals(*WHOLE, ChangeOrderOpenError, InvalidChangeOrderError),
)
async def propose_change(
    contract_id: UUID, command: ChangeOrderCreate, actor: CurrentActor, uow: Uow
) -> ChangeOrderState:
    """Propose other milestones, or new ones. They hold once the other side has signed them."""
    return service.read_change_order(await service.propose_change(uow, actor, contract_id, command))


@router.post(
    f"{CHANGE}/answer",
    responses=refusals(
        *WHOLE, WrongPartyError, RequestDecidedError, AnswerLateError, InvalidChangeOrderError, InsufficientFundsError
    ),
)
async def answer_change(
    change_order_id: UUID, command: ChangeOrderAnswer, actor: CurrentActor, key: KeyedRequest, uow: Uow
) -> ChangeOrderState:
    """Sign the change that the other side proposed, or refuse it.

    What a paid milestone costs more is taken from the client's wallet, what it costs less goes back.
    """
    changed = await service.answer_change(uow, actor, change_order_id, agree=command.agree)
    return key.answer(service.read_change_order(changed))


@router.post(
    f"{CHANGE}/withdraw",
    responses=refusals(ContractNotFoundError, WrongPartyError, RequestDecidedError, AnswerLateError),
)
async def withdraw_change(change_order_id: UUID, actor: CurrentActor, uow: Uow) -> ChangeOrderState:
    """Withdraw your open change of the work."""
    return service.read_change_order(await service.withdraw_change(uow, actor, change_order_id))

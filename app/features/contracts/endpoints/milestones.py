"""JSON endpoints of milestones. Each names the version that was read; those that move money take a request key."""

from http import HTTPStatus
from uuid import UUID

from app.core.http.dependencies import FeatureRouter, Uow
from app.core.http.problem_details import refusals
from app.core.http.request_keys import KeyedRequest
from app.core.security.rate_limits import TooManyTriesError
from app.features.authentication.dependencies import CurrentActor
from app.features.contracts import service
from app.features.contracts.errors import (
    AnswerLateError,
    ContractStateError,
    FreelancerGoneError,
    InvalidDealAmountError,
    InvalidSubmissionError,
    MilestoneChangedError,
    MilestoneNotFoundError,
    MilestoneStateError,
    RefundTooEarlyError,
    RequestDecidedError,
    TooManyRefundsError,
    WrongPartyError,
)
from app.features.contracts.schemas import (
    BonusPay,
    ChangesRequest,
    MilestoneAccept,
    MilestoneCommand,
    MilestoneState,
    RefundAnswer,
    RefundAsk,
    SubmissionCreate,
)
from app.features.files.errors import InvalidFilesError
from app.features.ledger.errors import InsufficientFundsError
from app.features.payments import service as payments
from app.features.payments.errors import NoPaymentProviderError
from app.features.payments.schemas import PaymentRead

router = FeatureRouter(tags=["contracts"])
ONE = "/milestones/{milestone_id:uuid}"
STEP = (MilestoneNotFoundError, WrongPartyError, MilestoneStateError, MilestoneChangedError, ContractStateError)


@router.post(f"{ONE}/fund", responses=refusals(*STEP, FreelancerGoneError, InsufficientFundsError))
async def fund_milestone(
    milestone_id: UUID, command: MilestoneCommand, actor: CurrentActor, key: KeyedRequest, uow: Uow
) -> MilestoneState:
    """Pay a milestone, with the fee on it, from your wallet. Only the client may.

    The money is held until you accept the work, or it goes back to you.
    """
    changed = await service.fund_milestone(uow, actor, milestone_id, command.version)
    return key.answer(service.read_milestone(changed))


@router.post(
    f"{ONE}/pay",
    status_code=HTTPStatus.CREATED,
    responses=refusals(*STEP, FreelancerGoneError, NoPaymentProviderError, TooManyTriesError),
)
async def pay_milestone(
    milestone_id: UUID, command: MilestoneCommand, actor: CurrentActor, key: KeyedRequest, uow: Uow
) -> PaymentRead:
    """Begin a payment of a milestone by card, with the fee on it. Only the client may.

    Read the payment until it has a `page_url`, and pay there. The milestone is paid in when the payment arrives; it can
    be paid again when the payment ends without money.
    """
    payment = await service.pay_milestone(uow, actor, milestone_id, command.version)
    return key.answer(payments.read_payment(payment))


@router.post(f"{ONE}/start", responses=refusals(*STEP))
async def start_milestone(
    milestone_id: UUID, command: MilestoneCommand, actor: CurrentActor, uow: Uow
) -> MilestoneState:
    """Start work on a milestone whose money is held. Only the freelancer may."""
    return service.read_milestone(await service.start_milestone(uow, actor, milestone_id, command.version))


@router.post(f"{ONE}/submit", responses=refusals(*STEP, InvalidSubmissionError, InvalidFilesError, AnswerLateError))
async def submit_work(milestone_id: UUID, command: SubmissionCreate, actor: CurrentActor, uow: Uow) -> MilestoneState:
    """Submit work: answer every line of the checklist with a text or files of kind `submission`.

    The review time begins. If the client does not react and is known to have been told, the work counts as accepted.
    """
    _submission, changed = await service.submit_work(uow, actor, milestone_id, command)
    return service.read_milestone(changed)


@router.post(f"{ONE}/accept", responses=refusals(*STEP, InvalidDealAmountError, InvalidSubmissionError))
async def accept_milestone(
    milestone_id: UUID, command: MilestoneAccept, actor: CurrentActor, key: KeyedRequest, uow: Uow
) -> MilestoneState:
    """Accept submitted work and release its money: all of it, an amount, or what accepted lines are worth."""
    changed = await service.accept_milestone(
        uow, actor, milestone_id, command.version, amount=command.amount, lines=command.lines
    )
    return key.answer(service.read_milestone(changed))


@router.post(f"{ONE}/request-changes", responses=refusals(*STEP, InvalidSubmissionError, AnswerLateError))
async def request_changes(milestone_id: UUID, command: ChangesRequest, actor: CurrentActor, uow: Uow) -> MilestoneState:
    """Send submitted work back with what is wrong, by lines of the checklist. The review time ends."""
    return service.read_milestone(await service.request_changes(uow, actor, milestone_id, command))


@router.post(
    f"{ONE}/ask-refund", responses=refusals(*STEP, InvalidDealAmountError, RefundTooEarlyError, TooManyRefundsError)
)
async def ask_refund(milestone_id: UUID, command: RefundAsk, actor: CurrentActor, uow: Uow) -> MilestoneState:
    """Ask for money back. If nothing was submitted, the request is granted when nobody answers it in time."""
    return service.read_milestone(await service.ask_refund(uow, actor, milestone_id, command))


@router.post(f"{ONE}/withdraw-refund", responses=refusals(*STEP, RequestDecidedError))
async def withdraw_refund(
    milestone_id: UUID, command: MilestoneCommand, actor: CurrentActor, uow: Uow
) -> MilestoneState:
    """Withdraw your refund request. Work goes on."""
    return service.read_milestone(await service.withdraw_refund(uow, actor, milestone_id, command.version))


@router.post(f"{ONE}/answer-refund", responses=refusals(*STEP, RequestDecidedError, AnswerLateError))
async def answer_refund(
    milestone_id: UUID, command: RefundAnswer, actor: CurrentActor, key: KeyedRequest, uow: Uow
) -> MilestoneState:
    """Agree to the refund request, or refuse it; only the freelancer may."""
    return key.answer(service.read_milestone(await service.answer_refund(uow, actor, milestone_id, command)))


@router.post(f"{ONE}/return-money", responses=refusals(*STEP))
async def return_money(
    milestone_id: UUID, command: MilestoneCommand, actor: CurrentActor, key: KeyedRequest, uow: Uow
) -> MilestoneState:
    """Return all that is held for a milestone to the client, as its freelancer."""
    changed = await service.return_money(uow, actor, milestone_id, command.version)
    return key.answer(service.read_milestone(changed))


@router.post(f"{ONE}/bonus", responses=refusals(*STEP, FreelancerGoneError, InsufficientFundsError))
async def pay_bonus(
    milestone_id: UUID, command: BonusPay, actor: CurrentActor, key: KeyedRequest, uow: Uow
) -> MilestoneState:
    """Pay the freelancer more than was agreed, from your wallet, with the fees of the deal."""
    changed = await service.pay_bonus(uow, actor, milestone_id, command.amount, command.version)
    return key.answer(service.read_milestone(changed))

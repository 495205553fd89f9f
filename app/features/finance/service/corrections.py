"""Corrections of the ledger: one person proposes, another one decides; the posting is made with the decision."""

from dataclasses import dataclass
from uuid import UUID

from app.core.actor import Actor
from app.core.audit import MAX_REASON_LENGTH, record_audit
from app.core.clock import utc_now
from app.core.errors import FieldError
from app.core.i18n import N_
from app.core.ids import new_id
from app.core.money import Currency, Money
from app.core.persistence.advisory_locks import lock_names
from app.core.unit_of_work import UnitOfWork
from app.features.contracts import service as contracts
from app.features.contracts.errors import ContractNotFoundError
from app.features.finance.errors import (
    ApproverNeededError,
    CorrectionDecidedError,
    CorrectionNotFoundError,
    InvalidCorrectionError,
    SecondPersonNeededError,
)
from app.features.finance.events import AccountCorrected, CorrectionDecided
from app.features.finance.policy import may_approve
from app.features.finance.repository import CorrectionRepository
from app.features.finance.rules import ALONE_WINDOW, CORRECTABLE, DECIDED_WITHIN, REVERSIBLE, suffices_alone
from app.features.finance.schemas import CorrectionCreate
from app.features.finance.service.people import is_same_person
from app.features.identity import service as identity
from app.features.ledger import service as ledger
from app.features.ledger.schemas import effect
from app.features.payments import service as payments
from app.features.payments.errors import OwnMoneyError
from app.models import AccountKind, CorrectionKind, CorrectionState, LedgerCorrection

MISSING = N_("Fill in this field.")
NOT_CORRECTABLE = N_("Choose two different accounts of the list.")
NOBODY = N_("Nobody has this user name.")
NOT_REVERSIBLE = N_(
    "This transaction is not reversed: a payment, a withdrawal or a contract rests on it, it is a reversal, or it was "
    "reversed before."
)
NO_CONTRACT = N_("There is no contract with this id whose money goes through the site.")
EXPIRED = "expired"
EXPIRED_AT_ONCE = 50
PERSONAL = frozenset((AccountKind.CLAIM, AccountKind.WALLET))


@dataclass(frozen=True, slots=True)
class Target:
    """What a correction is about."""

    money: Money
    user_id: UUID | None = None
    provider: str | None = None
    debit: AccountKind | None = None
    credit: AccountKind | None = None
    contract_id: UUID | None = None


async def propose(uow: UnitOfWork, actor: Actor, command: CorrectionCreate) -> LedgerCorrection:
    """Propose a correction; a small one is made at once.

    Raises:
        InvalidCorrectionError: It names no account, person, amount or transaction that can be corrected.
        OwnMoneyError: It concerns the actor.
        InsufficientFundsError: It was to be made at once, and an account holds less.
    """
    target = await _target(uow, command)
    now = utc_now()
    correction = LedgerCorrection(
        id=new_id(),
        kind=command.kind,
        reverses=command.reverses if command.kind is CorrectionKind.REVERSAL else None,
        debit=target.debit.value if target.debit else None,
        credit=target.credit.value if target.credit else None,
        user_id=target.user_id,
        provider=target.provider,
        currency=target.money.currency,
        amount=target.money.amount,
        contract_id=command.contract_id or target.contract_id,
        reason=command.reason,
        explanation=command.explanation,
        evidence=command.evidence,
        state=CorrectionState.PROPOSED,
        proposed_by_id=actor.id,
        proposed_at=now,
        expires_at=now + DECIDED_WITHIN,
        note="",
    )
    await _refuse_own(uow, actor, await _concerned(uow, correction))
    correction.alone = await _alone(uow, actor, target.money)
    repository = CorrectionRepository(uow.session)
    await repository.add(correction)
    new = {"kind": command.kind.value, "amount": correction.amount, "currency": correction.currency.value}
    why = f"{command.reason}: {command.explanation}"[:MAX_REASON_LENGTH]
    record_audit(uow.session, actor, "correction.propose", correction.id, new=new, reason=why)
    if correction.alone:
        await _execute(uow, actor, correction, "")
    return correction


async def approve(uow: UnitOfWork, actor: Actor, correction_id: UUID, note: str = "") -> LedgerCorrection:
    """Approve a correction of somebody else, and make it.

    Raises:
        CorrectionNotFoundError: There is none.
        ApproverNeededError: The actor is no approver.
        SecondPersonNeededError: The actor has proposed it, maybe with another account.
        OwnMoneyError: It concerns the actor.
        CorrectionDecidedError: It was decided, or has expired.
        InsufficientFundsError: An account holds less than the correction takes.
        LedgerEntryDiffersError: The transaction was reversed meanwhile.
    """
    correction = await _lock_open(uow, correction_id)
    await _require_second_person(uow, actor, correction)
    await _refuse_own(uow, actor, await _concerned(uow, correction))
    await _execute(uow, actor, correction, note)
    return correction


async def refuse(uow: UnitOfWork, actor: Actor, correction_id: UUID, note: str = "") -> LedgerCorrection:
    """Refuse a correction of somebody else, or withdraw one's own; nothing is posted.

    Raises:
        CorrectionNotFoundError: There is none.
        ApproverNeededError: The actor has not proposed it and is no approver.
        CorrectionDecidedError: It was decided, or has expired.
    """
    correction = await _lock_open(uow, correction_id)
    own = correction.proposed_by_id == actor.id
    if not own and not may_approve(actor):
        raise ApproverNeededError
    state = CorrectionState.WITHDRAWN if own else CorrectionState.REFUSED
    _decide(uow, actor, correction, state, note)
    return correction


async def _target(uow: UnitOfWork, command: CorrectionCreate) -> Target:
    if command.kind is CorrectionKind.REVERSAL:
        return await _reversed(uow, command)
    if command.money is None:
        raise _invalid("money", MISSING)
    debit, credit = command.debit, command.credit
    if command.kind is CorrectionKind.ASSIGNMENT:
        debit, credit = AccountKind.SUSPENSE, AccountKind.WALLET
    elif debit == credit or debit not in CORRECTABLE or credit not in CORRECTABLE:
        raise _invalid("credit", NOT_CORRECTABLE)
    moved = {debit, credit}
    provider = payments.configured_provider(uow.resources.settings) if AccountKind.SUSPENSE in moved else None
    user_id = await _person(uow, command.username) if moved & PERSONAL else None
    return Target(command.money.to_money(), user_id, provider, debit, credit)


async def _reversed(uow: UnitOfWork, command: CorrectionCreate) -> Target:
    """Return what a reversal moves.

    Raises:
        InvalidCorrectionError: There is no such transaction, or it is not to be reversed.
    """
    if command.reverses is None:
        raise _invalid("reverses", MISSING)
    legs = await ledger.read_transfers(uow.session, command.reverses)
    if not legs or legs[0].template not in REVERSIBLE:
        raise _invalid("reverses", NOT_REVERSIBLE)
    if await CorrectionRepository(uow.session).is_reversed(command.reverses):
        raise _invalid("reverses", NOT_REVERSIBLE)
    owners = [it.owner_id for leg in legs for it in (leg.debit, leg.credit) if it.kind in PERSONAL]
    money = Money(sum(leg.amount for leg in legs), legs[0].currency)
    return Target(money, next(iter(owners), None), contract_id=legs[0].contract_id)


async def _person(uow: UnitOfWork, name: str) -> UUID:
    person = await identity.find_named(uow.session, name.removeprefix("@")) if name else None
    if person is None:
        raise _invalid("username", NOBODY if name else MISSING)
    return person.id


async def _concerned(uow: UnitOfWork, correction: LedgerCorrection) -> set[UUID]:
    """Lock the contract of a correction before any account, and return the people whom the correction concerns.

    Raises:
        InvalidCorrectionError: There is no such contract.
    """
    people = {correction.user_id} if correction.user_id is not None else set[UUID]()
    if correction.contract_id is not None:
        try:
            people |= await contracts.lock_corrected(uow, correction.contract_id)
        except ContractNotFoundError as missing:
            raise _invalid("contract_id", NO_CONTRACT) from missing
    return people


async def _refuse_own(uow: UnitOfWork, actor: Actor, concerned: set[UUID]) -> None:
    """Refuse a correction of one's own money.

    Raises:
        OwnMoneyError: It is.
    """
    for person in concerned:
        if await is_same_person(uow, actor, person):
            raise OwnMoneyError


async def _require_second_person(uow: UnitOfWork, actor: Actor, correction: LedgerCorrection) -> None:
    """Let only an approver decide who is another person than the one who has proposed it.

    Raises:
        SecondPersonNeededError: The actor has proposed it, maybe with another account.
        ApproverNeededError: The actor is no approver.
    """
    if correction.proposed_by_id == actor.id:
        raise SecondPersonNeededError
    if not may_approve(actor):
        raise ApproverNeededError
    if await is_same_person(uow, actor, correction.proposed_by_id):
        raise SecondPersonNeededError


async def _alone(uow: UnitOfWork, actor: Actor, money: Money) -> bool:
    limit = uow.resources.settings.correction_alone_up_to
    if not limit:
        return False
    await lock_names(uow.session, f"finance.alone:{actor.id}")
    earlier = await CorrectionRepository(uow.session).corrected_alone(actor.id, Currency.RUB, utc_now() - ALONE_WINDOW)
    return suffices_alone(money, earlier, limit)


async def _lock_open(uow: UnitOfWork, correction_id: UUID) -> LedgerCorrection:
    correction = await CorrectionRepository(uow.session).get(correction_id, lock=True)
    if correction is None:
        raise CorrectionNotFoundError
    if correction.state is not CorrectionState.PROPOSED or correction.expires_at <= utc_now():
        raise CorrectionDecidedError
    return correction


async def _execute(uow: UnitOfWork, actor: Actor, correction: LedgerCorrection, note: str) -> None:
    """Post a correction, decide it, and tell everybody whom it concerns."""
    posted = await _post(uow, actor, correction)
    correction.txn_id = posted
    _decide(uow, actor, correction, CorrectionState.EXECUTED, note)
    if correction.contract_id is not None:
        await contracts.record_correction(uow, correction.contract_id, amount=correction.amount, txn_id=posted)
    if correction.user_id is None:
        return
    moved = await ledger.read_transfers(uow.session, posted)
    grown = effect(tuple(ledger.Leg(it.debit, it.credit, it.amount) for it in moved))
    changes = [grown[it] if it.kind is AccountKind.WALLET else -grown[it] for it in grown if it.kind in PERSONAL]
    uow.emit(
        AccountCorrected(
            correction_id=str(correction.id),
            user_id=str(correction.user_id),
            amount=sum(changes),
            currency=correction.currency.value,
        )
    )


async def _post(uow: UnitOfWork, actor: Actor, correction: LedgerCorrection) -> UUID:
    key, reason, now = f"correction:{correction.id}", correction.reason.value, utc_now()
    if correction.reverses is not None:
        made = await ledger.reverse(
            uow, correction.reverses, key=key, actor_id=actor.id, reason=reason, effective_at=now
        )
        return made.txn_id
    money = Money(correction.amount, correction.currency)
    if correction.kind is CorrectionKind.ASSIGNMENT and correction.user_id is not None:
        entry = ledger.templates.receipt_identified(
            provider=correction.provider or "", customer_id=correction.user_id, amount=money
        )
    else:
        entry = ledger.templates.correction(
            debit=_account(correction, correction.debit), credit=_account(correction, correction.credit), amount=money
        )
    made = await ledger.post(
        uow,
        entry,
        key=key,
        effective_at=now,
        contract_id=correction.contract_id,
        actor_id=actor.id,
        reason=reason,
    )
    return made.txn_id


def _account(correction: LedgerCorrection, kind: str | None) -> ledger.Account:
    named = AccountKind(kind or "")
    return ledger.Account(
        named,
        correction.user_id if named in PERSONAL else None,
        correction.provider if named is AccountKind.SUSPENSE else None,
    )


def _decide(uow: UnitOfWork, actor: Actor, correction: LedgerCorrection, state: CorrectionState, note: str) -> None:
    correction.state, correction.note = state, note
    correction.decided_by_id, correction.decided_at = actor.id, utc_now()
    if actor.id != correction.proposed_by_id:
        _announce(uow, correction, state.value)
    old, new = {"state": CorrectionState.PROPOSED.value}, {"state": state.value, "alone": correction.alone}
    record_audit(uow.session, actor, f"correction.{state}", correction.id, old=old, new=new, reason=note)


async def announce_expired(uow: UnitOfWork) -> int:
    """Tell who proposed corrections that nobody has decided about in time; return how many those were.

    Emits `CorrectionDecided` once for each.
    """
    now = utc_now()
    expired = await CorrectionRepository(uow.session).lock_expired(now, EXPIRED_AT_ONCE)
    for correction in expired:
        correction.expiry_told_at = now
        _announce(uow, correction, EXPIRED)
    return len(expired)


def _announce(uow: UnitOfWork, correction: LedgerCorrection, state: str) -> None:
    uow.emit(
        CorrectionDecided(
            correction_id=str(correction.id),
            proposed_by_id=str(correction.proposed_by_id),
            state=state,
            amount=correction.amount,
            currency=correction.currency.value,
        )
    )


def _invalid(field: str, message: str) -> InvalidCorrectionError:
    return InvalidCorrectionError(errors=[FieldError((field,), message)])

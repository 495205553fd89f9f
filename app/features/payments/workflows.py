"""Use cases of payments that take several transactions: the provider is called between them, never inside one."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import assert_never
from uuid import UUID

import structlog

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.config import Settings
from app.core.i18n import _
from app.core.money import Currency, MoneyRead
from app.core.payment_port import (
    Busy,
    Capabilities,
    Done,
    FoundOperations,
    Operation,
    OperationKind,
    Outcome,
    PaymentProvider,
    PaymentRequest,
    PayoutKind,
    PayoutRequest,
    RefundRequest,
    Refused,
    Unknown,
)
from app.core.persistence.advisory_locks import lock_names
from app.core.persistence.group_commit import GroupCommit
from app.core.resources import ContextState, Resources
from app.core.unit_of_work import repeated, unit_of_work
from app.features.authentication import workflows as authentication
from app.features.authentication.service import Caller, SessionView
from app.features.ledger import service as ledger
from app.features.legal import service as legal
from app.features.payments import service
from app.features.payments.errors import SelfEmployedDetailsMissingError
from app.features.payments.rules import PAYMENT_SECONDS, provider_name, reason_text
from app.features.payments.schemas import PayoutRequirements, ReceivedMessage
from app.features.payments.service import inbox, operations, reconciliation
from app.features.payments.service.commands import TAX_NUMBER
from app.features.payments.service.inbox import MESSAGES_AT_ONCE
from app.features.payments.service.operations import SITE, UNREADABLE, Call, Question
from app.features.payments.service.reconciliation import Comparison
from app.gateways.payments import payment_provider_of
from app.models import AccountKind, LegalKind

log = structlog.get_logger()

CALLS_AT_ONCE = 50
WINDOW = timedelta(days=3650)
"""How far from its intent an operation is looked for: its reference is its own for ever, and clocks may differ."""
RECONCILED_DAYS = 3
RECONCILED_CURRENCIES = tuple(Currency)
RECONCILE_LOCK = "payments.reconcile"
CAPABILITIES_LAST = timedelta(minutes=10)
_asked = ContextState[dict[str, tuple[Capabilities, float]]](lambda _resources: {})


async def capabilities(resources: Resources) -> Capabilities | None:
    """Return what the provider can do, asked again after some minutes; None while it does not answer."""
    kept, now = _asked.of(resources), utc_now().timestamp()
    found = kept.get("")
    if found is not None and now < found[1]:
        return found[0]
    answer = await payment_provider_of(resources).capabilities()
    if not isinstance(answer, Done):
        return None
    kept[""] = (answer.value, now + CAPABILITIES_LAST.total_seconds())
    return answer.value


async def run_due(resources: Resources) -> int:
    """Ask the provider about everything that is due; return how many operations that were."""
    key_hours = await _key_hours(resources)
    for count in range(CALLS_AT_ONCE):
        async with unit_of_work(resources) as uow:
            call = await operations.claim_due(uow, key_hours)
        if call is None:
            return count
        try:
            await _ask_and_record(resources, call)
        except Exception:  # noqa: BLE001 - one bad operation must not hold up the others; its claim lapses
            await log.aexception("payment_call_failed", reference=call.reference)
    return CALLS_AT_ONCE


async def run_operation(resources: Resources, subject_id: UUID) -> bool:
    """Ask the provider about one payment, withdrawal or refund now; return False while somebody else does."""
    key_hours = await _key_hours(resources)
    async with unit_of_work(resources) as uow:
        call = await operations.claim(uow, subject_id, key_hours)
    return call is not None and await _ask_and_record(resources, call)


async def _key_hours(resources: Resources) -> int:
    """Return for how long a key lives; 0, so that nothing is sent twice, while the provider does not say."""
    known = await capabilities(resources)
    return known.key_hours if known else 0


async def _ask_and_record(resources: Resources, call: Call) -> bool:
    outcome = await ask(payment_provider_of(resources), resources.settings, call)
    return await repeated(resources, partial(operations.record, call=call, outcome=outcome))


async def ask(
    provider: PaymentProvider, settings: Settings, call: Call
) -> Outcome[Operation] | Outcome[FoundOperations]:
    """Send one request; no transaction is open."""
    match call.question:
        case Question.FIND:
            until = max(utc_now(), call.created_at) + WINDOW
            return await provider.find_by_reference(call.reference, call.created_at - WINDOW, until)
        case Question.READ:
            return await _read(provider, call)
        case Question.SEND:
            return await _send(provider, settings, call)


async def _read(provider: PaymentProvider, call: Call) -> Outcome[Operation]:
    match call.kind:
        case OperationKind.PAYMENT:
            answer = await provider.get_payment(call.provider_id)
        case OperationKind.REFUND:
            answer = await provider.get_refund(call.provider_id)
        case OperationKind.PAYOUT:
            answer = await provider.get_payout(call.provider_id)
        case _:
            assert_never(call.kind)
    return _own(call, answer)


async def _send(provider: PaymentProvider, settings: Settings, call: Call) -> Outcome[Operation]:
    match call.kind:
        case OperationKind.PAYMENT:
            payment = PaymentRequest(
                reference=call.reference,
                money=call.money,
                description=call.description,
                return_url=f"{settings.origin}/wallet/payments/{call.subject_id}?returned=1",
                expires_in=PAYMENT_SECONDS,
            )
            answer = await provider.create_payment(payment, repeated=call.repeated)
        case OperationKind.REFUND:
            refund = RefundRequest(reference=call.reference, payment_id=call.payment_provider_id, money=call.money)
            answer = await provider.create_refund(refund, repeated=call.repeated)
        case OperationKind.PAYOUT:
            if call.destination is None:
                return Unknown(UNREADABLE) if call.repeated else Refused(UNREADABLE)
            payout = PayoutRequest(
                reference=call.reference,
                money=call.money,
                description=SITE,
                kind=call.payout_kind or PayoutKind.CARD,
                card=call.destination.card,
                tax_id=call.destination.tax_id,
            )
            answer = await provider.create_payout(payout, repeated=call.repeated)
        case _:
            assert_never(call.kind)
    return _own(call, answer)


def _own(call: Call, answer: Outcome[Operation]) -> Outcome[Operation]:
    """Return an answer about our operation; one about another operation says nothing."""
    if isinstance(answer, Unknown | Busy):
        return answer
    found = answer.found if isinstance(answer, Refused) else answer.value
    return Unknown("another_object") if found is not None and found.reference != call.reference else answer


async def reconcile(resources: Resources, *, days: int = RECONCILED_DAYS) -> list[Comparison]:
    """Compare the provider's statement of the last days with our books, one currency after the other.

    A provider that does not answer is asked again by the next run; only one run at a time compares.
    """
    name = provider_name(resources.settings)
    if name is None:
        return []
    provider, found = payment_provider_of(resources), list[Comparison]()
    for currency in RECONCILED_CURRENCIES:
        asked_at = utc_now()
        since = asked_at - timedelta(days=days)
        statement = await provider.statement(currency, since, asked_at)
        if not isinstance(statement, Done):
            await log.awarning("statement_unavailable", provider=name, currency=currency.value)
            continue
        async with unit_of_work(resources) as uow:
            await lock_names(uow.session, RECONCILE_LOCK)
            found.append(await reconciliation.compare(uow, name, statement.value, since, asked_at))
    return found


async def keep_message(resources: Resources, message: ReceivedMessage) -> None:
    """Keep a verified message; those that arrive at the same time are committed together, before any is answered."""
    await _arriving.of(resources).add(message)


def _group_messages(resources: Resources) -> GroupCommit[ReceivedMessage]:
    async def write(received: Sequence[ReceivedMessage]) -> None:
        async with unit_of_work(resources) as uow:
            await service.keep_messages(uow, received)

    return GroupCommit(write, at_once=MESSAGES_AT_ONCE)


_arriving = ContextState(_group_messages)


async def read_inbox(resources: Resources) -> int:
    """Handle the messages that have arrived, then ask the provider about what they are about."""
    async with unit_of_work(resources) as uow:
        handled = await inbox.handle_messages(uow)
    if handled:
        await run_due(resources)
    return handled


async def lapse_withdrawals(resources: Resources) -> None:
    """Put withdrawals about which nobody has decided in time into the wallet again; the next run does the rest."""
    async with unit_of_work(resources) as uow:
        await service.lapse(uow)


async def cancel_payment(resources: Resources, actor: Actor, payment_id: UUID) -> None:
    """Cancel a payment that nobody has paid; what the provider answers decides, and it may have been paid already.

    Raises:
        PaymentNotFoundError: The actor has no such payment.
        PaymentNotCancelableError: It has ended, or nobody knows yet whether the provider has it.
    """
    async with unit_of_work(resources) as uow:
        operation = await service.cancel_unsent(uow, actor.id, payment_id)
    if operation is not None:
        await payment_provider_of(resources).cancel_payment(operation.provider_id or "")
        await run_operation(resources, payment_id)


async def prove_password(resources: Resources, view: SessionView, password: str, caller: Caller) -> None:
    """Take the password of somebody who wants to take money out; it counts for some minutes.

    Raises:
        WrongPasswordError: The password is wrong.
        TooManyTriesError: Too many wrong passwords.
    """
    await authentication.reauthenticate(resources, view, password, caller)


async def payout_requirements(resources: Resources, actor: Actor) -> PayoutRequirements:
    """Return what a withdrawal of the actor will need; the provider is asked about a self-employed person.

    Raises:
        NoPaymentProviderError: The instance has no provider.
    """
    settings = resources.settings
    service.configured_provider(settings)
    known = await capabilities(resources)
    async with resources.read_sessions() as session:
        details = await legal.get_status(session, settings, actor)
        wallet = await ledger.balance(session, ledger.Account(AccountKind.WALLET, actor.id), Currency.RUB)
    number = details.fields.get(TAX_NUMBER) if details.kind is LegalKind.SELF_EMPLOYED else None
    missing: list[str] = []
    permission_url = None
    if number is None:
        missing.append(_(SelfEmployedDetailsMissingError.detail))
    else:
        asked = await payment_provider_of(resources).find_self_employed(number)
        if isinstance(asked, Done):
            permission_url = asked.value.permission_url
            codes = {
                "self_employed_status_lost": not asked.value.active,
                "permission_missing": not asked.value.permission,
                "yearly_limit": asked.value.earned_this_year >= asked.value.yearly_limit,
            }
            missing += [_(reason_text(code)) for code, applies in codes.items() if applies]
    bounds = (known.payout_minimum, known.payout_maximum) if known else None
    return PayoutRequirements(
        kinds=sorted(known.payout_kinds) if known else list(PayoutKind),
        available=MoneyRead(amount=wallet, currency=Currency.RUB),
        minimum=MoneyRead(amount=bounds[0], currency=Currency.RUB) if bounds else None,
        maximum=MoneyRead(amount=bounds[1], currency=Currency.RUB) if bounds else None,
        fee_bp=settings.withdrawal_fee_bp,
        fee_minimum=MoneyRead(amount=settings.withdrawal_fee_minimum, currency=Currency.RUB),
        missing=missing,
        permission_url=permission_url,
    )

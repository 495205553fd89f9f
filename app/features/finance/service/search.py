"""Finding transactions, payments, withdrawals, refunds, contracts and people, and reading one transaction."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.money import Currency
from app.features.finance.errors import EntryNotFoundError
from app.features.finance.repository import LedgerViewRepository, SearchRepository, TransactionRow
from app.features.finance.rules import REVERSIBLE
from app.features.finance.schemas import (
    AccountRead,
    FinanceSearch,
    FoundContract,
    FoundOperation,
    FoundPerson,
    FoundTransaction,
    LegRead,
    TransactionRead,
)
from app.features.identity import service as identity
from app.features.ledger import service as ledger
from app.features.ledger.schemas import TransferRead
from app.features.ledger.service import CHART, Account, OwnerKind
from app.models import Contract, ProviderOperation


async def search(session: AsyncSession, typed: str) -> FinanceSearch:
    """Return what has this id, business key, reference, provider's id or user name."""
    words = typed.strip()
    if not words:
        return FinanceSearch(transactions=[], operations=[], contracts=[], people=[])
    thing = _id(words)
    view, found = LedgerViewRepository(session), SearchRepository(session)
    operations = await found.operations(words, thing)
    names = await identity.usernames(session, list({user_id for _, user_id in operations}))
    if thing is None:
        transactions, contracts = await view.with_key(words.lower()), []
        people = await _people(session, words)
    else:
        transactions, contracts = await view.about(thing), list(await found.contracts(thing))
        known = await identity.usernames(session, [thing])
        people = [FoundPerson(id=each, name=name) for each, name in known.items()]
    return FinanceSearch(
        transactions=[_transaction(row) for row in transactions],
        operations=[_operation(operation, names.get(user_id, "")) for operation, user_id in operations],
        contracts=[_contract(*row) for row in contracts],
        people=people,
    )


async def read_transaction(session: AsyncSession, txn_id: UUID) -> TransactionRead:
    """Return a transaction with its transfers, who caused it, and where the log has it.

    Raises:
        EntryNotFoundError: There is none.
    """
    legs = await ledger.read_transfers(session, txn_id)
    if not legs:
        raise EntryNotFoundError
    position, checkpoint, reversed_by = await LedgerViewRepository(session).place(txn_id)
    first = legs[0]
    names = await identity.usernames(session, list(_involved(legs)))
    return TransactionRead(
        id=txn_id,
        template=first.template,
        template_version=first.template_version,
        key=first.key,
        currency=first.currency,
        amount=sum(leg.amount for leg in legs),
        legs=[
            LegRead(
                number=leg.number,
                debit=_account(leg.debit, names),
                credit=_account(leg.credit, names),
                amount=leg.amount,
            )
            for leg in legs
        ],
        contract_id=first.contract_id,
        milestone_id=first.milestone_id,
        actor_id=first.actor_id,
        actor=names.get(first.actor_id, "") if first.actor_id else "",
        reason=first.reason,
        reverses=first.reverses,
        reversed_by=reversed_by,
        reversible=first.template in REVERSIBLE and reversed_by is None,
        effective_at=first.effective_at,
        recorded_at=first.recorded_at,
        position=position,
        checkpoint=checkpoint,
    )


async def _people(session: AsyncSession, name: str) -> list[FoundPerson]:
    person = await identity.find_named(session, name.removeprefix("@"))
    return [FoundPerson(id=person.id, name=person.username)] if person is not None else []


def _involved(legs: Sequence[TransferRead]) -> set[UUID]:
    """Return who caused a transaction and whose accounts it moves."""
    accounts = {account for leg in legs for account in (leg.debit, leg.credit)}
    owners = {it.owner_id for it in accounts if CHART[it.kind].owner is OwnerKind.USER}
    return {person for person in (*owners, legs[0].actor_id) if person is not None}


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _account(account: Account, names: dict[UUID, str]) -> AccountRead:
    owner = account.provider or (names.get(account.owner_id, "") if account.owner_id else "")
    return AccountRead(kind=account.kind, owner_id=account.owner_id, owner=owner)


def _transaction(row: TransactionRow) -> FoundTransaction:
    return FoundTransaction(
        id=row.txn.id,
        template=row.txn.template,
        key=row.txn.business_key,
        amount=row.amount,
        currency=Currency(row.currency),
        contract_id=row.txn.contract_id,
        recorded_at=row.txn.recorded_at,
    )


def _operation(operation: ProviderOperation, person: str) -> FoundOperation:
    return FoundOperation(
        kind=operation.kind.value,
        subject_id=operation.subject_id,
        person=person,
        reference=operation.reference,
        provider_id=operation.provider_id,
        amount=operation.amount,
        currency=operation.currency,
        state=operation.state.value,
        next_at=operation.next_at,
        created_at=operation.created_at,
    )


def _contract(contract: Contract, title: str, customer: str, freelancer: str) -> FoundContract:
    return FoundContract(
        id=contract.id,
        title=title,
        customer=customer,
        freelancer=freelancer,
        amount=contract.price_amount,
        currency=contract.currency,
        agreed_at=contract.agreed_at,
    )

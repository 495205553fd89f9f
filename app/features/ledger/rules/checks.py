"""Checks of the whole ledger: its transactions are replayed in the order of the log, and compared with the balances."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from uuid import UUID

from app.features.ledger.rules.shapes import RULES, TemplateRules
from app.features.ledger.schemas import CHART, OwnerKind
from app.models import AccountKind, LedgerAccount, LedgerTransfer, LedgerTxn, TxnTemplate

MAX_FINDINGS = 100


class CheckResult(IntEnum):
    """What a check says; also the exit code of its command."""

    HOLDS = 0
    BROKEN = 1
    CANNOT_SAY = 2


class Invariant(StrEnum):
    """What always holds."""

    BALANCED = "I1: the debits of a currency equal its credits"
    BALANCES = "I2: a balance is the sum of its transfers"
    NEVER_NEGATIVE = "I3: no balance was negative at any place of the log"
    CURRENCIES = "I4: a transfer has the currency of both accounts"
    REVERSALS = "I7: a reversal mirrors one transaction, once"
    TEMPLATES = "I8: a transaction is what its template allows"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or that nobody can tell: where, and what was expected there."""

    invariant: Invariant
    row: str
    said: str
    is_broken: bool = True


@dataclass(slots=True)
class CheckReport:
    """The result of a check, with its first findings."""

    transactions: int = 0
    transfers: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def result(self) -> CheckResult:
        """What the check says; a broken invariant is worse than one that could not be looked at."""
        if any(finding.is_broken for finding in self.findings):
            return CheckResult.BROKEN
        return CheckResult.CANNOT_SAY if self.findings else CheckResult.HOLDS


type Legs = Sequence[tuple[LedgerTransfer, LedgerAccount, LedgerAccount]]
"""The transfers of a transaction, each with the accounts that it debits and credits."""


class LedgerCheck:
    """Replays transactions one by one; it keeps the sums of accounts, and no transaction."""

    def __init__(self) -> None:
        self.report = CheckReport()
        self._debits: Counter[UUID] = Counter()
        self._credits: Counter[UUID] = Counter()
        self._currencies: dict[str, list[int]] = defaultdict(lambda: [0, 0])

    def found(self, invariant: Invariant, row: str, said: str, *, is_broken: bool = True) -> None:
        """Keep a finding."""
        self.add(Finding(invariant, row, said, is_broken=is_broken))

    def add(self, finding: Finding) -> None:
        """Keep a finding; after the first ones a broken ledger tells nothing new."""
        if len(self.report.findings) < MAX_FINDINGS:
            self.report.findings.append(finding)

    def replay(self, txn: LedgerTxn, legs: Legs) -> None:
        """Take the next transaction of the log."""
        self.report.transactions += 1
        self.report.transfers += len(legs)
        row = f"transaction {txn.id}"
        if len(legs) != txn.transfers:
            self.found(Invariant.BALANCED, row, f"it has {len(legs)} of {txn.transfers} transfers")
        for transfer, debit, credit in legs:
            if not transfer.currency == debit.currency == credit.currency:
                currencies = f"{transfer.currency}, its accounts are in {debit.currency} and {credit.currency}"
                self.found(Invariant.CURRENCIES, f"{row}, transfer {transfer.n}", f"it is in {currencies}")
            self._debits[debit.id] += transfer.amount
            self._credits[credit.id] += transfer.amount
        for account in {it.id: it for _, *both in legs for it in both}.values():
            self._check_negative(row, account)
        for said, is_broken in template_errors(txn, legs):
            self.found(Invariant.TEMPLATES, row, said, is_broken=is_broken)

    def _check_negative(self, row: str, account: LedgerAccount) -> None:
        rules = CHART[AccountKind(account.kind)]
        held = self._debits[account.id] - self._credits[account.id]
        held = held if rules.side == "debit" else -held
        if rules.has_balance and held < 0:
            self.found(Invariant.NEVER_NEGATIVE, row, f"after it, {named(account)} holds {held}")

    def compare(self, account: LedgerAccount, kept: tuple[int, int] | None, side: tuple[str, bool] | None) -> None:
        """Compare an account with its balance row: the sums, the side, and whether it may be negative.

        Args:
            account: The account, after the last transaction of the log.
            kept: Debits and credits of its balance row, where it has one.
            side: The side of its balance row, and whether the row forbids a negative balance.
        """
        rules, sums = CHART[AccountKind(account.kind)], (self._debits[account.id], self._credits[account.id])
        for place, amount in enumerate(sums):
            self._currencies[account.currency][place] += amount if kept is None else kept[place]
        if (kept is not None) is not rules.has_balance:
            missing = "has no balance row" if kept is None else "has a balance row, and its kind has none"
            self.found(Invariant.BALANCES, named(account), f"it {missing}")
        elif kept is not None and kept != sums:
            self.found(
                Invariant.BALANCES,
                named(account),
                f"debits and credits are {kept[0]} and {kept[1]}; its transfers sum up to {sums[0]} and {sums[1]}",
            )
        elif side is not None and side != (rules.side.value, True):
            self.found(Invariant.BALANCES, named(account), "its balance row has another side, or lets it be negative")

    def finish(self, recorded: int, unplaced: UUID | None) -> CheckReport:
        """Compare the totals, and say what the log does not tell.

        Args:
            recorded: The number of headers.
            unplaced: A transaction that has no place in the log.
        """
        for currency, (debits, credits_) in sorted(self._currencies.items()):
            if debits != credits_:
                self.found(Invariant.BALANCED, f"currency {currency}", f"debits {debits}, credits {credits_}")
        if recorded != self.report.transactions:
            row = f"transaction {unplaced}" if unplaced else "the log"
            said = f"the log has {self.report.transactions} transactions of {recorded}"
            self.found(Invariant.NEVER_NEGATIVE, row, said, is_broken=False)
        return self.report


def named(account: LedgerAccount) -> str:
    """Return the name of an account for a person."""
    owner = f" of {account.owner_id or account.provider}" if account.owner_id or account.provider else ""
    return f"account {account.id} ({account.kind}{owner}, {account.currency})"


def template_errors(txn: LedgerTxn, legs: Legs) -> Iterator[tuple[str, bool]]:
    """Yield what a transaction does that its template does not allow, and whether that is certain."""
    rules = RULES[txn.template]
    if rules.by_operator and (txn.actor_id is None or txn.reason is None):
        yield f"{txn.template} names no operator or no reason", True
    if txn.template is TxnTemplate.REVERSAL:
        return
    if txn.template_version != rules.version:
        yield f"version {txn.template_version} of {txn.template} is not known here", False
        return
    accounts = {account.kind: account for _, *both in legs for account in both}
    for said in (
        *_wrong_moves(txn, rules, legs),
        *_wrong_accounts(accounts, legs),
        *_wrong_owners(txn, rules, accounts),
    ):
        yield said, True


def _wrong_accounts(accounts: Mapping[str, LedgerAccount], legs: Legs) -> Iterator[str]:
    """Yield the kinds of which a transaction has two accounts."""
    for kind, account in accounts.items():
        if any(it.kind == kind and it.id != account.id for _, *both in legs for it in both):
            yield f"two accounts of kind {kind}"


def _wrong_moves(txn: LedgerTxn, rules: TemplateRules, legs: Legs) -> Iterator[str]:
    for transfer, debit, credit in legs:
        if (debit.kind, credit.kind) not in rules.moves:
            yield f"{txn.template} moves nothing from {debit.kind} to {credit.kind} (transfer {transfer.n})"


def _wrong_owners(txn: LedgerTxn, rules: TemplateRules, accounts: Mapping[str, LedgerAccount]) -> Iterator[str]:
    for one, other in rules.one_owner:
        if one in accounts and other in accounts and accounts[one].owner_id != accounts[other].owner_id:
            yield f"{one} and {other} belong to two owners"
    for kind, account in accounts.items():
        if CHART[AccountKind(kind)].owner is OwnerKind.MILESTONE and account.owner_id != txn.milestone_id:
            yield f"{kind} is of another milestone than the header says"


def reversal_errors(rows: Iterable[tuple[UUID, str]]) -> Iterator[Finding]:
    """Yield a finding for each reversal that is wrong, and why."""
    for txn_id, said in rows:
        yield Finding(Invariant.REVERSALS, f"transaction {txn_id}", said)

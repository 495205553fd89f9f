"""Statements and the whole ledger as beancount files, which other programs add up again: a third reader."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

from app.core.clock import local_time
from app.core.money import Currency
from app.features.transparency.rules.statements import FEES, TAX, decimal_text
from app.features.transparency.schemas import Balances, Entry, Frame, MoneyState, Move, OwnLeg, Period, StatementLine
from app.models import AccountKind

HEADER = b'option "booking_method" "NONE"\n'
OWN: dict[MoneyState, str] = {
    MoneyState.AVAILABLE: "Assets:Available",
    MoneyState.MATURING: "Assets:Maturing",
    MoneyState.HELD: "Assets:Held",
    MoneyState.PAID_IN: "Assets:Paid-In",
    MoneyState.MOVING: "Assets:Moving",
}
OPENING, OUTSIDE, DEALS = "Equity:Opening-Balances", "Equity:Outside", "Equity:Other-Party"
FEE, TAXES = "Expenses:Fees", "Expenses:Tax"
OTHERS = (OPENING, OUTSIDE, DEALS, FEE, TAXES)
PROVIDERS = frozenset(
    (AccountKind.PROVIDER_CLEARING.value, AccountKind.SUSPENSE.value, AccountKind.BANK_OPERATING.value)
)
ROOTS: dict[str, str] = {
    AccountKind.PROVIDER_CLEARING: "Assets",
    AccountKind.BANK_OPERATING: "Assets",
    AccountKind.CLAIM: "Assets",
    AccountKind.FEE_INCOME: "Income",
    AccountKind.OTHER_INCOME: "Income",
    AccountKind.PROVIDER_COST: "Expenses",
    AccountKind.LOSS: "Expenses",
}
"""Where the accounts of the ledger belong; all others are liabilities. The sum of a debit is positive."""
DEBIT_ROOTS = frozenset(("Assets", "Expenses"))


class BeancountStatement:
    """The statement of a person: every line balances, and the end asserts the closing balances."""

    def __init__(self, period: Period, frame: Frame) -> None:
        self._period = period
        self._frame = frame

    def begin(self, opening: Balances) -> bytes:
        """Return the accounts and the opening balance."""
        day, currency = self._period.first, self._period.currency
        opened = [f"{day} open {name} {currency}\n" for name in (*OWN.values(), *OTHERS)]
        begins = [f'\n{day} * "Opening balance"\n']
        for state, amount in opening.by_state.items():
            begins += [_posting(OWN[state], amount, currency), _posting(OPENING, -amount, currency)]
        return HEADER + "".join([*opened, *begins]).encode()

    def line(self, line: StatementLine) -> bytes:
        """Return one transaction: a posting for each side of each transfer that touches money of the person."""
        txn = line.txn
        written = [f'\n{local_time(txn.at).date()} * "{txn.template}" "{txn.id}"\n']
        for leg in txn.legs:
            if leg.debit in self._frame.accounts or leg.credit in self._frame.accounts:
                written.append(_posting(self._side(leg, leg.debit, leg.debit_kind), -leg.amount, self._period.currency))
                written.append(
                    _posting(self._side(leg, leg.credit, leg.credit_kind), leg.amount, self._period.currency)
                )
        return "".join(written).encode()

    def end(self, closing: Balances) -> bytes:
        """Return the closing balances as assertions, at the beginning of the day after the last one."""
        day = self._period.last + timedelta(days=1)
        stated = [
            _assertion(day, OWN[state], amount, self._period.currency) for state, amount in closing.by_state.items()
        ]
        return ("\n" + "".join(stated)).encode()

    def _side(self, leg: OwnLeg, account: str, kind: str) -> str:
        own = self._frame.accounts.get(account)
        if own is not None:
            return OWN[own.state]
        source = self._frame.accounts.get(leg.debit)
        if source is not None and source.bears_fees and kind in FEES:
            return FEE
        if source is not None and source.bears_fees and kind == TAX:
            return TAXES
        return OUTSIDE if kind in PROVIDERS else DEALS


class BeancountLedger:
    """The whole log: an account of beancount for each account of the ledger, and its balance asserted at the end."""

    def __init__(self) -> None:
        self._opened: dict[str, tuple[str, str]] = {}
        self._last = date.min

    def entry(self, entry: Entry) -> bytes:
        """Return one transaction, and the accounts that it uses first."""
        moment = datetime.fromisoformat(entry.effective_at)
        day = moment.date()
        self._last = max(self._last, day)
        opened = "".join(self._open(move) for move in entry.moves)
        written = [f'{day} * "{entry.template}" "{entry.txn}"\n']
        for move in entry.moves:
            currency = Currency(move.currency)
            written.append(_posting(self._opened[move.debit][0], move.amount, currency))
            written.append(_posting(self._opened[move.credit][0], -move.amount, currency))
        return f"{opened}{''.join(written)}\n".encode()

    def end(self, stated: Mapping[str, int]) -> Iterator[bytes]:
        """Yield an assertion for each account whose balance is stated, on its normal side."""
        for account, amount in sorted(stated.items()):
            name, currency = self._opened[account]
            signed = amount if name.split(":")[0] in DEBIT_ROOTS else -amount
            yield _assertion(self._last + timedelta(days=1), name, signed, Currency(currency)).encode()

    def _open(self, move: Move) -> str:
        written = ""
        for account, facts in ((move.debit, move.debit_facts), (move.credit, move.credit_facts)):
            if account not in self._opened:
                root, kind = ROOTS.get(facts.kind, "Liabilities"), facts.kind.title().replace("_", "-")
                self._opened[account] = (f"{root}:{kind}:A-{account}", facts.currency)
                written += f"{date(2000, 1, 1)} open {self._opened[account][0]} {facts.currency}\n"
        return written


def _posting(account: str, amount: int, currency: Currency) -> str:
    return f"  {account}  {decimal_text(amount, currency)} {currency}\n"


def _assertion(day: date, account: str, amount: int, currency: Currency) -> str:
    # Without a tolerance of zero, beancount accepts a difference of one minor unit.
    return f"{day} balance {account}  {decimal_text(amount, currency)} ~ 0 {currency}\n"

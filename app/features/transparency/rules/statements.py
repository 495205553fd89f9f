"""Lines of a statement: what each transaction changed for a person, the fees in it, and the running balance."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta

from app.core.clock import local_midnight, local_today
from app.core.i18n import N_
from app.core.money import MINOR_DIGITS, Currency
from app.features.ledger import service as ledger
from app.features.transparency.errors import InvalidPeriodError
from app.features.transparency.schemas import (
    Balances,
    Frame,
    MoneyState,
    OwnTxn,
    Period,
    StatementAmounts,
    StatementLine,
)
from app.models import AccountKind

FEES = frozenset((AccountKind.FEE_INCOME.value, AccountKind.OTHER_INCOME.value))
TAX = AccountKind.TAX_PAYABLE.value
EARLIEST, LATEST = date(2000, 1, 1), date(2199, 12, 31)
STATE_LABELS: dict[MoneyState, str] = {
    MoneyState.AVAILABLE: N_("Available"),
    MoneyState.MATURING: N_("In the security period"),
    MoneyState.HELD: N_("Held for you"),
    MoneyState.PAID_IN: N_("Held for work you ordered"),
    MoneyState.MOVING: N_("Being sent to your bank"),
}


def period_of(currency: Currency, first: date | None, last: date | None) -> Period:
    """Return the days of a statement; by default this month until today.

    Raises:
        InvalidPeriodError: The last day is before the first, or one of them is out of range.
    """
    today = local_today()
    end = last or (today if first is None or first <= today else first)
    begin = first or end.replace(day=1)
    if not EARLIEST <= begin <= end <= LATEST:
        raise InvalidPeriodError
    return Period(currency, begin, end, local_midnight(begin), local_midnight(end + timedelta(days=1)))


def read_lines(frame: Frame, txns: Iterable[OwnTxn], before: Mapping[MoneyState, int]) -> Iterator[StatementLine]:
    """Yield the line of each transaction.

    Args:
        frame: The statement.
        txns: Some of its transactions, in their order.
        before: What the person had before the first of them.
    """
    balance = dict(before)
    for txn in txns:
        change = dict.fromkeys(MoneyState, 0)
        fee = tax = 0
        for leg in txn.legs:
            source, target = frame.accounts.get(leg.debit), frame.accounts.get(leg.credit)
            if source is not None:
                change[source.state] -= leg.amount
                if source.bears_fees and leg.credit_kind in FEES:
                    fee += leg.amount
                elif source.bears_fees and leg.credit_kind == TAX:
                    tax += leg.amount
            if target is not None:
                change[target.state] += leg.amount
        balance = {state: balance[state] + change[state] for state in MoneyState}
        yield StatementLine(txn, ledger.event_text(txn.template), change, fee, tax, balance)


def amounts_of(balances: Balances) -> StatementAmounts:
    """Return balances as the API gives them."""
    named = {state.value: amount for state, amount in balances.by_state.items()}
    return StatementAmounts(**named, in_review=balances.in_review)


def decimal_text(amount: int, currency: Currency) -> str:
    """Return minor units with all their decimals and a point: `-15.00`."""
    digits = MINOR_DIGITS[currency]
    whole, part = divmod(abs(amount), 10**digits)
    written = f"{whole}.{part:0{digits}}" if digits else str(whole)
    return f"-{written}" if amount < 0 else written

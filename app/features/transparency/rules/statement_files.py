"""A statement as CSV and as JSON Lines, a piece at a time."""

import csv
import io
import json
from collections.abc import Mapping

from app.core.i18n import N_, _
from app.features.transparency.rules.statements import STATE_LABELS, amounts_of, decimal_text
from app.features.transparency.schemas import Balances, MoneyState, Period, StatementLine

BEGINS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
OPENING, CLOSING = N_("Balance at the beginning"), N_("Balance at the end")
BYTE_ORDER_MARK = "\ufeff"


class CsvStatement:
    """CSV (RFC 4180) in UTF-8 with a byte order mark, for spreadsheets; no cell can begin a formula."""

    def __init__(self, period: Period) -> None:
        self._period = period

    def begin(self, opening: Balances) -> bytes:
        """Return the header and the opening balance."""
        states = [_(STATE_LABELS[state]) for state in MoneyState]
        changes = [_("Change: {state}").format(state=state) for state in states]
        header = [
            _("Time (UTC)"), _("Event"), _("Milestone"), _("Currency"), *changes, _("Fee of the site"), _("Tax in it"),
            *states, _("In review"), _("Contract"), _("Transaction"),
        ]  # fmt: skip
        return BYTE_ORDER_MARK.encode() + _csv_row(header) + self._total(OPENING, opening)

    def line(self, line: StatementLine) -> bytes:
        """Return one line."""
        txn = line.txn
        return _csv_row(
            [
                txn.at.isoformat(), line.text, txn.title, self._period.currency.value,
                *self._amounts(line.change), self._amount(line.fee), self._amount(line.tax),
                *self._amounts(line.balance), "", txn.contract, txn.id,
            ]
        )  # fmt: skip

    def end(self, closing: Balances) -> bytes:
        """Return the closing balance."""
        return self._total(CLOSING, closing)

    def _total(self, label: str, balances: Balances) -> bytes:
        gap = [""] * (len(MoneyState) + 2)
        amounts = [*self._amounts(balances.by_state), self._amount(balances.in_review)]
        return _csv_row(["", _(label), "", self._period.currency.value, *gap, *amounts, "", ""])

    def _amounts(self, by_state: Mapping[MoneyState, int]) -> list[str]:
        return [self._amount(by_state[state]) for state in MoneyState]

    def _amount(self, amount: int) -> str:
        return decimal_text(amount, self._period.currency)


class JsonStatement:
    """JSON Lines: the opening balance, a line for each transaction, the closing balance; amounts in minor units."""

    def __init__(self, period: Period) -> None:
        self._period = period

    def begin(self, opening: Balances) -> bytes:
        """Return the opening balance."""
        period = self._period
        days = {"currency": period.currency, "first": period.first.isoformat(), "last": period.last.isoformat()}
        return _json_line({"type": "opening", **days, "balance": amounts_of(opening).model_dump()})

    def line(self, line: StatementLine) -> bytes:
        """Return one line."""
        txn = line.txn
        return _json_line(
            {
                "type": "entry",
                "at": txn.at.isoformat(),
                "transaction": txn.id,
                "event": txn.template,
                "text": line.text,
                "contract": txn.contract or None,
                "milestone": txn.milestone or None,
                "title": txn.title or None,
                "change": {state.value: amount for state, amount in line.change.items() if amount},
                "fees": [{"kind": kind, "amount": it} for kind, it in (("fee", line.fee), ("tax", line.tax)) if it],
                "balance": dict(line.balance),
            }
        )

    def end(self, closing: Balances) -> bytes:
        """Return the closing balance."""
        return _json_line({"type": "closing", "balance": amounts_of(closing).model_dump()})


def _csv_row(cells: list[str]) -> bytes:
    written = io.StringIO(newline="")
    csv.writer(written).writerow([_safe(cell) for cell in cells])
    return written.getvalue().encode()


def _safe(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula; a negative amount is a number."""
    is_number = cell.removeprefix("-").replace(".", "", 1).isdecimal()
    return f"'{cell}" if cell.startswith(BEGINS_FORMULA) and not is_number else cell


def _json_line(content: Mapping[str, object]) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode() + b"\n"

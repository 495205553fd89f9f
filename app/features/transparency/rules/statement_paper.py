"""A statement as a page to print: every text of it in the language of the reader."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from babel.dates import format_date, format_datetime

from app.core.clock import local_time
from app.core.i18n import N_, _, current_locale
from app.core.money import Currency
from app.features.papers import service as papers
from app.features.papers.schemas import Language, Sheet, SheetColumn, SheetRow
from app.features.transparency.rules.statement_files import CLOSING, OPENING
from app.features.transparency.rules.statements import STATE_LABELS
from app.features.transparency.schemas import Balances, Frame, MoneyState, Period, StatementLine

TITLE = N_("Statement of money")


def statement_sheet(
    period: Period, frame: Frame, lines: Sequence[StatementLine], person: str, issuer: str, now: datetime
) -> Sheet:
    """Return every text of a statement, for the template of papers.

    Args:
        period: Its days.
        frame: What it begins and ends with.
        lines: All of its lines.
        person: Whose it is.
        issuer: The legal name of the operator.
        now: When it is made.
    """
    language: Language = "ru" if current_locale() == "ru" else "en"
    days = " – ".join(format_date(day, "long", locale=language) for day in (period.first, period.last))
    return Sheet(
        version=papers.CURRENT_VERSION,
        language=language,
        title=_(TITLE),
        subtitle=f"{days}, {period.currency}",
        issuer=issuer,
        created_at=now,
        created=[now.year, now.month, now.day],
        day=format_date(local_time(now).date(), "long", locale=language),
        reference=person,
        intro="",
        columns=[
            SheetColumn(label=_("Time"), wide=False, right=False),
            SheetColumn(label=_("Event"), wide=True, right=False),
            SheetColumn(label=_("Change"), wide=True, right=True),
            SheetColumn(label=_("Balance after it"), wide=True, right=True),
        ],
        rows=[
            ["", _(OPENING), "", _amounts(frame.opening.by_state, period.currency, language)],
            *(_row(line, period.currency, language) for line in lines),
        ],
        totals=_totals(frame.closing, period.currency, language),
        table_first=True,
        sections=[],
        parties_heading="",
        parties=[],
        note=_(
            "Each transaction is in the signed log of the ledger: the bundle of the site proves it without the site. "
            "A fee is contained in the change beside it."
        ),
        footer=_("Statement of money, {days}").format(days=days),
        page_words=_("Page"),
        sample="",
    )


def _row(line: StatementLine, currency: Currency, language: Language) -> list[str]:
    event = [line.text, *([line.txn.title] if line.txn.title else [])]
    for label, amount in ((_("Fee of the site"), line.fee), (_("Tax in it"), line.tax)):
        if amount:
            event.append(f"{label}: {_amount(amount, currency, language)}")
    return [
        format_datetime(local_time(line.txn.at), "dd.MM.yyyy HH:mm", locale=language),
        "\n".join(event),
        _amounts(line.change, currency, language, signed=True),
        _amounts({state: line.balance[state] for state in MoneyState if line.change[state]}, currency, language),
    ]


def _amounts(
    by_state: Mapping[MoneyState, int], currency: Currency, language: Language, *, signed: bool = False
) -> str:
    """Return a line for each state that has an amount, or whose change is asked for."""
    shown = {state: amount for state, amount in by_state.items() if amount} or dict(list(by_state.items())[:1])
    return "\n".join(
        f"{_(STATE_LABELS[state])}: {'+' if signed and amount > 0 else ''}{_amount(amount, currency, language)}"
        for state, amount in shown.items()
    )


def _amount(amount: int, currency: Currency, language: Language) -> str:
    """Return an amount without its currency, which is above the table."""
    return papers.format_amount(amount, currency, language).removesuffix(f"\u00a0{currency}")


def _totals(closing: Balances, currency: Currency, language: Language) -> list[SheetRow]:
    amounts = {_(STATE_LABELS[state]): amount for state, amount in closing.by_state.items()}
    amounts[_("In review")] = closing.in_review
    heading = _(CLOSING)
    return [
        SheetRow(label=f"{heading}. {label}", value=papers.format_amount(amount, currency, language))
        for label, amount in amounts.items()
    ]

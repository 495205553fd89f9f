"""How the money of the site stands: what is held, what does not move, and what the last checks said."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import utc_now
from app.core.money import Currency
from app.features.finance.repository import LedgerViewRepository
from app.features.finance.schemas import CheckRead, ComparisonRead, CoverageRead, FinanceOverview, HoldingRead
from app.features.ledger import service as ledger
from app.features.ledger.service import CHART, Side
from app.features.payments import service as payments
from app.features.transparency import service as transparency
from app.models import AccountKind, LedgerCheckRun, ReconciliationRun

OWED_NUMBERS = range(20, 30)
"""Numbers of the chart of accounts: what belongs to people, is on its way, or is due as tax."""
THERE = (AccountKind.PROVIDER_CLEARING, AccountKind.BANK_OPERATING)
SWEEP = timedelta(minutes=5)
"""A timer that is due for longer than this should have fired."""


async def read_overview(session: AsyncSession) -> FinanceOverview:
    """Return how the money of the site stands, for the people who look after it."""
    repository = LedgerViewRepository(session)
    holdings = [_holding(*row) for row in await repository.holdings()]
    overdue, oldest = await repository.overdue_timers(utc_now() - SWEEP)
    sealer = await transparency.read_state(session)
    check = await ledger.latest_check(session)
    return FinanceOverview(
        holdings=holdings,
        coverage=_coverage(holdings),
        comparisons=[_comparison(run) for run in await payments.latest_runs(session)],
        stuck=await payments.read_stuck(session),
        timers_overdue=overdue,
        oldest_timer_at=oldest,
        unsealed=sealer.unsealed,
        unsealed_seconds=int(sealer.oldest_seconds),
        sealed=sealer.sealed,
        check=_check(check) if check is not None else None,
    )


def _comparison(run: ReconciliationRun) -> ComparisonRead:
    return ComparisonRead(
        provider=run.provider,
        currency=run.currency,
        ours=run.ours,
        theirs=run.theirs,
        lines=run.lines,
        matched=run.matched,
        opened=run.opened,
        compared_at=run.compared_at,
    )


def _check(run: LedgerCheckRun) -> CheckRead:
    return CheckRead(
        result=run.result,
        transactions=run.transactions,
        transfers=run.transfers,
        findings=[f"{each['invariant']} {each['row']}: {each['said']}" for each in run.findings],
        ended_at=run.ended_at,
    )


def _holding(kind: str, provider: str, currency: str, debits: int, credits_: int) -> HoldingRead:
    """Return what accounts hold on their normal side."""
    rules = CHART[AccountKind(kind)]
    amount = debits - credits_ if rules.side is Side.DEBIT else credits_ - debits
    return HoldingRead(kind=AccountKind(kind), provider=provider, currency=Currency(currency), amount=amount)


def _coverage(holdings: Sequence[HoldingRead]) -> list[CoverageRead]:
    """Return what is owed to people and what must be there for it, by currency."""
    owed: dict[Currency, int] = {}
    there: dict[Currency, int] = {}
    for each in holdings:
        sums = there if each.kind in THERE else owed if CHART[each.kind].number in OWED_NUMBERS else None
        if sums is not None:
            sums[each.currency] = sums.get(each.currency, 0) + each.amount
    return [
        CoverageRead(currency=currency, owed=owed.get(currency, 0), there=there.get(currency, 0))
        for currency in Currency
        if currency in owed or currency in there
    ]

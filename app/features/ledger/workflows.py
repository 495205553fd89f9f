"""Use cases of the ledger that open their own transactions."""

import asyncio

import structlog

from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.ledger import service
from app.features.ledger.repository import LedgerCheckRepository
from app.features.ledger.rules.checks import CheckReport, CheckResult, Finding, Invariant

log = structlog.get_logger()


async def check(resources: Resources, *, seconds: float | None = None) -> CheckReport:
    """Check the whole ledger as it is at one moment, and keep the result.

    Args:
        resources: The application context.
        seconds: After how long the check gives up and cannot say; None for as long as it takes.
    """
    try:
        async with asyncio.timeout(seconds), resources.read_sessions() as session:
            await LedgerCheckRepository(session).take_snapshot()
            report = await service.check(session)
    except TimeoutError:
        said = f"it was not read to its end in {seconds} seconds: run `python -m app ledger check`"
        report = CheckReport(findings=[Finding(Invariant.NEVER_NEGATIVE, "the log", said, is_broken=False)])
    async with unit_of_work(resources) as uow:
        await service.keep_check(uow, report)
    if report.result is not CheckResult.HOLDS:
        first = report.findings[0]
        await log.aerror("ledger_check", result=report.result.name, invariant=first.invariant, row=first.row)
    return report

"""Gauges of features, which the operator port computes at each scrape."""

from collections.abc import Sequence

from app.core.clock import utc_now
from app.core.http.dependencies import ReadSession
from app.core.observability.metrics import Gauge, Gauges
from app.features.ledger import service as ledger
from app.features.notifications import service as notifications
from app.features.payments import service as payments
from app.features.reports import service as reports
from app.features.transparency import service as transparency


async def mail_gauges(session: ReadSession) -> Sequence[Gauge]:
    """Return the gauges of the e-mail queue, for the operator port."""
    counts = await notifications.mail_counts(session)
    waiting = [
        Gauge("iplance_mails", "Mails that wait, and mails given up", count, {"status": status.value})
        for status, count in counts.items()
    ]
    lag = Gauge(
        "iplance_mail_lag_seconds", "For how long the oldest due mail has waited", await notifications.mail_lag(session)
    )
    return (*waiting, lag)


async def report_gauges(session: ReadSession) -> Sequence[Gauge]:
    """Return the gauges of reports that wait for a decision and of those past the promised time."""
    waiting, late = await reports.count_waiting(session)
    return (
        Gauge("iplance_reports_waiting", "Reports and objections that wait for a decision", waiting),
        Gauge("iplance_reports_late", "Those that wait longer than was promised", late),
    )


async def money_gauges(session: ReadSession) -> Sequence[Gauge]:
    """Return how much money does not move by itself, in minor units, by kind and currency."""
    told = "Money that does not move by itself, in minor units"
    return [Gauge("iplance_stuck_money", told, *found) for found in await payments.stuck_sums(session)]


async def ledger_gauges(session: ReadSession) -> Sequence[Gauge]:
    """Return the result of the last check of the ledger and its age, and how far the sealer is.

    Before the first check, nobody can say.
    """
    latest, state = await ledger.latest_check(session), await transparency.read_state(session)
    age = 0.0 if latest is None else (utc_now() - latest.ended_at).total_seconds()
    result = ledger.CheckResult.CANNOT_SAY if latest is None else latest.result
    return (
        Gauge("iplance_ledger_check", "Last check of the ledger: 0 holds, 1 broken, 2 cannot say", result),
        Gauge("iplance_ledger_check_age_seconds", "Age of that check", age),
        Gauge("iplance_ledger_unsealed", "Transactions that wait to be sealed", state.unsealed),
        Gauge("iplance_ledger_unsealed_oldest_seconds", "Age of the oldest of them", state.oldest_seconds),
        Gauge("iplance_ledger_sealed", "Transactions in the log", state.sealed),
        Gauge("iplance_ledger_seal_lag_seconds", "Longest wait in the newest checkpoint", state.lag_seconds),
    )


GAUGES: tuple[Gauges, ...] = (mail_gauges, report_gauges, ledger_gauges, money_gauges)

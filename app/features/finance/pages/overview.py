"""Pages for the people who look after the money of the site: overview, search, a transaction."""

from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from app.core.http.dependencies import FeatureRouter, ReadSession
from app.core.i18n import N_, _
from app.core.money import Currency, Money
from app.features.authentication.dependencies import FinanceActor
from app.features.finance import service
from app.features.finance.presenters import ACCOUNT_NAMES, TEMPLATE_NAMES
from app.features.finance.schemas import (
    AccountRead,
    CheckRead,
    ComparisonRead,
    CoverageRead,
    HoldingRead,
    SearchText,
    TransactionRead,
)
from app.features.ledger.service import CheckResult
from app.features.payments.presenters import stuck_words
from app.features.transparency import service as transparency
from app.web.formatting import money
from app.web.templating import render

router = FeatureRouter(prefix="/finance")
STUCK_SHOWN = 10
CHECKS: dict[int, tuple[str, str]] = {
    CheckResult.HOLDS: (N_("Holds"), "good"),
    CheckResult.BROKEN: (N_("Broken"), "bad"),
    CheckResult.CANNOT_SAY: (N_("Cannot say"), "warn"),
}


@router.get("")
async def show_overview(request: Request, _actor: FinanceActor, session: ReadSession) -> Response:
    """Show what the site holds, what does not move, and what the last checks said."""
    found = await service.read_overview(session)
    context = {
        "it": found,
        "holdings": [_holding(each) for each in found.holdings],
        "coverage": [_coverage(each) for each in found.coverage],
        "comparisons": [_comparison(each) for each in found.comparisons],
        "stuck": [(each, stuck_words(each)) for each in found.stuck[:STUCK_SHOWN]],
        "check": _check(found.check),
    }
    return render(request, "finance/overview.html", context)


@router.get("/search")
async def search(request: Request, _actor: FinanceActor, session: ReadSession, q: SearchText = "") -> Response:
    """Show what an id, a business key, a reference or a name belongs to."""
    found = await service.search(session, q)
    context = {
        "q": q,
        "it": found,
        "transactions": [
            (each, _(TEMPLATE_NAMES[each.template]), money(Money(each.amount, each.currency)))
            for each in found.transactions
        ],
        "operations": [(each, money(Money(each.amount, each.currency))) for each in found.operations],
        "contracts": [(each, money(Money(each.amount, each.currency))) for each in found.contracts],
        "found": bool(found.transactions or found.operations or found.contracts or found.people),
    }
    return render(request, "finance/search.html", context)


@router.get("/transactions/{txn_id}")
async def show_transaction(request: Request, txn_id: UUID, _actor: FinanceActor, session: ReadSession) -> Response:
    """Show a transaction with its transfers, who caused it, why, and where the log has it."""
    found = await service.read_transaction(session, txn_id)
    return render(request, "finance/transaction.html", _transaction(found))


@router.get("/transactions/{txn_id}/receipt")
async def download_receipt(txn_id: UUID, _actor: FinanceActor, session: ReadSession) -> Response:
    """Return what proves that a transaction is in the sealed log, as a file."""
    found = await transparency.read_any_receipt(session, txn_id)
    headers = {"Content-Disposition": f'attachment; filename="receipt-{txn_id}.json"', "Cache-Control": "no-store"}
    return Response(found.model_dump_json(indent=2), media_type="application/json", headers=headers)


def _sum(amount: int, currency: Currency) -> str:
    """Return an amount that may be negative."""
    return ("\N{MINUS SIGN}" if amount < 0 else "") + money(Money(abs(amount), currency))


def _holding(each: HoldingRead) -> tuple[str, str, str]:
    name = _(ACCOUNT_NAMES[each.kind])
    return (
        f"{name} ({each.provider})" if each.provider else name,
        each.currency.value,
        _sum(each.amount, each.currency),
    )


def _coverage(each: CoverageRead) -> tuple[str, str, str, str]:
    missing = _sum(each.missing, each.currency) if each.missing else ""
    return (each.currency.value, _sum(each.owed, each.currency), _sum(each.there, each.currency), missing)


def _comparison(each: ComparisonRead) -> dict[str, Any]:
    return {
        "it": each,
        "ours": _sum(each.ours, each.currency),
        "theirs": _sum(each.theirs, each.currency),
        "difference": _sum(each.theirs - each.ours, each.currency) if each.theirs != each.ours else "",
    }


def _check(check: CheckRead | None) -> tuple[str, str]:
    words, tone = CHECKS[check.result if check is not None else CheckResult.CANNOT_SAY]
    return _(words), tone


def _account(each: AccountRead) -> dict[str, Any]:
    return {
        "name": _(ACCOUNT_NAMES[each.kind]),
        "owner": each.owner or (str(each.owner_id) if each.owner_id else ""),
        "it": each,
    }


def _transaction(found: TransactionRead) -> dict[str, Any]:
    return {
        "it": found,
        "name": _(TEMPLATE_NAMES[found.template]),
        "total": money(Money(found.amount, found.currency)),
        "legs": [
            (_account(leg.debit), _account(leg.credit), money(Money(leg.amount, found.currency))) for leg in found.legs
        ],
    }

"""The page of the wallet: what somebody has, what is held in contracts, charts by month, and what moved it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from app.core.http.dependencies import FeatureRouter, ReadSession
from app.core.money import Currency, Money
from app.features.authentication.dependencies import CurrentActor
from app.features.contracts import service as contracts
from app.features.contracts.schemas import MoneyOverview
from app.features.payments import service as payments
from app.features.payments.schemas import WalletBalance, WalletEntry
from app.models.side import Side
from app.web.charts import month_bars
from app.web.formatting import money
from app.web.templating import render

router = FeatureRouter()
PAGE = 20


@dataclass(frozen=True, slots=True)
class Figures:
    """What somebody has in one currency; an amount of zero is empty."""

    currency: Currency
    available: str
    can_withdraw: bool
    maturing: str
    moving: str
    paid_in: str
    held_for_you: str
    in_review: str
    review_until: datetime | None


@router.get("/wallet")
async def show_wallet(
    request: Request,
    actor: CurrentActor,
    session: ReadSession,
    currency: Annotated[str, Query(max_length=3)] = Currency.RUB.value,
    cursor: Annotated[str | None, Query(max_length=300)] = None,
) -> Response:
    """Show what the actor has, what is held in contracts, charts by month, and what moved the wallet."""
    shown = Currency(currency) if currency in set(Currency) else Currency.RUB
    wallet = await payments.get_wallet(session, actor)
    overview = await contracts.read_money(session, actor)
    page = await payments.list_history(session, actor, shown, cursor, PAGE)
    start = f"/wallet?currency={shown}"
    context = {
        "figures": [_figures(each, overview) for each in wallet.items],
        "shown": shown.value,
        "earned": month_bars(
            [(it.month, (it.available, it.maturing)) for it in overview.earned if it.currency == shown], shown
        ),
        "spent": month_bars(
            [(it.month, (it.accepted, it.bonus)) for it in overview.spent if it.currency == shown], shown
        ),
        "entries": [(each, _signed(each.amount, each.currency)) for each in page.items],
        "titles": await contracts.milestone_titles(session, _milestones(page.items)),
        "older": f"{start}&cursor={page.next_cursor}" if page.next_cursor else None,
        "newer": start if cursor else None,
    }
    return render(request, "payments/wallet.html", context)


def _milestones(entries: Iterable[WalletEntry]) -> set[UUID]:
    """Return the milestones that moved money."""
    return {each.milestone_id for each in entries if each.milestone_id is not None}


def _figures(has: WalletBalance, overview: MoneyOverview) -> Figures:
    held = {it.side: it for it in overview.held if it.currency == has.currency}
    own, others = held.get(Side.CUSTOMER.value), held.get(Side.FREELANCER.value)

    def written(amount: int) -> str:
        return money(Money(amount, has.currency)) if amount else ""

    return Figures(
        currency=has.currency,
        available=money(has.available),
        can_withdraw=has.available.amount > 0,
        maturing=written(has.maturing.amount),
        moving=written(has.moving.amount),
        paid_in=written(own.held if own else 0),
        held_for_you=written(others.held if others else 0),
        in_review=written(others.in_review if others else 0),
        review_until=others.review_until if others else None,
    )


def _signed(amount: int, currency: Currency) -> str:
    return ("+" if amount > 0 else "\N{MINUS SIGN}") + money(Money(abs(amount), currency))

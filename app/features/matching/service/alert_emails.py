"""Alert e-mails: create the ones that are due, read their content, delete old data."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import utc_now
from app.core.money import MoneyRead
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork
from app.features.matching import rules
from app.features.matching.events import SearchAlertDue
from app.features.matching.repository import AlertEmailRepository, MatchRepository
from app.features.matching.schemas import AlertEmailRead, FoundOrder
from app.features.matching.service.alert_schedule import schedule
from app.features.matching.service.unsubscribe import unsubscribe_path
from app.features.orders import service as orders
from app.models import Order
from app.models.saved_search import DEFAULT_ZONE

SHOWN = 20
"""Maximum number of orders shown in an alert e-mail; the others are only counted."""
KEEP_FOUND = timedelta(days=30)
KEEP_ALERT_EMAILS = timedelta(days=60)
PRUNE_BATCH = 1000


async def write_next_alert_email(uow: UnitOfWork) -> bool:
    """Create the alert e-mail that has been due longest and emit `SearchAlertDue`; return False if none is due.

    Deleting the due time, marking the matches and inserting the e-mail happen in one transaction, and a period has one
    e-mail of a frequency. Two schedulers at once, or one that runs late, therefore send one e-mail.
    """
    letters, matches, now = AlertEmailRepository(uow.session), MatchRepository(uow.session), utc_now()
    due = await letters.claim_due(now)
    if due is None:
        return False
    owner_id, frequency = due.owner_id, due.frequency
    settings = (await letters.settings_of([owner_id])).get(owner_id)
    period = rules.period_of(frequency, due.due_at, settings.time_zone if settings else DEFAULT_ZONE)
    await letters.drop_due(due)
    letter_id = await letters.add(owner_id, frequency, period, now)
    if letter_id is None:
        await schedule(uow, {(owner_id, frequency)}, now)
        return True
    found = await matches.claim_unannounced(owner_id, frequency, now)
    if found:
        await matches.assign_to_email(letter_id, owner_id, found, now)
        uow.emit(SearchAlertDue(alert_email_id=str(letter_id), owner_id=str(owner_id), count=len(found)))
    else:
        await letters.delete(letter_id)
    return True


async def read_alert_email(session: AsyncSession, resources: Resources, letter_id: UUID) -> AlertEmailRead | None:
    """Return the current content of an alert e-mail, or None if none of its orders is open any more."""
    letter = await AlertEmailRepository(session).find(letter_id)
    rows = await MatchRepository(session).orders_in_email(letter_id)
    if letter is None or not rows:
        return None
    names: dict[UUID, list[str]] = {}
    searches: dict[UUID, str] = {}
    for order_id, search_id, name in rows:
        names.setdefault(order_id, []).append(name)
        searches[search_id] = name
    shown = list(names)[:SHOWN]
    found = await orders.orders_by_id(session, shown)
    settings = resources.settings
    return AlertEmailRead(
        frequency=letter.frequency,
        orders=tuple(_found_order(found[key], names[key]) for key in shown),
        count=len(names),
        searches=tuple((name, unsubscribe_path(settings, letter.owner_id, key)) for key, name in searches.items()),
        unsubscribe=unsubscribe_path(settings, letter.owner_id, None),
    )


def _found_order(order: Order, names: Sequence[str]) -> FoundOrder:
    def money(amount: int | None) -> MoneyRead | None:
        return None if amount is None else MoneyRead(amount=amount, currency=order.currency)

    return FoundOrder(
        id=order.id,
        title=order.title,
        text=order.description,
        budget_kind=order.budget_kind,
        budget=money(order.budget_amount),
        budget_max=money(order.budget_max_amount),
        searches=tuple(names),
    )


async def prune(uow: UnitOfWork) -> int:
    """Delete one batch of old matches and one of old alert e-mails; return how many rows were deleted."""
    now = utc_now()
    found = await MatchRepository(uow.session).prune(now - KEEP_FOUND, PRUNE_BATCH)
    return found + await AlertEmailRepository(uow.session).prune(now - KEEP_ALERT_EMAILS, PRUNE_BATCH)

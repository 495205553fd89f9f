"""Scheduling of alert e-mails."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from app.core.unit_of_work import UnitOfWork
from app.features.matching import rules
from app.features.matching.repository import AlertEmailRepository, MatchRepository, SearchRepository
from app.features.matching.repository.alert_emails import Turn
from app.models import AlertFrequency, AlertSettings, SavedSearch
from app.models.saved_search import DEFAULT_HOUR, DEFAULT_ZONE


async def schedule(
    uow: UnitOfWork, turns: Collection[Turn], now: datetime, known: Mapping[UUID, AlertSettings] | None = None
) -> None:
    """Schedule an alert for each person and frequency; an alert that is already scheduled keeps its time.

    Settings that the caller has not read are read here.
    """
    wanted = {turn for turn in turns if turn[1] is not AlertFrequency.OFF}
    if not wanted:
        return
    repository = AlertEmailRepository(uow.session)
    owners = {owner_id for owner_id, _frequency in wanted}
    settings = await repository.settings_of(owners) if known is None else known
    last = await repository.last_alert_emails(owners)
    pause = uow.resources.settings.alert_minutes
    dues: dict[Turn, datetime] = {}
    for owner_id, frequency in wanted:
        own = settings.get(owner_id)
        place = (own.time_zone, own.digest_hour) if own else (DEFAULT_ZONE, DEFAULT_HOUR)
        dues[owner_id, frequency] = rules.next_due(frequency, now, place, last.get((owner_id, frequency)), pause)
    await repository.set_dues(dues)


async def begin_change(uow: UnitOfWork, owner_id: UUID) -> tuple[AlertSettings, Sequence[SavedSearch]]:
    """Lock and return a person's settings and searches before a change, and delete the due times of the alerts."""
    locked = await SearchRepository(uow.session).lock_owner(owner_id)
    await AlertEmailRepository(uow.session).drop_dues(owner_id)
    return locked


async def end_change(uow: UnitOfWork, settings: AlertSettings, now: datetime) -> None:
    """Schedule the alerts of the person with these settings again after a change."""
    await uow.session.flush()
    owner_id = settings.owner_id
    pending = await MatchRepository(uow.session).pending(owner_id)
    await schedule(uow, {(owner_id, frequency) for frequency in pending}, now, {owner_id: settings})

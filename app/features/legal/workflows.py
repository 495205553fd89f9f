"""Use cases of legal statuses that take several transactions: registries are asked between them, never inside one."""

import structlog

from app.core.actor import Actor
from app.core.audit import record_audit
from app.core.clock import utc_now
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.legal import service
from app.gateways.status_registry import RegistryUnavailableError, status_registry_of
from app.models import RegistryOutcome

log = structlog.get_logger()


async def check_registries(resources: Resources) -> int:
    """Ask the public registries about new versions; return how many answers were stored.

    A registry that does not answer is asked again by the next run.
    """
    registry = status_registry_of(resources)
    if not registry.registries:
        return 0
    async with resources.read_sessions() as session:
        questions = await service.registry_questions(session, resources.settings)
    answered = 0
    for question in questions:
        outcome: RegistryOutcome | None = None
        if question.registry in registry.registries:
            try:
                listed = await registry.is_registered(question.registry, question.number, utc_now().date())
            except RegistryUnavailableError:
                await log.awarning("registry_unavailable", registry=question.registry)
                continue
            outcome = RegistryOutcome.CONFIRMED if listed else RegistryOutcome.REFUSED
        async with unit_of_work(resources) as uow:
            await service.record_answer(uow, question, outcome)
        answered += 1
    return answered


async def renew_keys(resources: Resources, actor: Actor, *, reason: str = "") -> service.RenewedKeys:
    """Encrypt all data keys with the newest key of the settings, one batch per transaction; return the totals."""
    async with unit_of_work(resources) as uow:
        record_audit(uow.session, actor, "legal.renew_keys", "legal_status_keys", reason=reason)
        batch = await service.renew_keys(uow, None)
    renewed, unreadable = batch.renewed, batch.unreadable
    while batch.last is not None:
        async with unit_of_work(resources) as uow:
            batch = await service.renew_keys(uow, batch.last)
        renewed, unreadable = renewed + batch.renewed, unreadable + batch.unreadable
    return service.RenewedKeys(renewed, unreadable, None)

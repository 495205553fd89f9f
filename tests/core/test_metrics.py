"""Metrics for operators: requests, the outbox, e-mails and tasks; never personal data."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

import httpx
from prometheus_client import REGISTRY

from app.core.clock import utc_now
from app.core.observability.metrics import operator_port
from app.core.observability.task_metrics import count_task
from app.core.persistence import outbox_store
from app.core.persistence.outbox import OutboxMessage
from app.core.resources import Resources, create_redis
from app.core.unit_of_work import UnitOfWork
from app.models.notification import MailMessage, MailStatus, NoticeKind
from app.site.gauges import mail_gauges
from tests.e2e.ports import free_port
from tests.factories.users import make_user


async def test_requests_are_counted_by_route_and_never_by_address(client: httpx.AsyncClient) -> None:
    await client.get("/health/live")
    await client.get("/api/v1/nothing?token=secret")
    await client.get("/api/v1/notifications/unread-count")
    await client.get("/api/v1/orders")
    samples = [
        sample.labels["route"] for metric in REGISTRY.collect() for sample in metric.samples if "route" in sample.labels
    ]
    assert "/health/live" in samples
    assert "/api/v1/orders" in samples
    assert "unmatched" in samples
    assert "/api/v1/notifications/unread-count" in samples
    assert not any("secret" in route or "nothing" in route for route in samples)


async def scraped(resources: Resources) -> str:
    """Return what Prometheus would read from this process."""
    resources.settings = resources.settings.model_copy(update={"metrics_port": free_port()})
    with operator_port(resources, asyncio.get_running_loop(), features=(mail_gauges,)) as port:
        async with httpx.AsyncClient() as operator:
            answer = await operator.get(f"http://127.0.0.1:{port}/metrics")
    assert answer.status_code == 200
    return answer.text


async def test_the_operators_port_shows_what_waits(
    resources: Resources, uow: Callable[[], AbstractAsyncContextManager[UnitOfWork]]
) -> None:
    shown = await scraped(resources)
    for gauge in (
        "iplance_outbox_pending 0.0",
        "iplance_dead_letters 0.0",
        "iplance_outbox_oldest_pending_seconds 0.0",
        'iplance_mails{status="queued"} 0.0',
        'iplance_mails{status="dead"} 0.0',
        "iplance_mail_lag_seconds 0.0",
    ):
        assert gauge in shown
    async with uow() as work:
        person = await make_user(work.session)
        late = utc_now() - timedelta(minutes=5)
        for number, status in enumerate((MailStatus.QUEUED, MailStatus.DEAD, MailStatus.DEAD)):
            work.session.add(
                MailMessage(
                    key=f"late-{number}",
                    user_id=person.id,
                    kind=NoticeKind.PASSWORD_CHANGED,
                    message_id=number,
                    status=status,
                    next_try_at=late,
                )
            )
        message = OutboxMessage(topic="tests.late", payload={}, created_at=late)
        work.session.add(message)
        await work.session.flush()
        await outbox_store.move_to_dead_letters(work.session, message, "tests.nobody", "gone", 8)
    shown = await scraped(resources)
    figures = dict(line.rsplit(" ", 1) for line in shown.splitlines() if line.startswith("iplance_"))
    assert figures['iplance_mails{status="queued"}'] == "1.0"
    assert figures['iplance_mails{status="dead"}'] == "2.0"
    assert figures["iplance_dead_letters"] == "1.0"
    assert 300 <= float(figures["iplance_mail_lag_seconds"]) < 400
    assert 300 <= float(figures["iplance_outbox_oldest_pending_seconds"]) < 400


async def test_the_operators_port_shows_what_workers_did(resources: Resources) -> None:
    await count_task(resources.redis, "tasks.relay_outbox", "done", 0.25)
    await count_task(resources.redis, "tasks.relay_outbox", "done", 0.5)
    await count_task(resources.redis, "notifications.on_password_changed", "retry", 2)
    shown = await scraped(resources)
    for counter in (
        'iplance_tasks_total{end="done",task="tasks.relay_outbox"} 2.0',
        'iplance_tasks_total{end="retry",task="notifications.on_password_changed"} 1.0',
        'iplance_task_seconds_total{task="tasks.relay_outbox"} 0.75',
    ):
        assert counter in shown


async def test_what_is_away_hides_nothing_else(resources: Resources) -> None:
    async with create_redis("redis://127.0.0.1:1/0") as away:
        await count_task(away, "tasks.relay_outbox", "done", 0.25)
        resources.redis = away
        shown = await scraped(resources)
    assert "iplance_outbox_pending 0.0" in shown
    assert "iplance_tasks_total{" not in shown


async def test_metrics_are_not_on_the_public_port(client: httpx.AsyncClient) -> None:
    assert (await client.get("/metrics")).status_code == 404

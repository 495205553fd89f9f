"""Settings of the workers: modules, queues, limits, and the periodic schedule.

The outbox is the source of truth and Celery transports only ids, so every setting here prefers a second delivery to a
lost one; `docs/decisions` has the measurements. Start with `celery -A app.tasks.config_tasks worker` (or `beat`,
`flower`).
"""

import os
import sys
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from importlib import import_module
from typing import Any

from celery.schedules import crontab
from celery.signals import celeryd_init

from app.core.config import Settings, get_settings
from app.core.messaging.celery import FILES_QUEUE, HARD_LIMIT_SECONDS, celery_app

TASK_MODULES = ("app.tasks.relay", "app.tasks.subscriptions")
"""Modules that import all tasks."""
FILE_TASK_MODULES = ("app.features.files.tasks",)
"""Modules that a worker for the queue of files needs; without the others it takes less memory."""

celery_app.conf.update(
    result_accept_content=["json"],
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_time_limit=HARD_LIMIT_SECONDS,
    worker_prefetch_multiplier=1,
    worker_max_tasks_per_child=5_000,
    worker_max_memory_per_child=250_000,
    worker_soft_shutdown_timeout=5.0,
    worker_enable_soft_shutdown_on_idle=True,
    worker_send_task_events=True,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    timezone="UTC",
    enable_utc=True,
)


SIGN_IN = ("--basic_auth", "--basic-auth", "--auth=", "--auth_provider")
"""Options of Flower that ask for a sign-in in another way."""


def set_flower_password(arguments: Sequence[str], settings: Settings | None = None) -> None:
    """Pass FLOWER_BASIC_AUTH from the settings to Flower, which reads the environment alone, if it is what starts.

    Raises:
        SystemExit: Flower would start in production without a password.
    """
    if "flower" not in arguments:
        return
    settings = settings or get_settings()
    password = settings.flower_basic_auth
    if password is not None:
        os.environ["FLOWER_BASIC_AUTH"] = password.get_secret_value()  # noqa: TID251 - another program reads it
    elif settings.environment == "production" and not any(part.startswith(SIGN_IN) for part in arguments):
        raise SystemExit("Flower has no password: set FLOWER_BASIC_AUTH=user:password; it does not start without one.")


def check_flower_hosts(arguments: Sequence[str]) -> None:
    """Let Flower, if it is what starts, refuse requests for names that are not the site's, as the site does.

    Flower has no such setting, and without a sign-in its pages would be open to any site that points a name of its own
    at this machine (DNS rebinding). A probe at `/healthcheck` may use any name.
    """
    if "flower" not in arguments:
        return
    from flower import command  # noqa: PLC0415 - only Flower needs it
    from flower.app import Flower  # noqa: PLC0415 - the same
    from tornado.httputil import HTTPMessageDelegate, HTTPServerRequest  # noqa: PLC0415 - the same
    from tornado.web import ErrorHandler  # noqa: PLC0415 - the same

    from app.core.http.known_hosts import is_known, known_names  # noqa: PLC0415 - the same

    names = known_names(get_settings())

    class KnownHostFlower(Flower):  # type: ignore[misc]  # Flower has no types
        """Flower for requests that name this site or an address."""

        def find_handler(  # pyright: ignore[reportIncompatibleMethodOverride] - its type is private to tornado
            self, request: HTTPServerRequest, **given: object
        ) -> HTTPMessageDelegate:
            """Return what answers a request."""
            if request.path.endswith("/healthcheck") or is_known(request.host, names):
                found: HTTPMessageDelegate = super().find_handler(request, **given)
                return found
            refused = {"status_code": HTTPStatus.MISDIRECTED_REQUEST}
            refusal: HTTPMessageDelegate = self.get_handler_delegate(request, ErrorHandler, refused)
            return refusal

    command.Flower = KnownHostFlower


set_flower_password(sys.argv)
check_flower_hosts(sys.argv)


@celeryd_init.connect
def import_tasks(options: Mapping[str, object] | None = None, **_: object) -> None:
    """Import the tasks, in workers only: beat sends by name, Flower only observes, and the features take 70 MB."""
    queues = (options or {}).get("queues")
    for module in FILE_TASK_MODULES if queues in (FILES_QUEUE, [FILES_QUEUE]) else TASK_MODULES:
        import_module(module)


def every(seconds: float, task: str) -> dict[str, Any]:
    """Run periodically; a run that no worker took in time is dropped, and the next one does its work."""
    return {"task": task, "schedule": seconds, "options": {"expires": max(seconds, 1.0)}}


def daily(hour: int, minute: int, task: str) -> dict[str, Any]:
    """Run once a day at this time in UTC."""
    return {"task": task, "schedule": crontab(hour=str(hour), minute=str(minute)), "options": {"expires": 3600}}


celery_app.conf.beat_schedule = {
    "relay-outbox": every(1.0, "tasks.relay_outbox"),
    "sweep-outbox": every(15.0, "tasks.sweep_outbox"),
    "watch-stuck": every(60.0, "tasks.watch_outbox"),
    "prune-outbox": every(3600.0, "tasks.prune_outbox"),
    "send-mail": every(5.0, "notifications.send_mail"),
    "look-at-files": every(10.0, "files.process"),
    "sweep-files": every(600.0, "files.sweep"),
    "scrub-files": every(300.0, "files.scrub"),
    "sweep-strays": daily(4, 10, "files.sweep_strays"),
    "prune-notices": daily(3, 40, "notifications.prune"),
    "prune-sessions": daily(3, 20, "identity.prune"),
    "make-papers": every(10.0, "papers.make"),
    "check-registries": every(600.0, "legal.check_registries"),
    "send-payments": every(5.0, "payments.send"),
    "read-payment-messages": every(15.0, "payments.read_inbox"),
    "announce-expired-corrections": every(600.0, "finance.announce_expired"),
    "lapse-withdrawals": every(60.0, "payments.lapse_withdrawals"),
    "reconcile-payments": daily(1, 30, "payments.reconcile"),
    "check-ledger": every(3600.0, "ledger.check"),
    "count-customers": every(30.0, "matching.count_customers"),
    "mark-customers": daily(2, 50, "matching.mark_customers"),
    "match-orders": every(10.0, "matching.match_orders"),
    "tell-what-was-found": every(15.0, "matching.tell"),
    "prune-what-was-found": daily(4, 0, "matching.prune"),
    "renew-search": every(60.0, "catalog.renew_search"),
    "learn-search-terms": every(900.0, "catalog.learn_terms"),
    "close-stale-orders": every(600.0, "orders.close_stale"),
    "lapse-offers": every(60.0, "proposals.lapse_offers"),
    "remind-of-offers": every(600.0, "proposals.remind_of_offers"),
    "seal-ledger": every(1.0, "transparency.seal"),
    "snapshot-ledger": daily(0, 20, "transparency.snapshot"),
    "prove-solvency": daily(2, 10, "transparency.prove_solvency"),
    "expire-direct-deals": every(60.0, "hiring.expire"),
    "sweep-deal-timers": every(30.0, "contracts.sweep_timers"),
    "remind-of-ends": every(600.0, "orders.remind"),
}

"""How the workers behave: modules, queues, limits, and the periodic schedule."""

from app.core.celery import celery_app

celery_app.conf.update(
    include=["app.tasks.relay"],
    task_serializer="json",
    accept_content=["json"],
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    task_time_limit=60,
    task_soft_time_limit=50,
    timezone="UTC",
    broker_connection_retry_on_startup=True,
)

celery_app.conf.beat_schedule = {
    "relay-outbox": {"task": "tasks.relay_outbox", "schedule": 1.0, "options": {"expires": 1}},
}

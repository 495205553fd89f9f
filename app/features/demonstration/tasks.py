"""Event consumer of a demonstration: what the schedule would do some time is done at once."""

from app.core.messaging.celery import celery_app
from app.core.messaging.worker import consumer
from app.core.unit_of_work import UnitOfWork
from app.features.demonstration.events import ClockTurned


@consumer("demonstration.on_clock_turned", ClockTurned)
async def on_clock_turned(uow: UnitOfWork, _event: ClockTurned, _message_id: int) -> None:
    """Trigger every periodic task: each tolerates to run early, and the timers of all features are among them."""
    for entry in celery_app.conf.beat_schedule.values():
        uow.trigger_task(entry["task"])

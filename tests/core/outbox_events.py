"""Events and handlers for the tests of the outbox."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar

from app.core.errors import ConflictError, UnavailableError
from app.core.events import DomainEvent
from app.core.messaging.worker import CONSUMERS, consumer
from app.core.unit_of_work import UnitOfWork
from app.tasks.subscriptions import SUBSCRIPTIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class BellRung(DomainEvent):
    """An event of the tests."""

    topic: ClassVar[str] = "tests.bell_rung"
    name: str
    mood: str = "calm"


HEARD: list[tuple[int, str]] = []
BROKEN: list[str] = []


@consumer("tests.on_bell_rung", BellRung)
async def on_bell_rung(uow: UnitOfWork, event: BellRung, message_id: int) -> None:
    """Handle the event, or fail as the test requests."""
    del uow
    if "raise" in BROKEN:
        raise RuntimeError(f"the secret of {event.name}")
    if "conflict" in BROKEN:
        raise ConflictError
    if "outage" in BROKEN:
        raise UnavailableError
    HEARD.append((message_id, event.name))


@consumer("tests.on_bell_rung_too", BellRung)
async def on_bell_rung_too(uow: UnitOfWork, event: BellRung, message_id: int) -> None:
    """Handle the event as a second consumer."""
    del uow
    HEARD.append((message_id, event.name + " too"))


@contextmanager
def listening(*names: str) -> Generator[None]:
    """Subscribe the handlers for one test."""
    HEARD.clear()
    BROKEN.clear()
    before = dict(SUBSCRIPTIONS)
    SUBSCRIPTIONS[BellRung.topic] = names or ("tests.on_bell_rung",)
    try:
        yield
    finally:
        SUBSCRIPTIONS.clear()
        SUBSCRIPTIONS.update(before)


FIRST = CONSUMERS["tests.on_bell_rung"]

"""Use cases of an operator for dead letters: replay and close."""

from app.core.actor import Actor
from app.core.audit import record_audit
from app.core.clock import real_now
from app.core.persistence import outbox_store
from app.core.persistence.outbox import DeadLetter
from app.core.unit_of_work import RELAY_TASK, UnitOfWork


async def replay_dead_letter(uow: UnitOfWork, actor: Actor, number: int, *, reason: str = "") -> bool:
    """Deliver a dead letter again with a new set of attempts; false when it or its message does not exist."""
    letter = await _locked(uow, number)
    if letter is None or not await outbox_store.replay(uow.session, letter):
        return False
    _record(uow, actor, "dead_letter.replay", letter, reason)
    uow.trigger_task(RELAY_TASK)
    return True


async def close_dead_letter(uow: UnitOfWork, actor: Actor, number: int, *, reason: str = "") -> bool:
    """Close a dead letter without delivering it; false when it does not exist."""
    letter = await _locked(uow, number)
    if letter is None:
        return False
    letter.closed_at, letter.outcome = real_now(), "closed by hand"
    _record(uow, actor, "dead_letter.close", letter, reason)
    return True


async def _locked(uow: UnitOfWork, number: int) -> DeadLetter | None:
    letters = await outbox_store.open_dead_letters(uow.session, [number])
    return letters[0] if letters else None


def _record(uow: UnitOfWork, actor: Actor, action: str, letter: DeadLetter, reason: str) -> None:
    old = {"outcome": None, "topic": letter.topic, "consumer": letter.consumer}
    record_audit(uow.session, actor, action, letter.id, old=old, new={"outcome": letter.outcome}, reason=reason)

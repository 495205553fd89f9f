"""Return the state machines with translated labels."""

from typing import Any

from app.core.config import Settings
from app.core.i18n import _
from app.core.state_machine import PUBLISHED, Machine
from app.features.orders.errors import NoSuchMachineError
from app.features.orders.schemas import ArrowRead, MachineRead, StateRead, WaitRead
from app.models.side import SIDE_LABELS


def list_machines(settings: Settings) -> list[MachineRead]:
    """Return all state machines by name, with the durations of this instance's settings."""
    return [_read(PUBLISHED[name], settings) for name in sorted(PUBLISHED)]


def get_machine(settings: Settings, name: str) -> MachineRead:
    """Return one state machine.

    Raises:
        NoSuchMachineError: No state machine has this name.
    """
    if name not in PUBLISHED:
        raise NoSuchMachineError
    return _read(PUBLISHED[name], settings)


def _read(machine: Machine[Any, Any], settings: Settings) -> MachineRead:
    states = [
        StateRead(
            name=state,
            words=_(machine.words[state]),
            end=machine.is_end(state),
            if_nobody_acts=_wait(machine, state, settings),
            steps=[
                ArrowRead(
                    event=arrow.event,
                    event_words=_(machine.words[arrow.event]),
                    by=arrow.side,
                    by_words=_(SIDE_LABELS[arrow.side]),
                    to=arrow.target,
                    only=_(arrow.only) if arrow.only else None,
                )
                for arrow in machine.transitions
                if arrow.source == state
            ],
        )
        for state in machine.states
    ]
    return MachineRead(name=machine.name, words=_(machine.title), start=machine.start, states=states)


def _wait(machine: Machine[Any, Any], state: str, settings: Settings) -> WaitRead | None:
    timer = machine.timers.get(state)
    if timer is None:
        return None
    length = timer.length(settings)
    return WaitRead(
        event=timer.event,
        to=str(machine.target(timer.state, timer.event)),
        after_seconds=round(length.total_seconds()) if length is not None else None,
        follows=timer.follows or None,
    )

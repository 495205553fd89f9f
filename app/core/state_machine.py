"""State machines as data: one table drives the code, the documentation, the API and the tests."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from app.core.config import Settings

CLOCK = "system"
"""The side that performs a transition when a timer expires."""


@dataclass(frozen=True, slots=True)
class Transition[S: StrEnum, E: StrEnum]:
    """A transition from a state, on an event by one side, to a state; `only` names the condition, if any."""

    source: S
    event: E
    side: str
    target: S
    only: str = ""


@dataclass(frozen=True, slots=True)
class Timer[S: StrEnum, E: StrEnum]:
    """A timeout: the state lasts as long as a setting says, then the system side performs the event.

    Where `setting` is empty, the state lasts for the fixed time `lasts`, or as long as the object that `follows` names.
    """

    state: S
    event: E
    setting: str = ""
    follows: str = ""
    lasts: timedelta | None = None

    def length(self, settings: Settings) -> timedelta | None:
        """Return the duration of the state on this instance; the setting's name ends with its unit."""
        if not self.setting:
            return self.lasts
        unit = self.setting.rpartition("_")[2]
        return timedelta(**{unit: getattr(settings, self.setting)})


class Machine[S: StrEnum, E: StrEnum]:
    """A closed set of transitions; anything not listed is refused."""

    def __init__(
        self,
        name: str,
        title: str,
        start: S,
        transitions: Iterable[Transition[S, E]],
        *,
        timers: Iterable[Timer[S, E]] = (),
        words: Mapping[str, str],
    ) -> None:
        self.name = name
        self.title = title
        self.start = start
        self.transitions = tuple(transitions)
        self.timers = {timer.state: timer for timer in timers}
        self.words = dict(words)
        self._targets = {(arrow.source, arrow.event): arrow for arrow in self.transitions}
        if len(self._targets) != len(self.transitions):
            raise ValueError(f"{name}: a state answers one event in two ways")
        for timer in self.timers.values():
            arrow = self._targets.get((timer.state, timer.event))
            if arrow is None or arrow.side != CLOCK:
                raise ValueError(f"{name}: the clock has no arrow for {timer.event} in {timer.state}")

    @property
    def states(self) -> tuple[S, ...]:
        """All states, in the order in which the table first names them."""
        found = [self.start, *(state for arrow in self.transitions for state in (arrow.source, arrow.target))]
        return tuple(dict.fromkeys(found))

    def target(self, state: S, event: E) -> S | None:
        """Return the state an event leads to, or None where the state does not accept the event."""
        arrow = self._targets.get((state, event))
        return arrow.target if arrow else None

    def events(self, state: S, side: str) -> tuple[E, ...]:
        """Return the events a side may trigger in a state, in the order of the table."""
        return tuple(arrow.event for arrow in self.transitions if arrow.source == state and arrow.side == side)

    def is_end(self, state: S) -> bool:
        """Tell whether the state is final."""
        return all(arrow.source != state for arrow in self.transitions)

    def mermaid(self, settings: Settings) -> str:
        """Return the table as a Mermaid state diagram, with the durations of timeouts."""
        lines = ["stateDiagram-v2", f"    [*] --> {self.start}"]
        for arrow in self.transitions:
            timer = self.timers.get(arrow.source)
            when = ""
            if timer and timer.event == arrow.event:
                length = timer.length(settings)
                when = f" after {spell(length)}" if length else f" with the {timer.follows}"
            lines.append(f"    {arrow.source} --> {arrow.target}: {arrow.event} ({arrow.side}){when}")
        lines += [f"    {state} --> [*]" for state in self.states if self.is_end(state)]
        return "\n".join(lines)


PUBLISHED: dict[str, Machine[Any, Any]] = {}
"""The state machines shown to readers, by name; each feature registers its own."""


def published[S: StrEnum, E: StrEnum](machine: Machine[S, E]) -> Machine[S, E]:
    """Register a state machine for readers, and return it."""
    PUBLISHED[machine.name] = machine
    return machine


def spell(length: timedelta) -> str:
    """Format a duration in English for documents: in whole days where possible, else in hours."""
    hours = round(length.total_seconds() / 3600)
    return f"{hours // 24} d" if hours % 24 == 0 else f"{hours} h"

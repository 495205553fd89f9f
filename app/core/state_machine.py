"""State machines as data: one table runs the code, draws the documents, is served to readers and walked by tests."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from app.core.config import Settings

CLOCK = "system"
"""The side that moves a state on when its timer ends."""


@dataclass(frozen=True, slots=True)
class Transition[S: StrEnum, E: StrEnum]:
    """One arrow: from a state, on an event, by one side, to a state; `only` says when it is there at all."""

    source: S
    event: E
    side: str
    target: S
    only: str = ""


@dataclass(frozen=True, slots=True)
class Timer[S: StrEnum, E: StrEnum]:
    """What happens when nobody acts: a state that waits lasts as long as a setting says, then the clock moves it on.

    Where `setting` is empty, the state lasts as long as the thing it belongs to, which `follows` names.
    """

    state: S
    event: E
    setting: str = ""
    follows: str = ""

    def length(self, settings: Settings) -> timedelta | None:
        """Return how long the state lasts on this instance; the setting's name ends with its unit."""
        if not self.setting:
            return None
        unit = self.setting.rpartition("_")[2]
        return timedelta(**{unit: getattr(settings, self.setting)})


class Machine[S: StrEnum, E: StrEnum]:
    """A closed set of arrows; what is not listed is refused."""

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
        """Every state, in the order in which the table first names it."""
        found = [self.start, *(state for arrow in self.transitions for state in (arrow.source, arrow.target))]
        return tuple(dict.fromkeys(found))

    def target(self, state: S, event: E) -> S | None:
        """Return the state an event leads to, or None where the state does not know the event."""
        arrow = self._targets.get((state, event))
        return arrow.target if arrow else None

    def events(self, state: S, side: str) -> tuple[E, ...]:
        """Return what a side may do in a state, in the order of the table."""
        return tuple(arrow.event for arrow in self.transitions if arrow.source == state and arrow.side == side)

    def is_end(self, state: S) -> bool:
        """Tell whether nothing leads out of a state."""
        return all(arrow.source != state for arrow in self.transitions)

    def mermaid(self, settings: Settings) -> str:
        """Draw the table as a mermaid state diagram; the clock's arrows say after how long."""
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
"""The machines that readers may look at, by name; each room puts its own here."""


def published[S: StrEnum, E: StrEnum](machine: Machine[S, E]) -> Machine[S, E]:
    """Let readers look at a machine, and give it back."""
    PUBLISHED[machine.name] = machine
    return machine


def spell(length: timedelta) -> str:
    """Write a length of time in English for documents: whole days where it is days."""
    hours = round(length.total_seconds() / 3600)
    return f"{hours // 24} d" if hours % 24 == 0 else f"{hours} h"

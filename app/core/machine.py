"""State machines as data: one table of transitions that runs the code, draws the documents and is walked by tests."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Side(StrEnum):
    """Who moves a thing from one state to the next."""

    CUSTOMER = "customer"
    FREELANCER = "freelancer"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Transition[S: StrEnum, E: StrEnum]:
    """One arrow: from a state, on an event, by one side, to a state."""

    source: S
    event: E
    side: Side
    target: S


class Machine[S: StrEnum, E: StrEnum]:
    """A closed set of arrows; what is not listed is refused."""

    def __init__(self, name: str, start: S, transitions: Iterable[Transition[S, E]]) -> None:
        self.name = name
        self.start = start
        self.transitions = tuple(transitions)
        self._targets = {(arrow.source, arrow.event): arrow for arrow in self.transitions}
        if len(self._targets) != len(self.transitions):
            raise ValueError(f"{name}: a state answers one event in two ways")

    def target(self, state: S, event: E) -> S | None:
        """Return the state an event leads to, or None where the state does not know the event."""
        arrow = self._targets.get((state, event))
        return arrow.target if arrow else None

    def events(self, state: S, side: Side) -> tuple[E, ...]:
        """Return what a side may do in a state, in the order of the table."""
        return tuple(arrow.event for arrow in self.transitions if arrow.source == state and arrow.side == side)

    def mermaid(self) -> str:
        """Draw the table as a mermaid state diagram."""
        lines = ["stateDiagram-v2", f"    [*] --> {self.start}"]
        lines += [f"    {arrow.source} --> {arrow.target}: {arrow.event} ({arrow.side})" for arrow in self.transitions]
        sources = {arrow.source for arrow in self.transitions}
        ends = dict.fromkeys(arrow.target for arrow in self.transitions if arrow.target not in sources)
        lines += [f"    {end} --> [*]" for end in ends]
        return "\n".join(lines)

"""API schemas of state machines."""

from pydantic import BaseModel, Field


class ArrowRead(BaseModel):
    """One transition: the event, the side that triggers it, and the next state."""

    event: str
    event_words: str
    by: str = Field(description="`customer`, `freelancer`, `operator` or `system`, which is the clock")
    by_words: str
    to: str
    only: str | None = Field(description="when the step is there at all")


class WaitRead(BaseModel):
    """The timer of a state."""

    event: str
    to: str
    after_seconds: int | None = Field(description="null where the state lasts as long as what `follows` names")
    follows: str | None


class StateRead(BaseModel):
    """One state; a final state has no transitions."""

    name: str
    words: str
    end: bool
    if_nobody_acts: WaitRead | None
    steps: list[ArrowRead]


class MachineRead(BaseModel):
    """One state machine. The code uses the same table, so every other transition is refused with 409."""

    name: str
    words: str
    start: str
    states: list[StateRead]


class MachineList(BaseModel):
    """All state machines, by name."""

    items: list[MachineRead]

"""Shapes that cross the wire for state machines."""

from pydantic import BaseModel, Field


class ArrowRead(BaseModel):
    """One step: what happens, who does it, and where it leads."""

    event: str
    event_words: str
    by: str = Field(description="`customer`, `freelancer`, `operator` or `system`, which is the clock")
    by_words: str
    to: str
    only: str | None = Field(description="when the step is there at all")


class WaitRead(BaseModel):
    """What the clock does in a state when nobody acts."""

    event: str
    to: str
    after_seconds: int | None = Field(description="null where the state lasts as long as what `follows` names")
    follows: str | None


class StateRead(BaseModel):
    """One state; an end is left by nobody."""

    name: str
    words: str
    end: bool
    if_nobody_acts: WaitRead | None
    steps: list[ArrowRead]


class MachineRead(BaseModel):
    """How a thing lives; the same table runs the code, so what is not a step here is refused with 409."""

    name: str
    words: str
    start: str
    states: list[StateRead]


class MachineList(BaseModel):
    """All machines, by name."""

    items: list[MachineRead]

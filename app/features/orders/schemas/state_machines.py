"""API schemas of state machines."""

from pydantic import BaseModel, Field


class ArrowRead(BaseModel):
    """One transition: the event, the side that triggers it, and the next state."""

    event: str
    event_words: str
    by: str = Field(description="Side that triggers it; `system` is a timer.")
    by_words: str
    to: str
    only: str | None = Field(description="Condition under which the transition exists.")


class WaitRead(BaseModel):
    """The timer of a state."""

    event: str
    to: str
    after_seconds: int | None = Field(
        description="Time limit in seconds; null if the state ends together with what `follows` names."
    )
    follows: str | None


class StateRead(BaseModel):
    """One state; a final state has no transitions."""

    name: str
    words: str
    end: bool
    if_nobody_acts: WaitRead | None
    steps: list[ArrowRead]


class MachineRead(BaseModel):
    """One state machine. Transitions that it does not list are refused with 409."""

    name: str
    words: str
    start: str
    states: list[StateRead]


class MachineList(BaseModel):
    """All state machines, by name."""

    items: list[MachineRead]

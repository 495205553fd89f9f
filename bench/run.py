"""What a section is given."""

from dataclasses import dataclass

from bench.environment import World
from bench.load import CONNECTIONS, tool


@dataclass(frozen=True)
class Run:
    """The world and how long to look at it."""

    world: World
    rounds: int
    seconds: int

    def how(self, connections: int = CONNECTIONS, *, own: bool = False) -> str:
        """Say how a comparison was made."""
        return f"{self.rounds} rounds of {self.seconds} s, {connections} connections, load by {tool(own=own)}."

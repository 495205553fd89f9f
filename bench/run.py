"""The argument of every section."""

from dataclasses import dataclass

from bench.environment import World
from bench.load import CONNECTIONS, tool


@dataclass(frozen=True)
class Run:
    """The environment and the durations of the measurements."""

    world: World
    rounds: int
    seconds: int
    transfers: int = 1_000_000
    """How large the ledger of the money sections grows."""

    def how(self, connections: int = CONNECTIONS, *, own: bool = False) -> str:
        """Describe how a comparison was made."""
        return f"{self.rounds} rounds of {self.seconds} s, {connections} connections, load by {tool(own=own)}."

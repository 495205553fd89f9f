"""The command line inside a test: real parsing, use cases and output, in the test's own transaction."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, override

from typer.testing import CliRunner, Result

from app.cli import app
from app.cli.shared import Refusal, Runner
from app.core.actor import system_actor
from app.core.resources import Resources

OPERATOR = system_actor("olga", "tests")
"""The actor that calls use cases of operators without the command line."""


class LentRunner(Runner):
    """Runs the asynchronous part of a command in the event loop and with the resources of the test."""

    def __init__(self, resources: Resources, loop: asyncio.AbstractEventLoop) -> None:
        self.resources, self.loop = resources, loop

    @override
    def run[T](self, work: Callable[[Resources], Coroutine[Any, Any, T]]) -> T:
        """Block the command's thread until the event loop has finished the coroutine."""
        return asyncio.run_coroutine_threadsafe(work(self.resources), self.loop).result(60)


class Command:
    """Run a command: `await command("ban", "vera", "--reason", "…")` returns what it prints.

    Raises:
        Refusal: The command failed; people see the message as one sentence.
    """

    def __init__(self, resources: Resources) -> None:
        self.resources = resources

    async def __call__(self, *words: str) -> str:
        result = await self.result(*words)
        assert result.exit_code == 0, result.output
        return result.stdout.removesuffix("\n")

    async def result(self, *words: str, typed: str = "") -> Result:
        """Return the exit code and both outputs; `typed` are the answers to prompts."""
        runner = LentRunner(self.resources, asyncio.get_running_loop())
        result = await asyncio.to_thread(CliRunner().invoke, app, list(words), input=typed, obj=runner)
        if isinstance(result.exception, Refusal):
            raise result.exception
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

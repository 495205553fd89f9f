"""Says in one sentence why a process cannot start, where the server would print a traceback."""

import ctypes
import gc
import sys

from pydantic import ValidationError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.local.embedded import ServersError


def sentence_of(error: BaseException | None) -> str | None:
    """Return the sentence for a failure that a person can mend; None for a fault of ours."""
    if isinstance(error, ValidationError):
        sentences = [problem["msg"].removeprefix("Value error, ") for problem in error.errors()]
        names = [".".join(str(part) for part in problem["loc"]).upper() for problem in error.errors()]
        told = "; ".join(f"{name}: {text}" if name else text for name, text in zip(names, sentences, strict=True))
        return f"The settings are wrong: {told}."
    if isinstance(error, ServersError):
        return str(error)
    if isinstance(error, OSError) and error.filename is not None:
        return (
            f"Cannot use {error.filename} ({error.strerror}): give this user the right to, "
            "or choose another folder with DATA_DIR."
        )
    return None


def give_back_memory() -> None:
    """Return to the system what a short job has left free; glibc would keep it for the next one."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # another C library has none
        if trim is not None:
            trim(0)


def keep_what_is_loaded() -> None:
    """Let the collector of garbage no longer look through what stays for as long as the process.

    The code and its descriptions are a quarter of a million objects: looking through them took 130 ms, during which
    nobody was answered, once in fifty of the larger answers.
    """
    gc.collect()
    gc.freeze()


class StartMiddleware:
    """Gives the server the sentence instead of the traceback when the start fails."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wrap the life of the process; requests pass."""
        if scope["type"] != "lifespan":
            await self.app(scope, receive, send)
            return

        async def told(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed":
                sentence = sentence_of(sys.exception())
                if sentence is not None:
                    message = {**message, "message": sentence}
            await send(message)

        await self.app(scope, receive, told)

"""A failed start that a person can fix is reported in one sentence; an error of the application keeps its traceback."""

import pytest
from pydantic import ValidationError
from starlette.types import Message, Receive, Scope, Send

from app.core.config import Settings
from app.core.http.startup_errors import StartupErrorMiddleware, startup_error_message
from app.local.servers import ServersError


def wrong_settings() -> ValidationError:
    with pytest.raises(ValidationError) as refused:
        Settings(port=0, secret_key="too-short")  # type: ignore[arg-type]  # noqa: S106 - a bad one on purpose
    return refused.value


def test_wrong_settings_are_named_as_the_environment_has_them() -> None:
    sentence = startup_error_message(wrong_settings())
    assert sentence is not None
    assert sentence.startswith("The settings are wrong: ")
    assert "PORT: Input should be greater than or equal to 1" in sentence
    assert "\n" not in sentence


def test_a_file_that_cannot_be_used_is_named() -> None:
    sentence = startup_error_message(PermissionError(13, "Permission denied", "/data/run"))
    assert sentence is not None
    assert sentence.startswith("Cannot use /data/run (Permission denied)")


@pytest.mark.parametrize("fault", [None, ValueError("boom"), ConnectionRefusedError(111, "refused")])
def test_a_fault_of_ours_has_no_sentence(fault: BaseException | None) -> None:
    assert startup_error_message(fault) is None


async def failed_start(fault: Exception) -> list[Message]:
    """Return everything that an application whose start fails sends to the server."""
    told: list[Message] = []

    async def application(_scope: Scope, _receive: Receive, send: Send) -> None:
        try:
            raise fault
        except type(fault):
            await send({"type": "lifespan.startup.failed", "message": "Traceback …"})

    async def receive() -> Message:
        return {"type": "lifespan.startup"}

    async def send(message: Message) -> None:
        told.append(message)

    await StartupErrorMiddleware(application)({"type": "lifespan"}, receive, send)
    return told


async def test_the_server_is_told_the_sentence() -> None:
    assert await failed_start(ServersError("The disk is full.")) == [
        {"type": "lifespan.startup.failed", "message": "The disk is full."}
    ]


async def test_the_server_keeps_the_traceback_of_a_fault() -> None:
    assert await failed_start(KeyError("x")) == [{"type": "lifespan.startup.failed", "message": "Traceback …"}]

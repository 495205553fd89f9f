"""The test stack itself: its processes start, answer, survive the crash of one, and leave nothing behind."""

import os
import smtplib
from collections.abc import Callable
from email.message import EmailMessage

import httpx
import pytest

from tests.e2e.mail import text_of
from tests.e2e.stack import Stack

pytestmark = pytest.mark.timeout(180)


async def test_mail_arrives_and_an_ended_process_leaves_nothing(new_stack: Callable[..., Stack]) -> None:
    own = new_stack(roles=("web",))
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@example.com", "b@example.com", "Привет"
    mail.set_content("Кофейня")
    with smtplib.SMTP("127.0.0.1", own.mail.port) as line:
        line.send_message(mail)
    arrived = await own.mail.wait("b@example.com", containing="Кофейня", seconds=5)
    assert (arrived["subject"], text_of(arrived).strip()) == ("Привет", "Кофейня")

    web = own.processes["web"]
    web.kill()
    async with own.client() as client:
        with pytest.raises(httpx.TransportError):
            await client.get("/")
    own.start_role("web")
    own.wait_ready()
    last = web.pid
    own.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(last, 0)


async def test_web_worker_and_beat_run(stack: Stack) -> None:
    async with stack.client() as client:
        assert (await client.get("/health/ready")).status_code < 500
    assert {name for name, process in stack.processes.items() if process.alive} == {"web", "worker", "beat"}

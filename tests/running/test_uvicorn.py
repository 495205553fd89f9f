"""`uvicorn app.main:app` alone: a failed start is one sentence, and headers of untrusted clients are ignored."""

import contextlib
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from app.local.supervision.plan import Choices, programs
from tests.e2e.ports import free_port
from tests.e2e.stack import SECRET_KEY, Process, Stack
from tests.running.instance import ROOT, environment, wait_until

pytestmark = [pytest.mark.timeout(180)]
UVICORN = [sys.executable, "-m", "uvicorn", "app.main:app"]
SCRIPT = [str(Path(sys.executable).parent / "uvicorn"), "app.main:app"]
CLAIMED = "203.0.113.77"


def damaged(folder: Path) -> str:
    """Return a data folder on which the bundled PostgreSQL cannot start."""
    for name, content in {"PG_VERSION": "14\n", "global/pg_control": "x"}.items():
        path = folder / "data" / "postgres" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return str(folder / "data")


def blocked(folder: Path) -> str:
    """Return a data folder that cannot be created: even root cannot create one below a file."""
    (folder / "file").write_text("")
    return str(folder / "file" / "data")


def usable(folder: Path) -> str:
    return str(folder / "data")


REFUSALS = [
    pytest.param(blocked, {}, "choose another folder with DATA_DIR", id="folder"),
    pytest.param(
        blocked,
        {"SECRET_KEY": SECRET_KEY, "LEDGER_SIGNING_KEY": "0123456789abcdef" * 4},
        "Cannot write in the data folder",
        id="folder-of-the-servers",
    ),
    pytest.param(damaged, {"SECRET_KEY": SECRET_KEY}, "was written by PostgreSQL 14", id="servers"),
    pytest.param(usable, {"SECRET_KEY": "short"}, "The settings are wrong: SECRET_KEY is too weak", id="settings"),
]


@pytest.mark.parametrize(("place", "settings", "sentence"), REFUSALS)
def test_what_a_person_can_mend_is_one_sentence(
    folder: Path, place: Callable[[Path], str], settings: dict[str, str], sentence: str
) -> None:
    command = SCRIPT if place is blocked else UVICORN
    refused = subprocess.run(  # noqa: S603 - our own command
        [*command, "--port", str(free_port())],
        cwd=ROOT,
        env=environment(Path(place(folder)), **settings),
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    said = refused.stdout + refused.stderr
    assert refused.returncode not in (0, None), said
    assert said.count(sentence) == 1, said
    assert "Traceback" not in said


@pytest.mark.parametrize(("place", "settings", "sentence"), [REFUSALS[0], REFUSALS[2]])
def test_the_reloader_says_the_same_and_waits_for_a_change(
    folder: Path, place: Callable[[Path], str], settings: dict[str, str], sentence: str
) -> None:
    log = folder / "log"
    own = environment(Path(place(folder)), **settings)
    web = Process("web", [*UVICORN, "--reload", "--port", str(free_port())], log, own)
    web.start()
    try:
        wait_until(lambda: sentence in web.tail(), f"the sentence; it said: {web.tail()}", 60)
        assert "Traceback" not in web.tail()
        assert web.alive
    finally:
        web.stop()
        web.kill()


@pytest.fixture(scope="module")
def bare_stack(new_stack: Callable[..., Stack]) -> Stack:
    """A database, a Redis and a mail server; each test starts its own web process."""
    return new_stack(roles=())


@contextlib.contextmanager
def served(bare_stack: Stack, command: list[str], **changes: str) -> Generator[Process]:
    """The web process, started by one of the commands that people use."""
    web = Process("web", command, bare_stack.folder / "web.log", bare_stack.environment() | changes)
    web.start()
    try:
        wait_until(bare_stack.web_answers, f"the web process answers; it said: {web.tail()}", 60)
        yield web
    finally:
        web.stop()


def test_a_taken_port_is_one_sentence(bare_stack: Stack) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for more in ([], ["--reload"]):
            refused = subprocess.run(  # noqa: S603 - our own command
                [*UVICORN, "--port", port, *more],
                cwd=ROOT,
                env=bare_stack.environment(),
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            said = refused.stdout + refused.stderr
            assert refused.returncode not in (0, None), said
            assert said.lower().count("address already in use") == 1, said
            assert "Traceback" not in said


def supervised(port: int) -> list[str]:
    """Return the command that `make up` uses for its web process."""
    choices = Choices(
        data_dir=ROOT, host="127.0.0.1", port=port, flower_port=1, worker_concurrency=1,
        bundled=False, durable=False, mail_port=None, metrics_port=0,
    )  # fmt: skip
    web = next(program for program in programs(choices) if program.name == "web")
    return [sys.executable, "-m", web.module, *web.arguments]


def command_of(way: str, port: int) -> list[str]:
    """Return the command of one way to run the site."""
    ways = {
        "uvicorn": [*UVICORN, "--port", str(port)],
        "workers": [*UVICORN, "--port", str(port), "--workers", "2"],
        "reload": [*UVICORN, "--port", str(port), "--reload"],
        "supervised": supervised(port),
        "image": [sys.executable, "-m", "app", "web"],
    }
    return ways[way]


@pytest.mark.parametrize("way", ["uvicorn", "workers", "reload", "supervised", "image"])
async def test_a_stranger_does_not_choose_the_address_that_is_written_down(bare_stack: Stack, way: str) -> None:
    with served(bare_stack, command_of(way, bare_stack.port)):
        assert await address_seen(bare_stack, f"stranger_{way}") == "127.0.0.1"


@pytest.mark.parametrize("way", ["uvicorn", "supervised", "image"])
async def test_a_listed_proxy_is_believed(bare_stack: Stack, way: str) -> None:
    with served(bare_stack, command_of(way, bare_stack.port), TRUSTED_PROXIES="127.0.0.0/8, ::1"):
        assert await address_seen(bare_stack, f"proxied_{way}") == CLAIMED


async def address_seen(bare_stack: Stack, name: str) -> str:
    """Register with forged headers and return the address that the session has."""
    forged = {"X-Forwarded-For": f"198.51.100.1, {CLAIMED}", "X-Real-IP": "198.51.100.2", "X-Forwarded-Proto": "https"}
    person = {"username": name, "password": "a long and unusual sentence", "email": f"{name}@example.com"}
    async with bare_stack.client(**forged) as client:
        made = await client.post("/api/v1/auth/register", json=person)
        assert made.status_code == 201, made.text
        (session,) = (await client.get("/api/v1/auth/sessions")).json()["items"]
    return str(session["address"])


def test_an_asked_end_is_no_failure(bare_stack: Stack) -> None:
    with served(bare_stack, command_of("uvicorn", bare_stack.port)) as web:
        web.stop()
        assert web.child is not None
        assert web.child.returncode in (0, -signal.SIGTERM), web.tail()
        assert "Traceback" not in web.tail()

"""`make up`: one command starts everything, every process is restarted, and stopping loses nothing."""

import contextlib
import re
import signal
import smtplib
import socket
from collections.abc import Generator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.e2e.ports import free_port
from tests.running.instance import Instance, open_folder, processes_of, run, wait_until

pytestmark = [pytest.mark.timeout(600)]
BACK_SECONDS = 30.0
PLACES = ("mail catcher", "metrics")


@pytest.fixture(scope="module")
def instance() -> Generator[Instance]:
    """One running instance for the tests that only read, or kill and wait."""
    with open_folder() as folder:
        made = Instance(folder / "data")
        try:
            made.start()
            yield made
        finally:
            made.clean_up()


def test_it_says_where_everything_is(instance: Instance) -> None:
    wait_until(lambda: "ipLance is ready." in instance.said(), "the greeting")
    said = instance.said()
    assert f"http://localhost:{instance.port}/docs" in said
    assert f"http://localhost:{instance.flower_port}" in said
    wait_until(lambda: flower_answers(instance), "Flower")


def test_flower_answers_to_no_other_name(instance: Instance) -> None:
    wait_until(lambda: flower_answers(instance), "Flower")
    base = f"http://127.0.0.1:{instance.flower_port}"

    def status(host: str, path: str = "/") -> int:
        return httpx.get(base + path, headers={"Host": host}, timeout=20).status_code

    named = f"localhost:{instance.flower_port}"
    assert [status(host) for host in (named, "127.0.0.1", "[::1]:80")] == [httpx.codes.OK] * 3
    names = ("evil.example", f"evil.example:{instance.flower_port}", "localhost.evil")
    paths = ("/", "/tasks", "/api/workers", "/metrics", "/static/css/flower.css", "/nowhere")
    assert {status(host, path) for host in names for path in paths} == {httpx.codes.MISDIRECTED_REQUEST}
    assert status("probe.example", "/healthcheck") == httpx.codes.OK


def test_without_a_terminal_every_log_line_is_shown(instance: Instance) -> None:
    assert httpx.get(f"http://127.0.0.1:{instance.port}/orders", timeout=20).status_code == httpx.codes.OK
    wait_until(lambda: '"route":"/orders"' in instance.said(), "the line of a request")
    assert "LOGS=1" not in instance.said()


def flower_answers(instance: Instance) -> bool:
    try:
        answer = httpx.get(f"http://127.0.0.1:{instance.flower_port}/healthcheck", timeout=3)
    except httpx.HTTPError:
        return False
    return answer.status_code == httpx.codes.OK


def test_a_second_copy_on_the_same_data_is_refused(instance: Instance) -> None:
    refused = run("up", data_dir=instance.data_dir, PORT=str(instance.port + 1))
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "ipLance already runs on the data" in refused.stderr
    assert instance.ready()


def test_the_doctor_finds_it_healthy(instance: Instance) -> None:
    wait_until(lambda: listens(int(instance.settings["SANDBOX_PORT"])), "the sandbox provider")
    told = run("doctor", data_dir=instance.data_dir, **instance.settings)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "policy noeviction" in told.stdout
    assert "version 18" in told.stdout
    assert re.search(r"disk: \d+ [MGT]B free", told.stdout), "commands write English"


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_sandbox_provider_runs_beside_the_site(instance: Instance) -> None:
    port = int(instance.settings["SANDBOX_PORT"])
    wait_until(lambda: listens(port), "the sandbox provider")  # it starts after the site
    assert httpx.get(f"http://127.0.0.1:{port}/health", timeout=20).json() == {"status": "ok"}
    assert (instance.data_dir / "sandbox" / "books.sqlite").exists()


def test_mail_is_caught(instance: Instance) -> None:
    port = int(instance.settings["MAIL_CATCHER_PORT"])
    wait_until(lambda: listens(port), "the mail catcher")  # it starts after the site
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.sendmail("a@example.com", ["b@example.com"], "Subject: Hello\r\n\r\nA letter.\r\n")
    caught = [path.read_text() for path in (instance.data_dir / "mail").glob("*.eml")]
    assert any("X-Envelope-To: b@example.com" in email and "A letter." in email for email in caught)


def test_the_operator_makes_administrators(instance: Instance) -> None:
    told = run("superuser", "boss", data_dir=instance.data_dir, answers="boss@example.com\nshort\nshort\n")
    assert told.returncode == 1
    assert "password: At least 8 characters" in told.stderr
    password = "green horse under the bridge"  # noqa: S105 - of this test
    answers = f"boss@example.com\n{password}\n{password}\n"
    told = run("superuser", "boss", data_dir=instance.data_dir, answers=answers)
    assert told.returncode == 0, told.stderr
    assert "boss is an administrator now." in told.stdout
    origin = f"http://localhost:{instance.port}"
    signed_in = httpx.post(
        f"http://127.0.0.1:{instance.port}/api/v1/auth/login",
        json={"username": "boss", "password": password},
        headers={"Origin": origin},
        timeout=20,
    )
    assert signed_in.json()["role"] == "admin"
    again = run("superuser", "boss", data_dir=instance.data_dir)
    assert again.returncode == 0, again.stderr
    assert "boss is an administrator now" in again.stdout


def test_the_operator_ends_sessions_bans_and_lifts_bans(instance: Instance) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{instance.port}/api/v1/auth", timeout=20) as browser:
        password = "green horse under the bridge"  # noqa: S105 - of this test
        body = {"username": "operated", "email": "operated@example.com", "password": password}
        made = browser.post("register", json=body, headers={"Origin": f"http://localhost:{instance.port}"})
        assert made.status_code == 201, made.text
        bearer = {"Authorization": "Bearer " + made.cookies["__Host-access_token"]}
        assert browser.get("me", headers=bearer).status_code == 200
        told = run("end-sessions", "operated@example.com", data_dir=instance.data_dir)
        assert (told.returncode, "operated is signed out everywhere" in told.stdout) == (0, True), told.stderr
        assert browser.get("me", headers=bearer).status_code == 401
        browser.cookies.clear()
        ban, unban = ("ban", "operated", "--reason", "Sold what was not theirs."), ("unban", "operated")
        for command, status, code in ((ban, 403, "account-banned"), (unban, 200, None)):
            assert run(*command, data_dir=instance.data_dir).returncode == 0
            answer = browser.post("login", json={"username": "operated", "password": password})
            assert (answer.status_code, answer.json().get("code")) == (status, code)
            again = run(*command, data_dir=instance.data_dir)
            assert (again.returncode, again.stdout.count("Traceback")) == (1, 0)
            assert "operated is" in again.stderr
    nobody = run("ban", "nobody_at_all", "--reason", "None.", data_dir=instance.data_dir)
    assert (nobody.returncode, "Nobody has" in nobody.stderr) == (1, True)
    log = run("audit", "--subject", "operated@example.com", data_dir=instance.data_dir)
    assert [line.split("  ")[2].split()[0] for line in log.stdout.splitlines()] == [
        "account.unban", "account.ban", "account.end_sessions",
    ]  # fmt: skip
    assert all("(operated)  by " in line and ", cli:" in line for line in log.stdout.splitlines())


@pytest.mark.parametrize(
    "names",
    [("web", "worker", "files", "beat", "flower", "mail"), ("keeper",), ("valkey",), ("postgres",), ("supervisor",)],
    ids="+".join,
)
def test_killed_processes_are_back_without_help(instance: Instance, names: tuple[str, ...]) -> None:
    victims = {name: instance.supervised(name) for name in names}
    for victim in victims.values():
        victim.kill()
    wait_until(lambda: all(is_dead(victim) for victim in victims.values()), "their death")

    def back() -> bool:
        return all(replaced(instance, name, victim.pid) for name, victim in victims.items()) and instance.ready()

    wait_until(back, f"{', '.join(names)} back", BACK_SECONDS)


def is_dead(victim: psutil.Process) -> bool:
    try:
        return not victim.is_running() or victim.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # it ended between the two calls
        return True


def replaced(instance: Instance, name: str, old: int) -> bool:
    try:
        return instance.supervised(name).pid != old
    except (AssertionError, psutil.NoSuchProcess):  # a process may end while it is read
        return False


def test_it_ends_whole_and_goes_on_with_the_data(folder: Path) -> None:
    instance = Instance(folder / "data")
    try:
        instance.start()
        system = (instance.data_dir / "postgres" / "PG_VERSION").stat().st_mtime
        for number in (signal.SIGTERM, signal.SIGINT):
            said = len(instance.said())
            assert instance.stop(number) == 0
            assert "Stopped. The data is kept" in instance.said()[said:]
            assert processes_of(instance.data_dir) == []
            instance.start()
            assert (instance.data_dir / "postgres" / "PG_VERSION").stat().st_mtime == system
        assert run("down", data_dir=instance.data_dir).returncode == 0
        assert processes_of(instance.data_dir) == []
    finally:
        instance.clean_up()


def test_a_taken_port_is_said_before_anything_starts(folder: Path, instance: Instance) -> None:
    refused = run("up", data_dir=folder / "data", PORT=str(instance.port))
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert f"cannot listen on 127.0.0.1:{instance.port}" in refused.stderr
    assert "PORT=" in refused.stderr
    assert not (folder / "data" / "postgres").exists()


def test_taken_ports_of_the_mail_catcher_and_the_metrics_are_avoided_and_told(folder: Path) -> None:
    second = Instance(folder / "second")
    second.settings.pop("MAIL_CATCHER_PORT")
    second.unset = {"METRICS_PORT"}
    with socket.socket() as mail, socket.socket() as metrics:
        for taken, port in ((mail, 1025), (metrics, 9100)):
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):  # another instance has it already
                taken.bind(("127.0.0.1", port))
                taken.listen()
        try:
            second.start()
            wait_until(lambda: "ipLance is ready." in second.said(), "the greeting")
            found = {name: int(re.findall(rf"{name} .*?127\.0\.0\.1:(\d+)", second.said())[-1]) for name in PLACES}
            assert found["mail catcher"] not in (0, 1025)
            assert found["metrics"] not in (0, 9100)
            wait_until(lambda: all(listens(port) for port in found.values()), "both ports")
            page = httpx.get(f"http://127.0.0.1:{found['metrics']}/metrics", timeout=20)
            assert "iplance_" in page.text
        finally:
            second.clean_up()


def test_a_chosen_port_that_is_taken_is_refused(folder: Path, instance: Instance) -> None:
    refused = run(
        "up",
        data_dir=folder / "data",
        PORT=str(free_port()),
        FLOWER_PORT=str(free_port()),
        MAIL_CATCHER_PORT=str(instance.port),
    )
    assert refused.returncode == 1
    assert "MAIL_CATCHER_PORT=" in refused.stderr

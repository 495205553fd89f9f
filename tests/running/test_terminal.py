"""The output of `make up` on a terminal: the addresses stay at the bottom, and an error is shown with its log."""

import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.running.instance import ROOT, Instance, wait_until

pytestmark = [pytest.mark.timeout(300)]
LAST_LINE = "Ctrl-C stops everything; the data stays."


def last_line(instance: Instance) -> str:
    """Return the last line of the terminal that is not empty."""
    return instance.said().strip().splitlines()[-1].strip()


def log_of(instance: Instance, name: str) -> str:
    """Return what one program has written to its log."""
    return (instance.data_dir / "logs" / f"{name}.log").read_text(errors="replace")


def test_a_terminal_shows_addresses_then_trouble_and_all_lines_when_asked(folder: Path) -> None:
    instance = Instance(folder / "data")
    try:
        instance.start(terminal=True)
        wait_until(lambda: LAST_LINE in instance.said(), "the greeting")
        assert httpx.get(f"http://127.0.0.1:{instance.port}/orders", timeout=20).status_code == httpx.codes.OK
        wait_until(lambda: '"route":"/orders"' in log_of(instance, "web"), "the request in the log")
        wait_until(lambda: "celery@" in log_of(instance, "worker"), "the worker")
        assert last_line(instance) == LAST_LINE
        assert f"{instance.data_dir}/logs (`LOGS=1 make up` shows them here)" in instance.said()

        victim = instance.supervised("worker")
        victim.kill()
        wait_until(lambda: "worker has ended unexpectedly and is started again" in instance.said(), "the notice")
        assert f"it was ended by a signal (its log is {instance.data_dir}/logs/worker.log)" in instance.said()

        instance.supervised("valkey").kill()
        wait_until(lambda: "WARNING: valkey has ended unexpectedly" in instance.said(), "the keeper's notice")
        wait_until(instance.ready, "the site, with a new Valkey")
        assert '"event"' not in instance.said()
        assert instance.stop(signal.SIGINT) == 0
        wait_until(lambda: "Stopped. The data is kept" in last_line(instance), "the farewell")

        instance.settings["LOGS"] = "1"
        instance.start(terminal=True)
        wait_until(lambda: '"event":"Application startup complete."' in instance.said(), "every line")
        assert instance.stop(signal.SIGINT) == 0
    finally:
        instance.clean_up()


def test_a_program_that_cannot_start_is_told_with_its_reason(tmp_path: Path) -> None:
    log, failure = tmp_path / "web.log", tmp_path / "failure"
    program = "/bin/sh -c \"echo 'no such file: x'; exit 3\""
    (tmp_path / "supervisord.conf").write_text(
        f"[supervisord]\nnodaemon=true\nsilent=true\nlogfile={tmp_path}/supervisor.log\n"
        f"pidfile={tmp_path}/supervisor.pid\n[program:web]\ncommand={program}\nstartsecs=30\nstartretries=1\n"
        f"redirect_stderr=true\nstdout_logfile={log}\n"
    )
    told = subprocess.run(  # noqa: S603 - ours
        [
            sys.executable,
            "-m",
            "app.local.supervision.daemon",
            tmp_path / "supervisord.conf",
            tmp_path / "lock",
            failure,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    reason = f"no such file: x (its log is {log})"
    assert f"web has ended unexpectedly and is started again; its last words: {reason}" in told.stdout
    assert told.stdout.count("web has ended") == 1
    assert failure.read_text() == f"The program web does not start: {reason}"

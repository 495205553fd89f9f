"""Parts of `make up` without its processes: following logs, limiting them, and the supervisor's configuration."""

import configparser
import os
import shlex
import socket
import time
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest

from app.local.servers import programs as servers
from app.local.servers.layout import Layout, ResolvedLayout
from app.local.supervision.child import wait_for
from app.local.supervision.foreground import Foreground, Tail
from app.local.supervision.plan import Choices, configuration, programs

CHOICES = Choices(
    data_dir=Path("/data"), host="127.0.0.1", port=8000, flower_port=5555, worker_concurrency=1,
    bundled=True, durable=True, mail_port=1025, metrics_port=9100, sandbox_port=8090,
)  # fmt: skip


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "web.log"


@pytest.fixture
def tail(log: Path) -> Generator[Tail]:
    made = Tail("web", log, 36)
    yield made
    if made.file is not None:
        made.file.close()


def test_the_log_of_every_program_is_shown(tmp_path: Path) -> None:
    followed = {tail.path.stem for tail in Foreground(tmp_path, 8000, "127.0.0.1", all_logs=False).tails}
    assert followed == {program.name for program in programs(CHOICES)} | {"postgres", "valkey"}


def test_a_log_that_is_not_there_yet_has_no_lines(tail: Tail, log: Path) -> None:
    tail.skip()
    assert tail.lines() == []
    append(log, "first\n")
    assert tail.lines() == ["first"]


def test_what_was_there_before_is_skipped(tail: Tail, log: Path) -> None:
    append(log, "yesterday\n")
    tail.skip()
    append(log, "today\n")
    assert tail.lines() == ["today"]
    assert tail.lines() == []


def test_half_a_line_waits_for_its_end(tail: Tail, log: Path) -> None:
    append(log, "one\ntw")
    assert tail.lines() == ["one"]
    append(log, "o\n")
    assert tail.lines() == ["two"]


def test_a_rotated_log_is_followed(tail: Tail, log: Path) -> None:
    append(log, "old\n")
    assert tail.lines() == ["old"]
    log.rename(log.with_suffix(".log.1"))
    append(log, "new\n")
    assert tail.lines() == ["new"]


def test_an_emptied_log_is_read_from_its_beginning(tail: Tail, log: Path) -> None:
    append(log, "a long old line\n")
    tail.lines()
    os.truncate(log, 0)
    append(log, "new\n")
    assert tail.lines() == ["new"]


def test_bytes_that_are_no_text_do_not_stop_it(tail: Tail, log: Path) -> None:
    log.write_bytes(b"\xff\xfe\n")
    assert tail.lines() == ["\ufffd\ufffd"]


@pytest.fixture
def valkey(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> servers.Valkey:
    layout = Layout(tmp_path)
    layout.prepare()
    monkeypatch.setattr(servers, "LOG_LIMIT", 10)
    return servers.Valkey(ResolvedLayout(layout), durable=False)


def test_a_server_s_log_is_bounded_while_it_writes(valkey: servers.Valkey) -> None:
    valkey.bound_log()
    assert not valkey.log.exists()
    with valkey.log.open("ab", buffering=0) as writer:  # as the server has it open
        writer.write(b"short\n")
        valkey.bound_log()
        assert valkey.log.read_bytes() == b"short\n"
        writer.write(b"and longer\n")
        valkey.bound_log()
        writer.write(b"new\n")
    assert valkey.log.read_bytes() == b"new\n"
    assert valkey.log.with_suffix(".log.1").read_bytes() == b"short\nand longer\n"


def read(choices: Choices) -> configparser.RawConfigParser:
    found = configparser.RawConfigParser()
    found.read_string(configuration(choices))
    return found


def test_every_program_is_restarted_stopped_in_order_and_has_a_bounded_log() -> None:
    found = read(CHOICES)
    names = {name.removeprefix("program:") for name in found.sections() if name.startswith("program:")}
    assert names == {"keeper", "web", "worker", "files", "beat", "flower", "mail", "sandbox"}
    assert set(found["group:iplance"]["programs"].split(",")) == names - {"keeper"}
    assert found["supervisord"]["logfile_maxbytes"] == "10MB"
    for name in names:
        section = found[f"program:{name}"]
        assert (section["autorestart"], section["stopsignal"]) == ("true", "TERM")
        assert section["stdout_logfile"] == f"/data/logs/{name}.log"
        assert (section["stdout_logfile_maxbytes"], section["stdout_logfile_backups"]) == ("10MB", "1")
    keeper, web = found["program:keeper"], found["program:web"]
    assert int(keeper["priority"]) < int(web["priority"]), "supervisord starts by priority and ends in reverse"


def test_what_is_configured_outside_is_not_started() -> None:
    names = [program.name for program in programs(replace(CHOICES, bundled=False, mail_port=None, sandbox_port=None))]
    assert names == ["web", "worker", "files", "beat", "flower"]


def test_one_task_at_a_time_needs_no_pool() -> None:
    worker = {program.name: program for program in programs(CHOICES)}["worker"]
    assert "--pool=solo" in worker.arguments
    many = {program.name: program for program in programs(replace(CHOICES, worker_concurrency=4))}["worker"]
    assert "--concurrency=4" in many.arguments


def test_a_strange_path_survives_supervisord_s_quoting() -> None:
    strange = Path('/data/50% "of" back\\slash')
    command = read(replace(CHOICES, data_dir=strange))["program:mail"]["command"]
    assert str(strange / "mail") in shlex.split(command.replace("%%", "%"))


@pytest.mark.parametrize("path", ["/data/a ;b", "/data/a\nb"])
def test_a_path_that_supervisord_cannot_hold_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="cannot be used"):
        configuration(replace(CHOICES, data_dir=Path(path)))


def test_a_program_waits_for_the_site_but_not_for_ever() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        began = time.monotonic()
        wait_for(port, seconds=0.3)
        assert time.monotonic() - began >= 0.3
        listener.listen()
        began = time.monotonic()
        wait_for(port, seconds=60)
        assert time.monotonic() - began < 30

"""Which log lines are shown on a terminal, and how."""

import json
from pathlib import Path

import pytest

from app.local.supervision.daemon import death_notice
from app.local.supervision.log_lines import LoudLines, as_sentence

WARNING = {"event": "mail_failed", "tries": 2, "level": "warning", "timestamp": "2026-11-28T18:52:14.874707Z"}
POSTGRES = "2026-11-28 18:52:34.863 UTC [15372] "


def shown(*lines: str) -> list[str]:
    """Return everything that the lines of one log show."""
    loud = LoudLines()
    return [each for line in lines for each in loud.shown(line)]


def test_warnings_are_shown_as_text() -> None:
    assert shown(json.dumps(WARNING)) == ["18:52:14 warning: mail_failed tries=2"]


@pytest.mark.parametrize("level", ["debug", "info"])
def test_ordinary_lines_are_not_shown(level: str) -> None:
    assert shown(json.dumps(WARNING | {"level": level})) == []


def test_an_error_comes_with_its_traceback() -> None:
    exception = "    Traceback (most recent call last):\n      File x\n    ValueError: boom"
    assert shown(json.dumps(WARNING | {"level": "error", "exception": exception})) == [
        "18:52:14 error: mail_failed tries=2",
        *exception.splitlines(),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "ERROR:    [Errno 98] error while attempting to bind on address",
        "WARNING: postgres has ended unexpectedly and is started again",
        "2026-11-28T18:52:14.874707Z [error    ] mail_failed  tries=2",
        POSTGRES + "FATAL:  terminating connection due to unexpected postmaster exit",
        "15016:M 28 Nov 2026 18:51:52.931 # Can't save in background: fork: Cannot allocate memory",
        "[E 261128 18:52:29 web:1935] Uncaught exception",
    ],
)
def test_every_program_s_own_way_to_mark_trouble_is_known(line: str) -> None:
    assert shown(line) == [line]


@pytest.mark.parametrize(
    "line",
    [
        "INFO:     Started server process [15188]",
        "-------------- celery@vm v5.7.0 (collider)",
        "2026-11-28T18:52:14.874707Z [info     ] request  status=200",
        POSTGRES + "LOG:  database system is ready to accept connections",
        POSTGRES + "STATEMENT:  SELECT 1",
        "15016:M 28 Nov 2026 18:51:52.931 * Ready to accept connections tcp",
        "15016:M 28 Nov 2026 18:53:27.649 # Valkey is now ready to exit, bye bye...",
        "[W 261128 18:52:29 inspector:98] Inspect method stats failed",
        '{"broken',
        '["a list"]',
        "",
    ],
)
def test_the_rest_stays_in_the_log(line: str) -> None:
    assert shown(line) == []


def test_what_belongs_to_a_loud_line_follows_it() -> None:
    lines = [POSTGRES + "ERROR:  deadlock detected", POSTGRES + "DETAIL:  Process 1 waits", "\tfor process 2"]
    assert shown(*lines, POSTGRES + "LOG:  checkpoint", "\tquiet") == lines


def test_a_bare_traceback_is_shown_to_its_last_line() -> None:
    lines = ["Traceback (most recent call last):", '  File "x.py", line 1', "ImportError: no such module"]
    assert shown("banner", *lines, "banner again") == lines


def test_a_json_line_ends_a_traceback() -> None:
    assert shown("Traceback (most recent call last):", '{"event": "x", "level": "info"}', "  more") == [
        "Traceback (most recent call last):"
    ]


def test_a_log_cannot_command_the_terminal() -> None:
    assert shown("ERROR: \x1b[2J\u202e") == ["ERROR: \\x1b[2J\\u202e"]
    assert shown(json.dumps(WARNING | {"name": "\x1b[2J"})) == ["18:52:14 warning: mail_failed tries=2 name=\\x1b[2J"]


def test_the_notice_of_a_death_says_why_and_where_the_log_is(tmp_path: Path) -> None:
    log, empty = tmp_path / "web.log", tmp_path / "empty.log"
    log.write_text("Traceback (most recent call last):\n  File x\nValueError: boom\n")
    assert death_notice("web", 1, log) == (
        f"\nweb has ended unexpectedly and is started again; its last words: ValueError: boom (its log is {log})\n"
    )
    assert "it was ended by a signal" in death_notice("web", -1, log)
    assert "it said nothing; its exit code is 3" in death_notice("web", 3, empty)
    assert "; it said nothing (" in death_notice("web", None, empty)


def test_last_words_are_text_even_when_the_log_is_json() -> None:
    exception = "    Traceback (most recent call last):\n    ValueError: boom"
    assert as_sentence(json.dumps(WARNING | {"exception": exception})) == "mail_failed tries=2: ValueError: boom"

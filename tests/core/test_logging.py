"""Every log entry is one line, names its request, and contains no personal data."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.observability.logging import clean

ROOT = Path(__file__).resolve().parents[2]
SPEAK = """
import logging, structlog
from app.core.config import Settings
from app.core.observability.logging import configure_logging
configure_logging(Settings(log_format={mode!r}))
structlog.contextvars.bind_contextvars(request_id="r-1")
evil = "x\\r\\n{{'event': 'forged'}}\\x1b[2J"
structlog.get_logger().info("hello", name=evil, email="a@b.example", password="hunter22")
logging.getLogger("uvicorn.error").warning("token=abc.def for vera@example.com\\nforged line")
logging.getLogger("uvicorn.access").info("GET /reset?token=abc")
try:
    raise ValueError("boom\\nforged line from vera@example.com")
except ValueError:
    structlog.get_logger().exception("failed")
"""


def speak(mode: str) -> list[str]:
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", SPEAK.format(mode=mode)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stderr.splitlines()


def test_json_lines_parse_and_cannot_be_forged() -> None:
    lines = [json.loads(line) for line in speak("json")]
    assert [line["event"] for line in lines][:1] == ["hello"]
    assert len(lines) == 3
    assert {line["request_id"] for line in lines} == {"r-1"}
    assert all(line["timestamp"].endswith("Z") for line in lines)
    assert lines[0]["email"] == lines[0]["password"] == "[hidden]"
    assert "\x1b" not in lines[0]["name"]
    assert "\n" not in lines[0]["name"]
    assert lines[1]["logger"] == "uvicorn.error"
    assert "ValueError" in lines[2]["exception"]
    everything = json.dumps(lines)
    for secret in ("vera@example.com", "abc.def", "hunter22", "a@b.example"):
        assert secret not in everything


def test_text_lines_cannot_be_forged_either() -> None:
    lines = speak("text")
    assert not any(line.startswith(("forged", '{"event"')) for line in lines)
    assert "\x1b[2J" not in "\n".join(lines)
    assert "vera@example.com" not in "\n".join(lines)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("from vera@example.com", "from [hidden]"),
        ("call +7 999 123-45-67 now", "call [hidden] now"),
        ("redis://user:pass@host:1/0", "redis://[hidden]@host:1/0"),
        ("eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl", "[hidden]"),
        ("one\r\ntwo\u2028three\u202e", "one\\r\\ntwo\\u2028three\\u202e"),
        ("Кириллица остаётся", "Кириллица остаётся"),
    ],
)
def test_private_things_are_hidden_and_control_characters_are_shown(said: str, kept: str) -> None:
    assert clean(said) == kept

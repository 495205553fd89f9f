"""Structured logging: JSON unless on a terminal, the request id on each line, no personal data, no forged lines."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import orjson
import structlog
from structlog.typing import Processor, WrappedLogger

from app.core.config import Settings

type Event = MutableMapping[str, Any]

HIDDEN_KEYS = frozenset(
    {"password", "secret", "token", "access_token", "refresh_token", "code", "authorization", "cookie", "csrf"}
    | {"email", "phone", "address", "identifier", "letter", "text", "body"}
)
HIDDEN = "[hidden]"
_PRIVATE = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"  # a JWT
    r"|(?<=token=)[^\s&\"']+"
    r"|(?<=://)[^\s/@:]*:[^\s/@]+(?=@)"  # a password in an address
    r"|[\w.+%-]+@[\w-]+\.[\w.-]+"  # an e-mail address
    r"|(?<!\w)\+\d[\d ()-]{8,}\d"  # a phone number
)
# Line breaks, terminal escapes, and bidirectional control characters.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_QUIET = {
    "celery.app.trace": logging.WARNING,
    "celery.worker.strategy": logging.WARNING,
    "celery.beat": logging.WARNING,
    "kombu": logging.WARNING,
    "sqlalchemy": logging.WARNING,
    "alembic": logging.WARNING,
    "asyncio": logging.WARNING,
    "httpx": logging.WARNING,
    "tornado.access": logging.ERROR,
}


def _escape(match: re.Match[str]) -> str:
    return match.group().encode("unicode_escape").decode("ascii")


def clean(text: str) -> str:
    """Sanitize a text: a single line without control characters, tokens, addresses or phone numbers."""
    return _CONTROL.sub(_escape, _PRIVATE.sub(HIDDEN, text))


def protect(_logger: WrappedLogger, _method: str, event: Event) -> Event:
    """Hide private values and escape control characters in all values of a log event."""
    for key, value in event.items():
        if key in HIDDEN_KEYS:
            event[key] = HIDDEN
        elif key == "exception":
            lines = (clean(line) for line in str(value).splitlines())
            event[key] = "\n".join(f"    {line}" for line in lines)
        elif isinstance(value, str):
            event[key] = clean(value)
        elif not isinstance(value, int | float | None):
            event[key] = clean(str(value))
    return event


def _no_request(_logger: WrappedLogger, _method: str, event: Event) -> Event:
    if event.get("request_id") is None:
        event.pop("request_id", None)
    event.pop("color_message", None)
    return event


def _as_json(event: Event, **_: object) -> str:
    return orjson.dumps(event, default=str).decode()


def _renderer(settings: Settings) -> Processor:
    text = settings.log_format == "text" or (settings.log_format == "auto" and sys.stderr.isatty())
    if text:
        return structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    return structlog.processors.JSONRenderer(serializer=_as_json)


def configure_logging(settings: Settings) -> None:
    """Send our log lines and those of all libraries through one formatter to standard error."""
    level = logging.getLevelNamesMapping()[settings.log_level]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _no_request,
        protect,
    ]
    renderer = _renderer(settings)
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *shared, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "celery", "celery.task", "celery.redirected", "flower"):
        library = logging.getLogger(name)
        library.handlers[:] = []
        library.propagate = True
    # Our own request line has the same content without the URL, which may contain a token.
    access = logging.getLogger("uvicorn.access")
    access.handlers[:] = []
    access.propagate = False
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(max(level, least))

"""Messages that survive one redirect: signed, so that nobody can put words into our mouth."""

from dataclasses import dataclass
from typing import Literal, cast, get_args

import orjson
from fastapi import Request
from starlette.responses import RedirectResponse, Response

from app.core.config import get_settings
from app.core.security.cookies import drop_cookie, read_cookie, set_cookie
from app.core.security.signing import Signer

COOKIE = "flash"
SIGNER = Signer("flash")
MAX_AGE = 120
MAX_MESSAGES = 4
MAX_LENGTH = 400
type Tone = Literal["good", "note", "warn", "bad"]
TONES = frozenset(get_args(Tone.__value__))


@dataclass(frozen=True, slots=True)
class Flash:
    """One message, already in the reader's language."""

    text: str
    tone: Tone = "good"
    done: str = ""
    """The form that arrived: what the browser kept of it while it was typed may go."""


def read_flashes(request: Request) -> list[Flash]:
    """Return the messages that came along; altered ones are dropped."""
    raw = read_cookie(request, COOKIE)
    payload = SIGNER.unseal(get_settings(), raw) if raw else None
    if payload is None:
        return []
    found = cast("list[list[str]]", orjson.loads(payload))
    return [Flash(text, cast("Tone", tone), *done) for text, tone, *done in found if tone in TONES]


def flash(response: Response, *messages: Flash) -> None:
    """Let messages appear on the next page."""
    told = [(message.text[:MAX_LENGTH], message.tone, message.done) for message in messages[:MAX_MESSAGES]]
    set_cookie(response, COOKIE, SIGNER.seal(get_settings(), orjson.dumps(told)), max_age=MAX_AGE)


def forget_flashes(response: Response) -> None:
    """Drop the messages, once they were shown."""
    drop_cookie(response, COOKIE)


def redirect(url: str, text: str | None = None, tone: Tone = "good", *, done: str = "") -> RedirectResponse:
    """Answer a form: go to `url` (ours, already checked) and say `text` there; `done` is the form's `autosave`.

    Where the next page shows by itself what happened, a form can be done without a word.
    """
    response = RedirectResponse(url, status_code=303)
    if text or done:
        flash(response, Flash(text or "", tone, done))
    return response

"""Flash messages: they survive one redirect in a cookie, which is signed so that nobody can forge a message."""

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
    """The `autosave` name of the submitted form: the browser may delete its draft."""


def read_flashes(request: Request) -> list[Flash]:
    """Return the messages in the cookie; altered ones are dropped."""
    raw = read_cookie(request, COOKIE)
    payload = SIGNER.unseal(get_settings(), raw) if raw else None
    if payload is None:
        return []
    found = cast("list[list[str]]", orjson.loads(payload))
    return [Flash(text, cast("Tone", tone), *done) for text, tone, *done in found if tone in TONES]


def flash(response: Response, *messages: Flash) -> None:
    """Show messages on the next page."""
    encoded = [(message.text[:MAX_LENGTH], message.tone, message.done) for message in messages[:MAX_MESSAGES]]
    set_cookie(response, COOKIE, SIGNER.seal(get_settings(), orjson.dumps(encoded)), max_age=MAX_AGE)


def forget_flashes(response: Response) -> None:
    """Delete the messages after they were shown."""
    drop_cookie(response, COOKIE)


def redirect(url: str, text: str | None = None, tone: Tone = "good", *, done: str = "") -> RedirectResponse:
    """Redirect after a form to `url` (ours, already checked) and show `text` there; `done` is the form's `autosave`.

    Without `text` no message is shown, for forms whose result is visible on the next page.
    """
    response = RedirectResponse(url, status_code=303)
    if text or done:
        flash(response, Flash(text or "", tone, done))
    return response

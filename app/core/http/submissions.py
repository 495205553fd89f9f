"""Forms that make something: the same form sent twice makes one thing.

The page puts a one-time value into the form (`once_field`). The route takes `Once` as its last parameter and passes its
answer through `led_to`. The value is stored in the transaction that makes the thing, so a second request waits for the
first and is led to its result.
"""

import hashlib
import secrets
from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from app.core.actor import Actor
from app.core.errors import ConflictError
from app.core.http.dependencies import PostedForm, Uow
from app.core.i18n import N_
from app.core.persistence.submissions import EarlierSubmission, SubmissionRepository
from app.core.security.csrf import CSRF_FIELD

ONCE_FIELD = "once"
AGAIN_FIELD = "again"
"""Sent by the page that asks whether the same content is to be sent a second time."""
MAX_TOKEN_LENGTH = 64


class AlreadySentError(ConflictError):
    """This form, or the same content, was sent before; `earlier` says where it led to."""

    code = "already-sent"
    title = N_("You have sent this already")
    detail = N_("Send it again only if you want a second one.")

    def __init__(self, earlier: EarlierSubmission) -> None:
        super().__init__()
        self.earlier = earlier


class Submission:
    """One form that is being sent."""

    def __init__(self) -> None:
        self.location = ""
        self.draft = ""

    def led_to[R: Response](self, response: R, draft: str = "") -> R:
        """Keep the page that this form leads to, and the draft that is done with; return the response."""
        self.location, self.draft = response.headers.get("location", ""), draft
        return response


def new_once_token() -> str:
    """Return a value for one form."""
    return secrets.token_urlsafe(16)


def _digest(request: Request, form: FormData, token: str) -> bytes:
    """Return a digest of the content of a form; a mere button has none, so it equals no other."""
    digest = hashlib.sha256(str(request.scope["path"]).encode())
    content = [(name, value) for name, value in form.multi_items() if name not in (CSRF_FIELD, ONCE_FIELD, AGAIN_FIELD)]
    for name, value in content or [(ONCE_FIELD, token)]:
        said = f"{value.filename}/{value.size}" if isinstance(value, UploadFile) else value
        digest.update(f"{len(name)}.{len(said)}.{name}.{said}".encode(errors="surrogatepass"))
    return digest.digest()


async def open_submission(request: Request, form: PostedForm, uow: Uow) -> AsyncGenerator[Submission]:
    """Yield the submission of this request; a form without a one-time value, as of a program, is not compared.

    Raises:
        AlreadySentError: The same form, or its content a moment ago, has led to something.
    """
    submission, actor, token = Submission(), getattr(request.state, "actor", None), form.get(ONCE_FIELD)
    if not isinstance(actor, Actor) or not isinstance(token, str) or not 0 < len(token) <= MAX_TOKEN_LENGTH:
        yield submission
        return
    sent = SubmissionRepository(uow.session)
    earlier = await sent.claim(actor.id, token, _digest(request, form, token))
    if earlier is not None and (earlier.is_same_form or AGAIN_FIELD not in form):
        raise AlreadySentError(earlier)
    yield submission
    if submission.location:
        await sent.finish(actor.id, token, submission.location, submission.draft)


Once = Annotated[Submission, Depends(open_submission, scope="function")]
"""Place it last in a signature, after `Uow`."""

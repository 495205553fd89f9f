"""Requests that move money: a program sends each with an `Idempotency-Key`, a page with a one-time value in its form.

A route of the API takes `KeyedRequest` and returns `request_key.answer(value)`. The key is claimed and the answer is
stored in the transaction of the work, so both are there or neither is; a request that was refused has changed nothing,
and may be sent again under its key. A page takes `OnceRequired` in the place of `Once`.
"""

import hashlib
import re
from collections.abc import AsyncGenerator
from http import HTTPStatus
from typing import Annotated, cast

from fastapi import Depends, FastAPI, Header, Request
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.responses import Response

from app.core.actor import Actor
from app.core.errors import DomainError
from app.core.http.dependencies import PostedForm, Uow
from app.core.http.openapi import raises
from app.core.http.submissions import MAX_TOKEN_LENGTH, ONCE_FIELD, Once, Submission
from app.core.persistence.request_keys import (
    RequestKeyBusyError,
    RequestKeyMissingError,
    RequestKeyRepository,
    RequestKeyReusedError,
    StoredAnswer,
)

REPLAYED = "Idempotent-Replayed"
"""The header of an answer that was given before."""
_KEY = re.compile(r"[\x21-\x7e]{1,64}")


class AnsweredBeforeError(Exception):
    """The request was worked on before: its answer is sent again."""

    def __init__(self, answer: StoredAnswer) -> None:
        super().__init__()
        self.answer = answer


class AnswerNotKeptError(RuntimeError):
    """A route took a key and returned without `request_key.answer(…)`."""


class MoneyRequest:
    """One request that moves money, with its answer once there is one."""

    def __init__(self, status: int) -> None:
        self._status = status
        self.kept: StoredAnswer | None = None

    def answer[T: BaseModel](self, value: T) -> T:
        """Keep the answer of this request for its repetitions; return it."""
        self.kept = StoredAnswer(self._status, value.model_dump_json(by_alias=True).encode())
        return value


@raises(RequestKeyMissingError)
async def read_key(
    request: Request,
    key: Annotated[
        str,
        Header(
            alias="Idempotency-Key",
            description="Required. New for each request, and the same when a request is repeated: the repetition has "
            "no effect and gets the answer of the first. Kept for 30 days.",
        ),
    ] = "",
) -> tuple[str, bytes]:
    """Return the key of a request, and the digest of what it asks for.

    Raises:
        RequestKeyMissingError: There is no key, or it is not one.
    """
    if not _KEY.fullmatch(key):
        raise RequestKeyMissingError
    path, query = str(request.scope["path"]).encode(), bytes(request.scope["query_string"])
    digest = hashlib.sha256()
    for part in (request.method.encode(), path, query, await request.body()):
        digest.update(b"%d:" % len(part) + part)
    return key, digest.digest()


@raises(RequestKeyReusedError, RequestKeyBusyError)
async def open_request_key(
    request: Request, given: Annotated[tuple[str, bytes], Depends(read_key)], uow: Uow
) -> AsyncGenerator[MoneyRequest]:
    """Yield the request while its key is claimed; store its answer afterwards.

    Raises:
        AnsweredBeforeError: The same request was answered before.
        RequestKeyReusedError: The key belongs to another request.
        RequestKeyBusyError: The first request with the key is still being worked on.
        AnswerNotKeptError: The route kept no answer.
    """
    actor, route = cast("Actor", request.state.actor), cast("APIRoute", request.scope["route"])
    (key, digest), keys = given, RequestKeyRepository(uow.session)
    answered = await keys.claim(actor.id, key, f"{request.method} {route.path_format}", digest)
    if answered is not None:
        raise AnsweredBeforeError(answered)
    made = MoneyRequest(route.status_code or HTTPStatus.OK)
    try:
        yield made
    except DomainError as refusal:
        if refusal.commits_on_error:
            await keys.release(actor.id, key)
        raise
    if made.kept is None:
        raise AnswerNotKeptError
    await keys.keep(actor.id, key, made.kept)


@raises(RequestKeyMissingError)
async def require_once(form: PostedForm, submission: Once) -> Submission:
    """Return the submission of a form that moves money.

    Raises:
        RequestKeyMissingError: The form has no one-time value.
    """
    token = form.get(ONCE_FIELD)
    if not isinstance(token, str) or not 0 < len(token) <= MAX_TOKEN_LENGTH:
        raise RequestKeyMissingError
    return submission


def install_answers(app: FastAPI) -> None:
    """Register the handler that sends an answer again."""

    async def send_again(_request: Request, error: Exception) -> Response:
        answer = cast("AnsweredBeforeError", error).answer
        return Response(answer.body, answer.status, {REPLAYED: "true"}, media_type="application/json")

    app.add_exception_handler(AnsweredBeforeError, send_again)


KeyedRequest = Annotated[MoneyRequest, Depends(open_request_key, scope="function")]
"""Place it in a signature of the API after the actor and before `Uow`, which is then opened after the body was read."""
OnceRequired = Annotated[Submission, Depends(require_once, scope="function")]
"""Place it last in a signature of a page, after the actor, the form and `Uow`."""

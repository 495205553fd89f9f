"""The API of the sandbox provider: payments, refunds, payouts, the statement, with idempotency and the fault plan."""

import asyncio
import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import override

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from app.sandbox.books import Body, moment
from app.sandbox.context import Context, answer, context_of, guarded, moment_in, parsed, raw_body, refusal
from app.sandbox.faults import Call, Fault, FaultKind
from app.sandbox.outcomes import CAPABILITIES
from app.sandbox.problems import Problem
from app.sandbox.provider import Provider
from app.sandbox.requests import NewPayment, NewPayout, NewRefund

KEY_HOURS = 24
MAX_KEY_LENGTH = 64
_PRETENDED_LENGTH = b"1000"


class CutResponse(Response):
    """Begins an answer and ends the connection before it is complete."""

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", _PRETENDED_LENGTH)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})


def _before(fault: Fault | None) -> Response | None:
    """Return the answer of a fault that happens before anything is done."""
    match fault.kind if fault else None:
        case FaultKind.REFUSE_BEFORE:
            return refusal(Problem(422, "refused_by_plan", "The fault plan refuses this call."))
        case FaultKind.FAIL_BEFORE:
            return refusal(Problem(500, "failed", "The fault plan lets this call fail before it does anything."))
        case FaultKind.BUSY:
            busy = refusal(Problem(429, "busy", "Too many calls."))
            busy.headers["retry-after"] = str(fault.argument if fault and fault.argument > 0 else 1)
            return busy
        case FaultKind.CUT_BEFORE:
            return CutResponse()
        case _:
            return None


async def _after(context: Context, fault: Fault | None, made: Response) -> Response:
    """Return the answer of a fault that happens after the work was done."""
    match fault.kind if fault else None:
        case FaultKind.FAIL_AFTER:
            return refusal(Problem(500, "failed", "The fault plan lets this call fail after its work is done."))
        case FaultKind.TIMEOUT_ANSWER:
            return refusal(Problem(408, "timeout", "The fault plan answers that the call took too long."))
        case FaultKind.CONFLICT:
            return refusal(Problem(409, "in_progress", "The fault plan answers that the call is in progress."))
        case FaultKind.CUT_AFTER:
            return CutResponse()
        case FaultKind.GARBAGE:
            return Response("<html>Bad gateway</html>", media_type="text/html")
        case FaultKind.SLOW:
            await asyncio.sleep(fault.argument if fault else 0)
        case FaultKind.WEBHOOK_EARLY:
            await context.sender.send_due()
        case _:
            pass
    return made


async def _run(request: Request, call: Call, work: Callable[[Provider, Fault | None], tuple[int, Body]]) -> Response:
    """Do one call in one transaction, with what the fault plan does to it."""
    context = context_of(request)
    provider = context.provider
    provider.settle()
    fault = provider.faults.take(call)
    refused = _before(fault)
    if refused is not None:
        return refused
    try:
        with provider.books.transaction():
            status, body = work(provider, fault)
    except Problem as problem:
        return await _after(context, fault, refusal(problem))
    return await _after(context, fault, answer(body, status))


async def _create[T: BaseModel](
    request: Request, call: Call, model: type[T], make: Callable[[Provider, T, Fault | None], Body]
) -> Response:
    """Create an object, or return the answer to the same request with the same key within its life."""
    raw = await raw_body(request)
    key = request.headers.get("idempotency-key", "")
    if not 1 <= len(key) <= MAX_KEY_LENGTH:
        raise Problem(400, "key_missing", f"Send an Idempotency-Key of 1 to {MAX_KEY_LENGTH} characters.")
    asked = parsed(model, raw)
    stored_key = f"{call}/{key}"
    digest = hashlib.sha256(raw).hexdigest()

    def work(provider: Provider, fault: Fault | None) -> tuple[int, Body]:
        oldest = moment(provider.clock.now() - timedelta(hours=KEY_HOURS))
        connection = provider.books.connection
        row = connection.execute(
            "SELECT digest, status, body FROM answer WHERE key = ? AND at > ?", (stored_key, oldest)
        ).fetchone()
        if row is not None:
            if row[0] != digest:
                raise Problem(422, "key_reused", "This key was used for another request.")
            return int(row[1]), json.loads(row[2])
        body = make(provider, asked, fault)
        connection.execute(
            "INSERT OR REPLACE INTO answer (key, digest, at, status, body) VALUES (?, ?, ?, ?, ?)",
            (stored_key, digest, provider.clock.text(), HTTPStatus.CREATED, json.dumps(body)),
        )
        return HTTPStatus.CREATED, body

    return await _run(request, call, work)


async def _read(request: Request, call: Call, kind: str) -> Response:
    object_id = request.path_params["object_id"]

    def work(provider: Provider, fault: Fault | None) -> tuple[int, Body]:
        age = 1 if fault is not None and fault.kind is FaultKind.STALE_READ else 0
        return HTTPStatus.OK, provider.get(kind, object_id, age=age)

    return await _run(request, call, work)


async def create_payment(request: Request) -> Response:
    """Open a payment."""
    return await _create(request, Call.CREATE_PAYMENT, NewPayment, Provider.create_payment)


async def create_refund(request: Request) -> Response:
    """Refund a payment."""
    return await _create(request, Call.CREATE_REFUND, NewRefund, Provider.create_refund)


async def create_payout(request: Request) -> Response:
    """Pay somebody."""
    return await _create(request, Call.CREATE_PAYOUT, NewPayout, Provider.create_payout)


async def get_payment(request: Request) -> Response:
    """Return a payment."""
    return await _read(request, Call.GET_PAYMENT, "payment")


async def get_refund(request: Request) -> Response:
    """Return a refund."""
    return await _read(request, Call.GET_REFUND, "refund")


async def get_payout(request: Request) -> Response:
    """Return a payout."""
    return await _read(request, Call.GET_PAYOUT, "payout")


async def cancel_payment(request: Request) -> Response:
    """Cancel a payment that nobody has paid; a canceled one stays as it is."""
    object_id = request.path_params["object_id"]

    def work(provider: Provider, _fault: Fault | None) -> tuple[int, Body]:
        found = provider.get("payment", object_id)
        if found["status"] != "canceled":
            found = provider.change(object_id, "canceled", "canceled_by_merchant")
        return HTTPStatus.OK, found

    return await _run(request, Call.CANCEL_PAYMENT, work)


async def find(request: Request) -> Response:
    """Return the objects with a reference."""
    reference = request.query_params.get("reference", "")
    since, until = moment_in(request, "from"), moment_in(request, "to")
    return await _run(request, Call.FIND, lambda provider, _fault: (200, provider.find(reference, since, until)))


async def statement(request: Request) -> Response:
    """Return the movements of a period."""
    since, until = moment_in(request, "from"), moment_in(request, "to")
    if since is None or until is None:
        raise Problem(400, "invalid_request", "A statement needs from and to.")
    currency = request.query_params.get("currency", "RUB")
    return await _run(
        request, Call.STATEMENT, lambda provider, _fault: (200, provider.statement(currency, since, until))
    )


async def balance(request: Request) -> Response:
    """Return the balance at a moment, now by default."""
    at = moment_in(request, "at")
    currency = request.query_params.get("currency", "RUB")

    def work(provider: Provider, _fault: Fault | None) -> tuple[int, Body]:
        before = moment(at) if at else provider.clock.text(later=1)
        found = provider.books.balance(currency, before)
        return HTTPStatus.OK, {"currency": currency, "balance": found, "available": provider.available(currency)}

    return await _run(request, Call.BALANCE, work)


async def capabilities(_request: Request) -> Response:
    """Return what this provider can do."""
    return answer(CAPABILITIES)


async def self_employed(request: Request) -> Response:
    """Return what is known of a self-employed person."""
    return answer(context_of(request).provider.find_person(request.path_params["tax_id"]))


_PAYMENT = "/v1/payments/{object_id}"
ROUTES = [
    Route("/v1/capabilities", guarded(capabilities), methods=["GET"]),
    Route("/v1/payments", guarded(create_payment), methods=["POST"]),
    Route(_PAYMENT, guarded(get_payment), methods=["GET"]),
    Route(f"{_PAYMENT}/cancel", guarded(cancel_payment), methods=["POST"]),
    Route("/v1/refunds", guarded(create_refund), methods=["POST"]),
    Route("/v1/refunds/{object_id}", guarded(get_refund), methods=["GET"]),
    Route("/v1/payouts", guarded(create_payout), methods=["POST"]),
    Route("/v1/payouts/{object_id}", guarded(get_payout), methods=["GET"]),
    Route("/v1/operations", guarded(find), methods=["GET"]),
    Route("/v1/statement", guarded(statement), methods=["GET"]),
    Route("/v1/balance", guarded(balance), methods=["GET"]),
    Route("/v1/self-employed/{tax_id:str}", guarded(self_employed), methods=["GET"]),
]

"""The adapter of the sandbox provider: one call each, its failures as values, webhooks checked by their signature."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, override
from urllib.parse import quote

from httpx import AsyncBaseTransport
from pydantic import ValidationError

from app.core.clock import real_now
from app.core.payment_port import (
    Balance,
    Busy,
    Capabilities,
    Done,
    FoundOperations,
    Operation,
    OperationKind,
    OperationStatus,
    Outcome,
    PaymentProvider,
    PaymentRequest,
    PayoutRequest,
    Pending,
    RefundRequest,
    Refused,
    SelfEmployedPerson,
    Statement,
    Unknown,
    WebhookEvent,
    WebhookRefused,
)
from app.core.security.webhook_signatures import is_recent, webhook_is_signed
from app.gateways.outgoing import CALL_SECONDS, Answer, Lost, NotSent, outgoing_client, send
from app.gateways.payments import sandbox_wire as wire

MAX_WEBHOOK_BYTES = 65_536
NOT_SENT_PAUSE = 5
MAX_PAUSE = 3600
_NOT_FINAL = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT})
_SUCCESS = range(200, 300)
_REFUSALS = range(400, 500)


@dataclass(frozen=True, slots=True)
class _Rejected:
    """The provider answered that it does not do this."""

    code: str


type _Read[T] = Done[T] | _Rejected | Unknown | Busy


def _pause(answer: Answer) -> int:
    text = answer.headers.get("retry-after", "")
    return min(int(text), MAX_PAUSE) if text.isascii() and text.isdigit() and int(text) else 1


def _judged[T](answer: Answer | NotSent | Lost, read: wire.Reader[T]) -> _Read[T]:
    """Return what one answer says; what nobody can read is unknown."""
    if isinstance(answer, Lost):
        return Unknown(answer.why)
    if isinstance(answer, NotSent) or answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return Busy(NOT_SENT_PAUSE if isinstance(answer, NotSent) else _pause(answer))
    if answer.status in _REFUSALS and answer.status not in _NOT_FINAL:
        return _Rejected(wire.refusal_code(answer.body, answer.status))
    if answer.status not in _SUCCESS:
        return Unknown(f"http_{answer.status}")
    try:
        return Done(read(answer.body))
    except ValueError:
        return Unknown("unreadable")


def _by_status(found: Operation) -> Outcome[Operation]:
    """Return an operation as what its status means."""
    match found.status:
        case OperationStatus.PENDING:
            return Pending(found)
        case OperationStatus.SUCCEEDED | OperationStatus.RETURNED:
            return Done(found)
        case OperationStatus.CANCELED:
            return Refused(found.reason or "canceled", found)


class SandboxProvider(PaymentProvider):
    """Talks to the process `python -m app.sandbox`."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        webhook_secrets: Sequence[str],
        *,
        seconds: float = CALL_SECONDS,
        now: Callable[[], datetime] = real_now,
        transport: AsyncBaseTransport | None = None,
    ) -> None:
        self._client = outgoing_client(base_url, {"authorization": f"Bearer {api_key}"}, transport)
        self._secrets = tuple(webhook_secrets)
        self._seconds = seconds
        self._now = now

    @override
    async def capabilities(self) -> Outcome[Capabilities]:
        return await self._read("/v1/capabilities", wire.capabilities)

    @override
    async def create_payment(self, request: PaymentRequest, *, repeated: bool = False) -> Outcome[Operation]:
        body = {
            "reference": request.reference,
            "amount": request.money.amount,
            "currency": request.money.currency.value,
            "description": request.description,
            "return_url": request.return_url,
            "expires_in": request.expires_in,
        }
        return await self._create("/v1/payments", OperationKind.PAYMENT, body, repeated=repeated)

    @override
    async def create_refund(self, request: RefundRequest, *, repeated: bool = False) -> Outcome[Operation]:
        body = {
            "reference": request.reference,
            "payment_id": request.payment_id,
            "amount": request.money.amount,
            "currency": request.money.currency.value,
        }
        return await self._create("/v1/refunds", OperationKind.REFUND, body, repeated=repeated)

    @override
    async def create_payout(self, request: PayoutRequest, *, repeated: bool = False) -> Outcome[Operation]:
        body = {
            "reference": request.reference,
            "amount": request.money.amount,
            "currency": request.money.currency.value,
            "description": request.description,
            "destination": {"kind": request.kind.value, "card": request.card, "tax_id": request.tax_id},
        }
        return await self._create("/v1/payouts", OperationKind.PAYOUT, body, repeated=repeated)

    @override
    async def get_payment(self, payment_id: str) -> Outcome[Operation]:
        return await self._get("/v1/payments", OperationKind.PAYMENT, payment_id)

    @override
    async def get_refund(self, refund_id: str) -> Outcome[Operation]:
        return await self._get("/v1/refunds", OperationKind.REFUND, refund_id)

    @override
    async def get_payout(self, payout_id: str) -> Outcome[Operation]:
        return await self._get("/v1/payouts", OperationKind.PAYOUT, payout_id)

    @override
    async def cancel_payment(self, payment_id: str) -> Outcome[Operation]:
        result = await self._call("POST", f"/v1/payments/{quote(payment_id, safe='')}/cancel", wire.operation)
        match result:
            case Done(found) if found.id == payment_id and found.status is OperationStatus.CANCELED:
                return result
            case Done():
                return Unknown("another_object")
            case _Rejected(code):
                return Refused(code) if code.startswith("already_") else Unknown(code)
            case Unknown() | Busy():
                return result

    @override
    async def find_by_reference(self, reference: str, since: datetime, until: datetime) -> Outcome[FoundOperations]:
        query = wire.query_of(reference=reference, **{"from": since, "to": until})
        return await self._read("/v1/operations", wire.found_operations, query)

    @override
    async def statement(self, currency: str, since: datetime, until: datetime) -> Outcome[Statement]:
        query = wire.query_of(currency=currency, **{"from": since, "to": until})
        return await self._read("/v1/statement", wire.statement, query)

    @override
    async def balance(self, currency: str, at: datetime | None = None) -> Outcome[Balance]:
        return await self._read("/v1/balance", wire.balance, wire.query_of(currency=currency, at=at))

    @override
    async def find_self_employed(self, tax_id: str) -> Outcome[SelfEmployedPerson]:
        return await self._read(f"/v1/self-employed/{quote(tax_id, safe='')}", wire.person)

    @override
    def parse_webhook(
        self, headers: Mapping[str, str], body: bytes, peer: str
    ) -> Sequence[WebhookEvent] | WebhookRefused:
        del peer  # the signature proves more than an address
        if len(body) > MAX_WEBHOOK_BYTES:
            return WebhookRefused("too_long")
        sent = {name.lower(): value for name, value in headers.items()}
        names = ("webhook-id", "webhook-timestamp", "webhook-signature")
        message_id, timestamp, signatures = (sent.get(name, "") for name in names)
        if not (message_id and timestamp and signatures):
            return WebhookRefused("headers_missing")
        if not webhook_is_signed(self._secrets, message_id, timestamp, signatures, body):
            return WebhookRefused("wrong_signature")
        if not is_recent(timestamp, self._now()):
            return WebhookRefused("too_old_or_early")
        try:
            event = wire.WireEvent.model_validate_json(body)
        except ValidationError:
            return WebhookRefused("unreadable")
        found = event.data
        return [
            WebhookEvent(
                digest=message_id, type=event.type, kind=found.kind, object_id=found.id, reference=found.reference
            )
        ]

    @override
    async def close(self) -> None:
        await self._client.aclose()

    async def forward_clock(self, seconds: int) -> bool:
        """Turn the provider's clock forward; return whether it has done so."""
        content = {"forward_seconds": seconds}
        return isinstance(await self._call("POST", "/control/clock", lambda body: body, json=content), Done)

    async def turn_clock_to(self, now: datetime) -> bool:
        """Turn the provider's clock forward to a time; return whether it has done so."""
        content = {"now": now.isoformat()}
        return isinstance(await self._call("POST", "/control/clock", lambda body: body, json=content), Done)

    # --- calls

    async def _call[T](self, method: str, path: str, read: wire.Reader[T], **options: Any) -> _Read[T]:  # noqa: ANN401
        answer = await send(self._client, method, path, seconds=self._seconds, **options)
        return _judged(answer, read)

    async def _read[T](self, path: str, read: wire.Reader[T], query: dict[str, Any] | None = None) -> Outcome[T]:
        result = await self._call("GET", path, read, params=query)
        return Unknown(result.code) if isinstance(result, _Rejected) else result

    async def _create(
        self, path: str, kind: OperationKind, body: dict[str, Any], *, repeated: bool
    ) -> Outcome[Operation]:
        headers = {"idempotency-key": body["reference"]}
        result = await self._call("POST", path, wire.operation, json=body, headers=headers)
        match result:
            case Done(found) if found.kind is kind and found.reference == body["reference"]:
                return _by_status(found)
            case Done():
                return Unknown("another_object")
            case _Rejected(code):
                return Unknown(code) if repeated else Refused(code)
            case Unknown() | Busy():
                return result

    async def _get(self, path: str, kind: OperationKind, object_id: str) -> Outcome[Operation]:
        """Read an object; that the provider refuses to show it proves nothing about the object."""
        result = await self._call("GET", f"{path}/{quote(object_id, safe='')}", wire.operation)
        match result:
            case Done(found) if found.kind is kind and found.id == object_id:
                return _by_status(found)
            case Done():
                return Unknown("another_object")
            case _Rejected(code):
                return Unknown(code)
            case Unknown() | Busy():
                return result

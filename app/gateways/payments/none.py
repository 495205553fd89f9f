"""The provider of an instance that has none: nothing is created, and nothing is known of what was created before."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import override

from app.core.payment_port import (
    Balance,
    Capabilities,
    FoundOperations,
    Operation,
    Outcome,
    PaymentProvider,
    PaymentRequest,
    PayoutRequest,
    RefundRequest,
    Refused,
    SelfEmployedPerson,
    Statement,
    Unknown,
    WebhookEvent,
    WebhookRefused,
)

NO_PROVIDER = "no_provider"


class NullPaymentProvider(PaymentProvider):
    """Refuses to create anything; a read is no proof that an operation of an earlier provider failed."""

    @override
    async def capabilities(self) -> Outcome[Capabilities]:
        return Refused(NO_PROVIDER)

    @override
    async def create_payment(self, request: PaymentRequest, *, repeated: bool = False) -> Outcome[Operation]:
        return Unknown(NO_PROVIDER) if repeated else Refused(NO_PROVIDER)

    @override
    async def get_payment(self, payment_id: str) -> Outcome[Operation]:
        return Unknown(NO_PROVIDER)

    @override
    async def cancel_payment(self, payment_id: str) -> Outcome[Operation]:
        return Unknown(NO_PROVIDER)

    @override
    async def create_refund(self, request: RefundRequest, *, repeated: bool = False) -> Outcome[Operation]:
        return Unknown(NO_PROVIDER) if repeated else Refused(NO_PROVIDER)

    @override
    async def get_refund(self, refund_id: str) -> Outcome[Operation]:
        return Unknown(NO_PROVIDER)

    @override
    async def create_payout(self, request: PayoutRequest, *, repeated: bool = False) -> Outcome[Operation]:
        return Unknown(NO_PROVIDER) if repeated else Refused(NO_PROVIDER)

    @override
    async def get_payout(self, payout_id: str) -> Outcome[Operation]:
        return Unknown(NO_PROVIDER)

    @override
    async def find_by_reference(self, reference: str, since: datetime, until: datetime) -> Outcome[FoundOperations]:
        return Unknown(NO_PROVIDER)

    @override
    async def statement(self, currency: str, since: datetime, until: datetime) -> Outcome[Statement]:
        return Unknown(NO_PROVIDER)

    @override
    async def balance(self, currency: str, at: datetime | None = None) -> Outcome[Balance]:
        return Unknown(NO_PROVIDER)

    @override
    async def find_self_employed(self, tax_id: str) -> Outcome[SelfEmployedPerson]:
        return Unknown(NO_PROVIDER)

    @override
    def parse_webhook(
        self, headers: Mapping[str, str], body: bytes, peer: str
    ) -> Sequence[WebhookEvent] | WebhookRefused:
        return WebhookRefused(NO_PROVIDER)

    @override
    async def close(self) -> None:
        return None

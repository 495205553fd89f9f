"""The JSON of the sandbox provider, checked, as values of the port."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, Field, TypeAdapter, ValidationError

from app.core.money import MAX_AMOUNT, Currency, Money
from app.core.payment_port import (
    Balance,
    Capabilities,
    Cheque,
    ChequeStatus,
    FoundOperations,
    Operation,
    OperationKind,
    OperationStatus,
    SelfEmployedPerson,
    Statement,
    StatementLine,
)

Whole = Annotated[int, Field(strict=True, ge=-(10**18), le=10**18)]
Positive = Annotated[int, Field(strict=True, gt=0, le=MAX_AMOUNT)]


class _WireCheque(BaseModel):
    number: str
    status: ChequeStatus


class WireOperation(BaseModel):
    """A payment, refund or payout."""

    id: Annotated[str, Field(min_length=1, max_length=64)]
    kind: OperationKind
    reference: Annotated[str, Field(min_length=1, max_length=64)]
    amount: Positive
    currency: Currency
    status: OperationStatus
    reason: str = ""
    created_at: AwareDatetime
    changed_at: AwareDatetime
    page_url: str | None = None
    expires_at: AwareDatetime | None = None
    refunded: Annotated[int, Field(strict=True, ge=0)] = 0
    cheque: _WireCheque | None = None

    def value(self) -> Operation:
        """Return the value of the port."""
        cheque = Cheque(number=self.cheque.number, status=self.cheque.status) if self.cheque else None
        return Operation(
            kind=self.kind,
            id=self.id,
            reference=self.reference,
            money=Money(self.amount, self.currency),
            status=self.status,
            reason=self.reason,
            created_at=self.created_at,
            changed_at=self.changed_at,
            page_url=self.page_url,
            expires_at=self.expires_at,
            refunded=self.refunded,
            cheque=cheque,
        )


class WireEvent(BaseModel):
    """The body of a webhook."""

    type: Annotated[str, Field(max_length=64)]
    data: WireOperation


class _WireFound(BaseModel):
    complete: bool
    objects: list[WireOperation]


class _WireLine(BaseModel):
    number: Whole
    at: AwareDatetime
    kind: str
    object_id: str
    reference: str
    currency: Currency
    amount: Whole


class _WireStatement(BaseModel):
    currency: Currency
    opening: Whole
    closing: Whole
    lines: list[_WireLine]


class _WireBalance(BaseModel):
    currency: Currency
    balance: Whole
    available: Whole


class _WirePerson(BaseModel):
    tax_id: str
    status: str
    permission: bool
    earned_this_year: Whole
    yearly_limit: Whole
    permission_url: str | None = None


_CAPABILITIES = TypeAdapter(Capabilities)


def operation(body: bytes) -> Operation:
    """Read an operation; raises ValueError where it is none."""
    return WireOperation.model_validate_json(body).value()


def found_operations(body: bytes) -> FoundOperations:
    """Read the operations under a reference; raises ValueError where it is something else."""
    read = _WireFound.model_validate_json(body)
    return FoundOperations(complete=read.complete, operations=tuple(each.value() for each in read.objects))


def statement(body: bytes) -> Statement:
    """Read a statement whose sums agree; raises ValueError where it is none."""
    read = _WireStatement.model_validate_json(body)
    if read.opening + sum(line.amount for line in read.lines) != read.closing:
        raise ValueError("the statement does not add up")
    if any(line.currency is not read.currency for line in read.lines):
        raise ValueError("the statement mixes currencies")
    lines = tuple(
        StatementLine(
            number=line.number,
            at=line.at,
            kind=line.kind,
            object_id=line.object_id,
            reference=line.reference,
            money=Money(line.amount, line.currency),
        )
        for line in read.lines
    )
    return Statement(
        opening=Money(read.opening, read.currency), closing=Money(read.closing, read.currency), lines=lines
    )


def balance(body: bytes) -> Balance:
    """Read a balance; raises ValueError where it is none."""
    read = _WireBalance.model_validate_json(body)
    return Balance(held=Money(read.balance, read.currency), available=Money(read.available, read.currency))


def capabilities(body: bytes) -> Capabilities:
    """Read capabilities; raises ValueError where they are none."""
    return _CAPABILITIES.validate_json(body)


def person(body: bytes) -> SelfEmployedPerson:
    """Read a self-employed person; raises ValueError where it is none."""
    read = _WirePerson.model_validate_json(body)
    return SelfEmployedPerson(
        tax_id=read.tax_id,
        active=read.status == "active",
        permission=read.permission,
        earned_this_year=read.earned_this_year,
        yearly_limit=read.yearly_limit,
        permission_url=read.permission_url,
    )


type Reader[T] = Callable[[bytes], T]


class _WireRefusal(BaseModel):
    code: Annotated[str, Field(min_length=1, max_length=64)]


def refusal_code(body: bytes, status: int) -> str:
    """Return the code of a refusal, made from the status where the body has none."""
    try:
        return _WireRefusal.model_validate_json(body).code
    except ValidationError:
        return f"http_{status}"


def query_of(**values: datetime | str | None) -> dict[str, Any]:
    """Return the parameters of a query; what is None is left out."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
        if value is not None
    }

"""A payment for something: its money goes there in the same transaction, or stays in the wallet of the payer."""

from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import new_id
from app.core.money import Money
from app.core.unit_of_work import UnitOfWork
from app.features.payments.service import purposes, register_purpose
from app.models import CaseKind, OperationState, Payment, PaymentState
from tests.features.payments.till import Till


@dataclass(slots=True)
class Wanted:
    """Something to pay for, which notes what it is told."""

    takes: bool = True
    calls: list[str] = field(default_factory=list)

    async def lock(self, _uow: UnitOfWork, _purpose_id: UUID) -> None:
        self.calls.append("lock")

    async def paid(self, _uow: UnitOfWork, _purpose_id: UUID, _payment_id: UUID, _payer: UUID, _money: Money) -> bool:
        self.calls.append("paid")
        return self.takes

    def page(self, purpose_id: UUID) -> str:
        return f"/things/{purpose_id}"

    async def titles(self, _session: AsyncSession, purpose_ids: Collection[UUID]) -> dict[UUID, str]:
        return dict.fromkeys(purpose_ids, "A thing")

    async def failed(self, _uow: UnitOfWork, _purpose_id: UUID, _payment_id: UUID) -> None:
        self.calls.append("failed")


@pytest.fixture
def wanted(monkeypatch: pytest.MonkeyPatch) -> Wanted:
    monkeypatch.setattr(purposes, "_registered", {})
    made = Wanted()
    register_purpose("thing", made)
    return made


@pytest.mark.parametrize("takes", [True, False])
async def test_what_is_paid_for_hears_of_it_once(till: Till, wanted: Wanted, takes: bool) -> None:
    wanted.takes = takes
    thing = new_id()
    payment_id = await till.top_up(purpose="thing", purpose_id=thing)
    assert await till.top_up(purpose="thing", purpose_id=thing) == payment_id, "one open payment for one thing"
    await till.look(payment_id)
    await till.pay(payment_id)
    await till.look(payment_id)
    await till.look(payment_id)
    assert [call for call in wanted.calls if call != "lock"] == ["paid"]
    assert wanted.calls[0] == "lock", "what is paid for is locked before the payment"
    assert [case.kind for case in await till.cases()] == ([] if takes else [CaseKind.LATE])
    assert await till.wallet() == 10_000


async def test_a_payment_that_fails_is_told_to_what_it_was_for(till: Till, wanted: Wanted) -> None:
    payment_id = await till.top_up(purpose="thing", purpose_id=new_id())
    await till.look(payment_id)
    await till.pay(payment_id, card="4000000000000002")
    await till.look(payment_id)
    assert wanted.calls[-1] == "failed"


async def test_money_that_comes_after_the_end_goes_to_the_wallet_with_a_case(till: Till, wanted: Wanted) -> None:
    payment_id = await till.top_up(purpose="thing", purpose_id=new_id())
    await till.sandbox.plan("create_payment", "cut_after")
    await till.look(payment_id)
    [found] = await till.sandbox.found(f"payment:{payment_id}")
    await till.fail(payment_id)
    await till.sandbox.choose(found)
    await till.look(payment_id)
    await till.look(payment_id)
    assert (await till.operation(payment_id)).state is OperationState.FAILED
    assert (await till.row(Payment, payment_id)).state is PaymentState.CREDITED
    assert [case.kind for case in await till.cases()] == [CaseKind.LATE]
    assert [call for call in wanted.calls if call != "lock"] == ["failed"]
    assert await till.wallet() == 10_000
    await till.check_books()


async def test_an_unknown_purpose_is_refused(till: Till) -> None:
    with pytest.raises(LookupError):
        await till.top_up(purpose="nothing_known", purpose_id=new_id())

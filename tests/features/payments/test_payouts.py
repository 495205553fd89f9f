"""Money out: it leaves the wallet with the intent, and comes back exactly if it was surely not paid."""

import pytest

from app.features.ledger.errors import InsufficientFundsError
from app.features.payments.errors import PaymentNotRefundableError
from app.models import AccountKind as Kind
from app.models import CardRefund, CardRefundState, CaseKind, OperationState, Payment, Payout, PayoutState
from tests.features.payments.till import Till
from tests.gateways.payments.provider import DAY, HOUR

TAX_ID = "500100732259"


async def person(till: Till, **known: object) -> None:
    await till.sandbox.control("PUT", f"self-employed/{TAX_ID}", known)


async def test_a_withdrawal_is_paid_and_its_card_is_forgotten(till: Till) -> None:
    await till.paid(100)
    payout_id = await till.withdraw(40)
    assert (await till.wallet(), await till.balance(Kind.PAYOUT_TRANSIT, payout_id)) == (6_000, 4_000)
    assert (await till.row(Payout, payout_id)).destination is not None
    await till.look(payout_id)
    paid = await till.row(Payout, payout_id)
    assert (paid.state, paid.destination, paid.card_last4) == (PayoutState.PAID, None, "4242")
    assert (await till.wallet(), await till.balance(Kind.PAYOUT_TRANSIT, payout_id)) == (6_000, 0)
    await till.check_books()


async def test_the_fee_is_earned_only_by_a_withdrawal_that_was_paid(till: Till) -> None:
    till.resources.settings = till.resources.settings.model_copy(
        update={"withdrawal_fee_bp": 100, "withdrawal_fee_minimum": 50}
    )
    await till.paid(100)
    await till.finish(await till.withdraw(40, card="4000000000000002"))
    assert (await till.wallet(), await till.balance(Kind.OTHER_INCOME)) == (10_000, 0)
    await till.finish(await till.withdraw(40))
    await till.finish(await till.withdraw(60 - 2))
    assert (await till.wallet(), await till.balance(Kind.OTHER_INCOME)) == (10_000 - 4_050 - 5_858, 50 + 58)
    await till.check_books()


async def test_no_more_can_be_withdrawn_than_the_wallet_holds(till: Till) -> None:
    await till.paid(100)
    with pytest.raises(InsufficientFundsError):
        await till.withdraw(101)
    assert await till.wallet() == 10_000


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        ({"permission": False}, "permission_missing"),
        ({"status": "lost"}, "self_employed_status_lost"),
        ({"earned_this_year": 240_000_000 - 3_999}, "yearly_limit"),
    ],
)
async def test_what_the_tax_service_forbids_comes_back_with_a_reason(
    till: Till, known: dict[str, object], reason: str
) -> None:
    await person(till, **known)
    await till.paid(100)
    payout_id = await till.withdraw(40, tax_id=TAX_ID)
    assert await till.finish(payout_id) is OperationState.FAILED
    assert (await till.row(Payout, payout_id)).reason == reason
    assert await till.wallet() == 10_000
    await till.check_books()


async def test_a_receipt_that_is_annulled_later_is_told_once(till: Till) -> None:
    await person(till)
    await till.paid(100)
    payout_id = await till.withdraw(40, tax_id=TAX_ID)
    await till.look(payout_id)
    assert (await till.row(Payout, payout_id)).cheque_number is not None
    provider_id = (await till.operation(payout_id)).provider_id
    await till.sandbox.control("POST", f"payouts/{provider_id}/annul-cheque")
    await till.look(payout_id)
    await till.look(payout_id)
    assert [case.kind for case in await till.cases()] == [CaseKind.CHEQUE_ANNULLED]
    assert await till.wallet() == 6_000


async def test_what_the_bank_sends_back_is_in_the_wallet_again_once(till: Till) -> None:
    await till.paid(100)
    payout_id = await till.withdraw(40, card="4000000000000341")
    await till.look(payout_id)
    await till.sandbox.forward(DAY)
    await till.look(payout_id)
    await till.look(payout_id)
    found = await till.row(Payout, payout_id)
    assert (found.state, found.reason) == (PayoutState.RETURNED, "returned_by_bank")
    assert await till.wallet() == 10_000
    await till.check_books()


async def test_a_slow_bank_is_waited_for(till: Till) -> None:
    await till.paid(100)
    payout_id = await till.withdraw(40, card="4000000000000077")
    await till.look(payout_id)
    assert (await till.operation(payout_id)).state is OperationState.PENDING
    await till.sandbox.forward(HOUR)
    await till.look(payout_id)
    assert (await till.row(Payout, payout_id)).state is PayoutState.PAID


async def test_a_refund_goes_back_to_the_card_and_no_more_than_was_paid(till: Till) -> None:
    payment_id = await till.paid(100)
    refund_id = await till.refund(payment_id, 30)
    assert (await till.wallet(), await till.balance(Kind.REFUND_TRANSIT, refund_id)) == (7_000, 3_000)
    await till.look(refund_id)
    assert (await till.row(CardRefund, refund_id)).state is CardRefundState.PAID
    with pytest.raises(PaymentNotRefundableError):
        await till.refund(payment_id, 71)
    await till.check_books()


async def test_a_refund_that_fails_can_be_asked_for_again(till: Till) -> None:
    payment_id = await till.paid(100)
    await till.sandbox.plan("create_refund", "refuse_before")
    refund_id = await till.refund(payment_id, 100)
    await till.look(refund_id)
    assert (await till.row(CardRefund, refund_id)).state is CardRefundState.FAILED
    assert (await till.row(Payment, payment_id)).refunded == 0
    assert await till.wallet() == 10_000
    await till.finish(await till.refund(payment_id, 100))
    assert await till.wallet() == 0
    await till.check_books()

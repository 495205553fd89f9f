"""Money in: the intent first, then the provider; what arrives is in the wallet once."""

import pytest
from sqlalchemy import text

from app.core.unit_of_work import unit_of_work
from app.features.payments.service import cancel_unsent
from app.models import AccountKind as Kind
from app.models import CaseKind, OperationState, Payment, PaymentState
from tests.features.payments.till import Till


async def test_a_payment_arrives_in_the_wallet_once(till: Till) -> None:
    payment_id = await till.top_up(100)
    assert (await till.operation(payment_id)).state is OperationState.TO_SEND
    await till.look(payment_id)
    opened = await till.row(Payment, payment_id)
    assert opened.page_url is not None
    assert (await till.operation(payment_id)).state is OperationState.PENDING
    await till.pay(payment_id)
    for _ in range(3):
        await till.look(payment_id)
    assert (await till.row(Payment, payment_id)).state is PaymentState.PAID
    assert await till.wallet() == 10_000
    await till.check_books()


async def test_a_declined_payment_ends_with_its_reason(till: Till) -> None:
    payment_id = await till.top_up()
    await till.look(payment_id)
    await till.pay(payment_id, card="4000000000000002")
    await till.look(payment_id)
    found = await till.row(Payment, payment_id)
    assert (found.state, found.reason) == (PaymentState.CANCELED, "card_declined")
    assert await till.wallet() == 0


async def test_another_amount_waits_apart_with_a_case(till: Till) -> None:
    payment_id = await till.top_up(100)
    await till.sandbox.plan("create_payment", "wrong_amount", argument=-1)
    await till.look(payment_id)
    await till.pay(payment_id)
    await till.look(payment_id)
    assert (await till.row(Payment, payment_id)).state is PaymentState.QUESTIONED
    assert (await till.wallet(), await till.balance(Kind.SUSPENSE)) == (0, 9_999)
    [case] = await till.cases()
    assert (case.kind, case.expected, case.found) == (CaseKind.AMOUNT_DIFFERS, 10_000, 9_999)
    await till.check_books()


async def test_what_was_never_sent_can_be_given_up(till: Till) -> None:
    payment_id = await till.top_up()
    async with unit_of_work(till.resources) as uow:
        assert await cancel_unsent(uow, till.actor.id, payment_id) is None
    assert (await till.row(Payment, payment_id)).state is PaymentState.CANCELED
    await till.look(payment_id)
    assert (await till.operation(payment_id)).sends == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE payments SET amount = amount + 1",
        "UPDATE payments SET state = 'open'",
        "DELETE FROM payments",
        "UPDATE provider_operations SET state = 'to_send'",
        "UPDATE provider_operations SET reference = 'payment:another'",
        "DELETE FROM provider_operations",
    ],
)
async def test_the_tables_refuse_to_forget(till: Till, statement: str) -> None:
    await till.paid()
    with pytest.raises(Exception, match=r"never deleted|may change|cannot go"):
        async with unit_of_work(till.resources) as uow:
            await uow.session.execute(text(statement))

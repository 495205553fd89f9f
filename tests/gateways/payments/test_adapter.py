"""What the adapter answers for every fault of the provider, and that nothing happens twice or is lost."""

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from app.core.config import Settings
from app.core.payment_port import (
    Busy,
    Capabilities,
    ChequeStatus,
    Done,
    Operation,
    OperationStatus,
    Outcome,
    PayoutKind,
    Pending,
    Refused,
    Unknown,
)
from app.core.resources import Resources, open_resources
from app.core.unit_of_work import NetworkInTransactionError, unit_of_work
from app.gateways.payments import payment_provider_of
from app.gateways.payments.none import NullPaymentProvider
from app.gateways.payments.sandbox import NOT_SENT_PAUSE, SandboxProvider
from tests.e2e.ports import free_port
from tests.gateways.payments.provider import (
    DAY,
    HOUR,
    PAID_CARD,
    SECRET,
    Sandbox,
    new_reference,
    roubles,
    served,
    value_of,
)

DECLINED, DELAYED, RETURNED = "4000000000000002", "4000000000000077", "4000000000000341"
TAX_ID = "500100732259"


@dataclass(frozen=True, slots=True)
class Row:
    """One fault: what the adapter answers, and whether the provider has done it."""

    fault: str
    answer: type
    done: bool
    argument: int = 0


FAULTS = [
    Row("refuse_before", Refused, done=False),
    Row("fail_before", Unknown, done=False),
    Row("fail_after", Unknown, done=True),
    Row("timeout_answer", Unknown, done=True),
    Row("conflict", Unknown, done=True),
    Row("cut_before", Unknown, done=False),
    Row("cut_after", Unknown, done=True),
    Row("garbage", Unknown, done=True),
    Row("slow", Unknown, done=True, argument=1),
    Row("busy", Busy, done=False, argument=7),
]
CALLS = ["create_payment", "create_refund", "create_payout"]


async def call(
    sandbox: Sandbox, name: str, reference: str, payment: Operation, *, repeated: bool = False
) -> Outcome[Operation]:
    match name:
        case "create_payment":
            return await sandbox.payment(reference=reference, repeated=repeated)
        case "create_refund":
            return await sandbox.refund(payment, 5, reference, repeated=repeated)
        case _:
            return await sandbox.payout(5, reference, repeated=repeated)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("row", FAULTS, ids=lambda row: row.fault)
async def test_each_fault_has_its_answer_and_the_same_key_finishes_it_once(
    sandbox: Sandbox, row: Row, name: str
) -> None:
    payment, reference = await sandbox.paid(), new_reference()
    await sandbox.plan(name, row.fault, argument=row.argument)
    with sandbox.impatient(wanted=row.fault == "slow"):
        outcome = await call(sandbox, name, reference, payment)
    assert type(outcome) is row.answer
    if isinstance(outcome, Busy):
        assert outcome.after == row.argument
    assert len(await sandbox.found(reference)) == (1 if row.done else 0)
    again = value_of(await call(sandbox, name, reference, payment, repeated=True))
    assert [each.id for each in await sandbox.found(reference)] == [again.id]


@pytest.mark.parametrize("row", [row for row in FAULTS if row.fault != "refuse_before"], ids=lambda row: row.fault)
async def test_a_read_that_fails_says_nothing(sandbox: Sandbox, row: Row) -> None:
    payment = await sandbox.paid()
    await sandbox.plan("get_payment", row.fault, argument=row.argument)
    with sandbox.impatient(wanted=row.fault == "slow"):
        assert type(await sandbox.adapter.get_payment(payment.id)) is row.answer
    assert isinstance(await sandbox.adapter.get_payment(payment.id), Done)


async def test_a_refused_read_is_no_proof_that_nothing_happened(sandbox: Sandbox) -> None:
    payout = value_of(await sandbox.payout(amount=1, reference=await funded(sandbox)))
    await sandbox.plan("get_payout", "refuse_before")
    assert await sandbox.adapter.get_payout(payout.id) == Unknown("refused_by_plan")
    assert await sandbox.adapter.get_payout("pyt_nobody") == Unknown("not_found")
    stranger = SandboxProvider(sandbox.url, "a wrong key", [SECRET])
    assert await stranger.get_payout(payout.id) == Unknown("unauthorized")
    assert await stranger.balance("RUB") == Unknown("unauthorized")
    await stranger.close()


async def funded(sandbox: Sandbox) -> str:
    """Return a new reference, with money on the account."""
    await sandbox.paid(1000)
    return new_reference()


async def test_a_refusal_of_a_repetition_does_not_settle_the_first_call(sandbox: Sandbox) -> None:
    reference = await funded(sandbox)
    await sandbox.plan("create_payout", "cut_after")
    assert isinstance(await sandbox.payout(5, reference), Unknown)
    await sandbox.plan("create_payout", "refuse_before", times=2)
    assert await sandbox.payout(5, reference, repeated=True) == Unknown("refused_by_plan")
    assert await sandbox.payout(5, new_reference()) == Refused("refused_by_plan"), "a first call is settled by it"
    assert len(await sandbox.found(reference)) == 1


async def test_what_never_reached_the_provider_may_be_sent_again() -> None:
    nobody = SandboxProvider(f"http://127.0.0.1:{free_port()}", "key", [SECRET])
    assert await nobody.get_payment("pmt_1") == Busy(NOT_SENT_PAUSE)
    await nobody.close()


async def test_a_key_stays_the_same_call_for_a_day_and_not_longer(sandbox: Sandbox) -> None:
    reference = new_reference()
    first = value_of(await sandbox.payment(reference=reference))
    await sandbox.forward(DAY - HOUR)
    assert value_of(await sandbox.payment(reference=reference)).id == first.id
    assert await sandbox.payment(amount=7, reference=reference) == Refused("key_reused")
    await sandbox.forward(2 * HOUR)
    second = value_of(await sandbox.payment(reference=reference))
    assert [each.id for each in await sandbox.found(reference)] == [first.id, second.id], "so read before sending again"


async def test_twenty_equal_calls_at_once_are_one(sandbox: Sandbox) -> None:
    reference = await funded(sandbox)
    outcomes = await asyncio.gather(*(sandbox.payout(5, reference) for _ in range(20)))
    assert len({value_of(each).id for each in outcomes}) == 1
    assert len(await sandbox.found(reference)) == 1


async def test_a_stale_read_shows_the_state_before(sandbox: Sandbox) -> None:
    payment = await sandbox.paid()
    await sandbox.plan("get_payment", "stale_read")
    assert isinstance(await sandbox.adapter.get_payment(payment.id), Pending)
    assert isinstance(await sandbox.adapter.get_payment(payment.id), Done)


async def test_a_wrong_amount_is_shown_as_it_is(sandbox: Sandbox) -> None:
    await sandbox.plan("create_payment", "wrong_amount", argument=-1)
    payment = value_of(await sandbox.payment(100))
    assert payment.money.amount == roubles(100).amount - 1


async def test_a_payment_is_canceled_once_and_not_after_it_is_paid(sandbox: Sandbox) -> None:
    payment = value_of(await sandbox.payment())
    for _ in range(2):
        canceled = await sandbox.adapter.cancel_payment(payment.id)
        assert isinstance(canceled, Done)
        assert canceled.value.status is OperationStatus.CANCELED
    assert isinstance(await sandbox.adapter.get_payment(payment.id), Refused)
    paid = await sandbox.paid()
    assert await sandbox.adapter.cancel_payment(paid.id) == Refused("already_succeeded")
    assert await sandbox.adapter.cancel_payment("pmt_nobody") == Unknown("not_found")


async def test_an_unpaid_payment_expires(sandbox: Sandbox) -> None:
    payment = value_of(await sandbox.payment())
    await sandbox.forward(3 * DAY + 1)
    expired = await sandbox.adapter.get_payment(payment.id)
    assert isinstance(expired, Refused)
    assert expired.code == "expired"
    assert expired.found is not None


async def test_no_more_is_refunded_than_was_paid(sandbox: Sandbox) -> None:
    payment = await sandbox.paid(100)
    await sandbox.plan("create_refund", "delayed", argument=HOUR)
    waiting = value_of(await sandbox.refund(payment, 70, new_reference()))
    assert await sandbox.refund(payment, 31, new_reference()) == Refused("refund_exceeds_payment")
    await sandbox.forward(HOUR)
    assert isinstance(await sandbox.adapter.get_refund(waiting.id), Done)
    assert isinstance(await sandbox.refund(payment, 30, new_reference()), Done)
    read = value_of(await sandbox.adapter.get_payment(payment.id))
    assert read.refunded == read.money.amount
    unpaid = value_of(await sandbox.payment())
    assert await sandbox.refund(unpaid, 1, new_reference()) == Refused("payment_not_paid")


async def test_payouts_end_as_their_cards_say(sandbox: Sandbox) -> None:
    await funded(sandbox)
    refused = await sandbox.payout(card=DECLINED)
    assert isinstance(refused, Refused)
    assert refused.code == "rejected_by_payee"
    later = value_of(await sandbox.payout(card=DELAYED))
    assert later.status is OperationStatus.PENDING
    returned = value_of(await sandbox.payout(card=RETURNED))
    assert returned.status is OperationStatus.SUCCEEDED
    await sandbox.forward(DAY)
    assert isinstance(await sandbox.adapter.get_payout(later.id), Done)
    assert value_of(await sandbox.adapter.get_payout(returned.id)).status is OperationStatus.RETURNED
    assert await sandbox.payout(card="4242424242424241") == Refused("invalid_request")
    too_much = await sandbox.payout(10**9)
    assert isinstance(too_much, Refused)
    assert too_much.code == "insufficient_funds"


async def test_a_payout_can_be_returned_by_plan(sandbox: Sandbox) -> None:
    await funded(sandbox)
    await sandbox.plan("create_payout", "payout_returned", argument=HOUR)
    payout = value_of(await sandbox.payout())
    await sandbox.forward(HOUR)
    assert value_of(await sandbox.adapter.get_payout(payout.id)).status is OperationStatus.RETURNED


async def test_a_self_employed_person_needs_permission_status_and_room_below_the_limit(sandbox: Sandbox) -> None:
    await funded(sandbox)
    refusals = [
        ({"permission": False}, "permission_missing"),
        ({"status": "lost"}, "self_employed_status_lost"),
        ({"earned_this_year": 240_000_000 - 999}, "yearly_limit"),
    ]
    for known, code in refusals:
        await sandbox.control("PUT", f"self-employed/{TAX_ID}", known)
        refused = await sandbox.payout(10, tax_id=TAX_ID)
        assert isinstance(refused, Refused)
        assert refused.code == code
    await sandbox.control("PUT", f"self-employed/{TAX_ID}", {"earned_this_year": 240_000_000 - 1000})
    paid = value_of(await sandbox.payout(10, tax_id=TAX_ID))
    assert paid.cheque is not None
    assert paid.cheque.status is ChequeStatus.REGISTERED
    person = await sandbox.adapter.find_self_employed(TAX_ID)
    assert isinstance(person, Done)
    assert (person.value.earned_this_year, person.value.permission) == (person.value.yearly_limit, True)
    await sandbox.control("POST", f"payouts/{paid.id}/annul-cheque")
    read = value_of(await sandbox.adapter.get_payout(paid.id))
    assert read.cheque is not None
    assert read.cheque.status is ChequeStatus.ANNULLED
    assert read.status is OperationStatus.SUCCEEDED, "the money stays paid"


async def test_the_sum_of_a_year_begins_anew_where_the_person_lives(sandbox: Sandbox) -> None:
    await funded(sandbox)
    year = (await sandbox.now()).year + 1
    # The next year has begun in Kamchatka, and not in Moscow.
    await sandbox.adapter.turn_clock_to(datetime(year, 12, 31, 15, tzinfo=UTC))
    for zone, ends in (
        ("Asia/Kamchatka", datetime(year + 1, 12, 31, 12, 30, tzinfo=UTC)),
        ("Europe/Moscow", datetime(year + 1, 12, 31, 22, tzinfo=UTC)),
    ):
        full = {"earned_this_year": 240_000_000, "zone": zone}
        await sandbox.control("PUT", f"self-employed/{TAX_ID}", full)
        assert isinstance(await sandbox.payout(10, tax_id=TAX_ID), Refused)
        await sandbox.adapter.turn_clock_to(ends)
        person = await sandbox.adapter.find_self_employed(TAX_ID)
        assert isinstance(person, Done)
        assert person.value.earned_this_year == 0
        assert isinstance(await sandbox.payout(10, tax_id=TAX_ID), Done)
    broken = await sandbox.http.put(f"/control/self-employed/{TAX_ID}", json={"zone": "Mars/Olympus"})
    assert broken.status_code == 400


async def test_the_statement_of_a_period_continues_the_one_before(sandbox: Sandbox) -> None:
    start = await sandbox.later()
    await sandbox.forward(10)
    payment = await sandbox.paid(50)
    await sandbox.refund(payment, 20, new_reference())
    middle = await sandbox.later()
    found = await sandbox.adapter.statement("RUB", start, middle)
    assert isinstance(found, Done)
    assert [line.money for line in found.value.lines] == [roubles(50), roubles(-20)]
    after = await sandbox.adapter.statement("RUB", middle, middle + timedelta(days=1))
    at_middle = await sandbox.adapter.balance("RUB", middle)
    assert isinstance(after, Done)
    assert isinstance(at_middle, Done)
    assert found.value.closing == after.value.opening == at_middle.value.held


async def test_faults_drawn_from_a_seed_lose_and_double_nothing(sandbox: Sandbox) -> None:
    await sandbox.paid(10_000)
    await sandbox.control("POST", "faults/seed", {"seed": 11, "rate": 500})  # a slow answer takes a second
    references = [new_reference() for _ in range(15)]
    for reference in references:
        outcome: Outcome[Operation] = Unknown("not sent yet")
        for _ in range(30):
            outcome = await sandbox.payout(1, reference, repeated=True)
            if isinstance(outcome, Done | Pending):
                break
        assert isinstance(outcome, Done | Pending)
    await sandbox.control("DELETE", "faults")
    for reference in references:
        assert len(await sandbox.found(reference)) == 1


async def test_answers_of_somebody_else_are_unknown(sandbox: Sandbox) -> None:
    """A proxy that answers with another object, a redirect or a page proves nothing."""
    other = await sandbox.http.get(f"/v1/payments/{(await sandbox.paid()).id}")
    answers = iter(
        (
            RedirectResponse("/elsewhere", 302),
            Response(other.content, media_type="application/json"),
            JSONResponse({"id": "pmt_1", "amount": 1.5}),
        )
    )
    port = free_port()

    async def proxy(_request: Request) -> Response:
        return next(answers)

    adapter = SandboxProvider(f"http://127.0.0.1:{port}", "key", [SECRET])
    async with served(Starlette(routes=[Route("/{path:path}", proxy)]), port):
        assert [await adapter.get_payment("pmt_1") for _ in range(3)] == [
            Unknown("http_302"),
            Unknown("another_object"),
            Unknown("unreadable"),
        ]
    await adapter.close()


async def test_no_call_is_made_inside_a_unit_of_work(sandbox: Sandbox, resources: Resources) -> None:
    release = asyncio.Event()

    async def later() -> Outcome[Operation]:
        await release.wait()
        return await sandbox.adapter.get_payment("pmt_nobody")

    async with unit_of_work(resources):
        with pytest.raises(NetworkInTransactionError):
            await sandbox.payment()
        with pytest.raises(NetworkInTransactionError):
            await asyncio.create_task(sandbox.adapter.get_payment("pmt_nobody"))
        started_inside = asyncio.create_task(later())
    release.set()
    assert await started_inside == Unknown("not_found"), "the transaction has ended since"
    assert isinstance(await sandbox.payment(), Pending)


async def test_capabilities_are_typed(sandbox: Sandbox) -> None:
    found = await sandbox.adapter.capabilities()
    assert isinstance(found, Done)
    assert isinstance(found.value, Capabilities)
    assert found.value.payout_kinds == frozenset(PayoutKind)
    assert found.value.key_hours == DAY // HOUR


async def test_the_connections_are_closed_with_the_process(
    settings: Settings, database_url: str, redis_url: str
) -> None:
    async with open_resources(settings, database_url=database_url, redis_url=redis_url) as opened:
        adapter = payment_provider_of(replace(opened, trigger_task=None))
        assert isinstance(adapter, SandboxProvider)
    assert adapter._client.is_closed


async def test_without_a_provider_nothing_is_created_and_nothing_is_known(
    sandbox: Sandbox,
) -> None:
    none = NullPaymentProvider()
    real, sandbox.adapter = sandbox.adapter, none  # type: ignore[assignment]
    try:
        assert isinstance(await sandbox.payment(), Refused)
        assert isinstance(await sandbox.payout(repeated=True), Unknown), "an earlier provider may have done it"
        assert isinstance(await none.get_payout("pyt_1"), Unknown)
    finally:
        sandbox.adapter = real
    assert PAID_CARD not in repr(await sandbox.payout())


async def test_the_clock_of_the_site_is_taken_over(sandbox: Sandbox) -> None:
    wanted = await sandbox.now() + timedelta(days=3)
    assert await sandbox.adapter.turn_clock_to(wanted)
    assert wanted <= await sandbox.now() < wanted + timedelta(minutes=1)
    assert not await sandbox.adapter.turn_clock_to(wanted - timedelta(days=1)), "it never goes back"

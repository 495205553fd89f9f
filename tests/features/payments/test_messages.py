"""Messages of the provider: only signed ones are kept, each once, and none of them is needed."""

import json

import httpx
import pytest

from app.features.payments import workflows
from app.features.payments.dependencies import REFUSED
from app.models import Payment, PaymentState
from tests.features.payments.till import Till

ADDRESS = "/webhooks/payments/sandbox"


def refused() -> float:
    """Return how many messages were refused."""
    samples = (each for metric in REFUSED.collect() for each in metric.samples)
    return sum(each.value for each in samples if each.name.endswith("_total"))


async def received(till: Till) -> list[tuple[dict[str, str], bytes]]:
    """Return the messages that the provider has sent, with the headers that matter."""
    await till.sandbox.send_webhooks()
    names = ("webhook-id", "webhook-timestamp", "webhook-signature", "content-type")
    return [({name: headers[name] for name in names}, body) for headers, body in till.sandbox.site.received]


async def post(client: httpx.AsyncClient, message: tuple[dict[str, str], bytes]) -> int:
    headers, body = message
    client.headers.pop("Origin", None)
    return (await client.post(ADDRESS, content=body, headers=headers)).status_code


async def test_a_message_lets_the_payment_be_read_at_once(till: Till, client: httpx.AsyncClient) -> None:
    payment_id = await till.top_up()
    await till.look(payment_id)
    await till.pay(payment_id)
    assert await workflows.run_due(till.resources) == 0, "nothing is due before the message"
    [message] = await received(till)
    assert [await post(client, message) for _ in range(2)] == [204, 204]
    assert await workflows.read_inbox(till.resources) == 1
    assert await workflows.read_inbox(till.resources) == 0
    assert (await till.row(Payment, payment_id)).state is PaymentState.PAID
    assert await till.wallet() == 10_000
    await till.check_books()


async def test_a_message_alone_moves_no_money(till: Till, client: httpx.AsyncClient) -> None:
    payment_id = await till.top_up()
    await till.sandbox.plan("webhook", "webhook_forged")
    await till.look(payment_id)
    await till.pay(payment_id, card="4000000000000002")
    statuses = [await post(client, message) for message in await received(till)]
    assert sorted(statuses) == [204, 403]
    await workflows.read_inbox(till.resources)
    assert (await till.row(Payment, payment_id)).state is PaymentState.CANCELED
    assert await till.wallet() == 0


@pytest.mark.parametrize("spoil", ["body", "signature", "missing", "old"])
async def test_a_message_that_is_not_signed_is_refused_and_counted(
    till: Till, client: httpx.AsyncClient, spoil: str
) -> None:
    payment_id = await till.top_up()
    await till.look(payment_id)
    await till.pay(payment_id)
    headers, body = (await received(till))[0]
    match spoil:
        case "body":
            body = json.dumps(json.loads(body) | {"type": "payment.canceled"}).encode()
        case "signature":
            headers["webhook-signature"] = "v1,AAAA"
        case "missing":
            del headers["webhook-signature"]
        case _:
            headers["webhook-timestamp"] = "1000000000"
    before = refused()
    assert await post(client, (headers, body)) == 403
    assert refused() == before + 1
    assert await workflows.read_inbox(till.resources) == 0


async def test_an_unknown_provider_has_no_address(client: httpx.AsyncClient) -> None:
    client.headers.pop("Origin", None)
    assert (await client.post("/webhooks/payments/nobody", json={})).status_code == 404


async def test_messages_in_any_order_before_the_answer_end_the_same(till: Till, client: httpx.AsyncClient) -> None:
    await till.paid(100)
    till.sandbox.site.received.clear()
    payout_id = await till.withdraw(40)
    await till.sandbox.plan("create_payout", "cut_after")
    await till.look(payout_id)
    messages = await received(till)
    for message in [*reversed(messages), *messages]:
        assert await post(client, message) == 204
    await workflows.read_inbox(till.resources)
    assert await till.wallet() == 6_000
    await till.check_books()

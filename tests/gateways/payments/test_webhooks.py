"""Webhooks of the sandbox provider as the adapter sees them: signatures, repetition, rotation, and every fault."""

import json
from datetime import timedelta

import pytest

from app.core.clock import utc_now
from app.core.payment_port import OperationKind, OperationStatus, Refused, WebhookRefused
from app.core.security.webhook_signatures import sign_webhook, webhook_secret
from app.gateways.payments.sandbox import SandboxProvider
from tests.gateways.payments.provider import HOUR, SECRET, Sandbox, new_reference, value_of

OTHER = webhook_secret(b"another secret of thirty-two byte")
PEER = "127.0.0.1"


def digests(sandbox: Sandbox) -> list[str]:
    """Return what the adapter makes of everything that the site received: a digest, or why it is refused."""
    found: list[str] = []
    for headers, body in sandbox.site.received:
        read = sandbox.adapter.parse_webhook(headers, body, PEER)
        found += [read.code] if isinstance(read, WebhookRefused) else [event.digest for event in read]
    return found


async def test_a_payment_is_told_with_a_valid_signature(sandbox: Sandbox) -> None:
    payment = await sandbox.paid()
    await sandbox.send_webhooks()
    ((headers, body),) = sandbox.site.received
    assert headers["host"] == "shop.example"
    read = sandbox.adapter.parse_webhook(headers, body, PEER)
    assert not isinstance(read, WebhookRefused)
    (event,) = read
    assert (event.type, event.kind) == ("payment.succeeded", OperationKind.PAYMENT)
    assert (event.object_id, event.reference) == (payment.id, payment.reference)
    capitals = {name.title(): value for name, value in headers.items()}
    assert sandbox.adapter.parse_webhook(capitals, body, PEER) == read


@pytest.mark.parametrize(
    ("fault", "argument", "at_once", "in_the_end"),
    [
        ("webhook_lost", 0, 0, 0),
        ("webhook_doubled", 0, 2, 2),
        ("webhook_late", HOUR, 0, 1),
        ("webhook_out_of_order", 0, 0, 0),
        ("webhook_forged", 0, 2, 2),
    ],
)
async def test_each_fault_of_a_webhook_leaves_one_fact_or_none(
    sandbox: Sandbox, fault: str, argument: int, at_once: int, in_the_end: int
) -> None:
    await sandbox.plan("webhook", fault, argument=argument)
    payment = await sandbox.paid()
    await sandbox.send_webhooks()
    assert len(sandbox.site.received) == at_once
    await sandbox.forward(HOUR)
    assert len(sandbox.site.received) == in_the_end
    believed = [digest for digest in digests(sandbox) if digest.startswith("msg_")]
    assert len(set(believed)) == min(in_the_end, 1)
    assert value_of(await sandbox.adapter.get_payment(payment.id)).status is OperationStatus.SUCCEEDED
    if fault == "webhook_forged":
        assert digests(sandbox)[0] == "wrong_signature"
        assert json.loads(sandbox.site.received[0][1])["data"]["amount"] == payment.money.amount * 10
    await sandbox.paid()
    await sandbox.send_webhooks()  # what was held back follows the next one
    await sandbox.send_webhooks()
    if fault == "webhook_out_of_order":
        objects = [json.loads(body)["data"]["id"] for _headers, body in sandbox.site.received]
        assert objects[1:] == [payment.id]


async def test_a_webhook_may_come_before_the_answer(sandbox: Sandbox) -> None:
    await sandbox.paid(1000)
    await sandbox.send_webhooks()
    sandbox.site.received.clear()
    await sandbox.plan("create_payout", "webhook_early")
    reference = new_reference()
    payout = value_of(await sandbox.payout(5, reference))
    assert [json.loads(body)["data"]["id"] for _headers, body in sandbox.site.received] == [payout.id]


async def test_an_unanswered_webhook_is_repeated_with_growing_pauses_and_one_digest(sandbox: Sandbox) -> None:
    sandbox.site.statuses = [500, 302, 404]
    await sandbox.paid()
    await sandbox.send_webhooks()
    assert len(sandbox.site.received) == 1
    for pause, received in ((4, 1), (2, 2), (25, 2), (6, 3), (121, 4), (100 * HOUR, 4)):
        await sandbox.forward(pause)
        assert len(sandbox.site.received) == received
    assert len(set(digests(sandbox))) == 1


async def test_a_webhook_nobody_takes_is_given_up(sandbox: Sandbox) -> None:
    sandbox.site.statuses = [503] * 20
    await sandbox.paid()
    for _ in range(10):
        await sandbox.forward(49 * HOUR)
    listed = await sandbox.control("GET", "webhooks")
    assert listed["messages"][-1]["state"] == "given_up"
    assert len(sandbox.site.received) == listed["messages"][-1]["attempts"] == 9


async def test_secrets_rotate_without_a_refused_message(sandbox: Sandbox) -> None:
    newer = SandboxProvider(sandbox.url, "key", [OTHER, SECRET])
    newest = SandboxProvider(sandbox.url, "key", [OTHER])
    try:
        await sandbox.control("POST", "webhook-secrets", {"secret": OTHER})
        await sandbox.paid()
        await sandbox.send_webhooks()
        await sandbox.control("DELETE", "webhook-secrets")
        await sandbox.paid()
        await sandbox.send_webhooks()
        (both, only_new) = sandbox.site.received
        for adapter in (sandbox.adapter, newer, newest):
            assert not isinstance(adapter.parse_webhook(*both, PEER), WebhookRefused)
        assert not isinstance(newer.parse_webhook(*only_new, PEER), WebhookRefused)
        assert sandbox.adapter.parse_webhook(*only_new, PEER) == WebhookRefused("wrong_signature")
    finally:
        await sandbox.control("POST", "webhook-secrets", {"secret": SECRET})
        await sandbox.control("DELETE", "webhook-secrets")
        await newer.close()
        await newest.close()


async def test_what_was_changed_or_is_old_is_refused(sandbox: Sandbox) -> None:
    await sandbox.paid()
    await sandbox.send_webhooks()
    ((headers, body),) = sandbox.site.received
    parse = sandbox.adapter.parse_webhook
    altered = body.replace(b"10000", b"90000")
    assert altered != body
    assert parse(headers, altered, PEER) == WebhookRefused("wrong_signature")
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        assert parse({k: v for k, v in headers.items() if k != name}, body, PEER) == WebhookRefused("headers_missing")
    assert parse(headers | {"webhook-id": "msg_other"}, body, PEER) == WebhookRefused("wrong_signature")
    assert parse(headers | {"webhook-signature": "v1,é v2,x"}, body, PEER) == WebhookRefused("wrong_signature")
    assert parse(headers, b"x" * 65_537, PEER) == WebhookRefused("too_long")


@pytest.mark.parametrize(("age", "believed"), [(299, True), (-299, True), (302, False), (-302, False)])
async def test_five_minutes_are_tolerated_and_a_later_replay_is_refused(age: int, believed: bool) -> None:
    adapter = SandboxProvider("http://127.0.0.1:9", "key", [SECRET])
    sent = str(int((utc_now() - timedelta(seconds=age)).timestamp()))
    headers = {"webhook-id": "msg_1", "webhook-timestamp": sent}
    headers["webhook-signature"] = sign_webhook(SECRET, "msg_1", sent, b"{}")
    assert adapter.parse_webhook(headers, b"{}", PEER) == WebhookRefused(
        "unreadable" if believed else "too_old_or_early"
    )
    await adapter.close()


def test_the_signature_is_that_of_the_specification() -> None:
    """The example of the specification and of its libraries."""
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    signature = sign_webhook(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body)
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    with pytest.raises(ValueError, match="Base64"):
        sign_webhook("whsec_not base64", "msg_1", "1", body)


async def test_a_canceled_payment_is_told_too(sandbox: Sandbox) -> None:
    payment = value_of(await sandbox.payment())
    await sandbox.choose(payment, card="4000000000000002")
    await sandbox.send_webhooks()
    assert [json.loads(body)["type"] for _headers, body in sandbox.site.received] == ["payment.canceled"]
    assert isinstance(await sandbox.adapter.get_payment(payment.id), Refused)

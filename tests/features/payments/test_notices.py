"""Whoever pays or is paid is told on the site and by e-mail: arrived, failed, paid out, back again."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from app.core.ports import Mail
from tests.conftest import SignIn
from tests.factories.users import actor_for
from tests.features.payments.till import Till
from tests.gateways.payments.provider import DAY

TAX_ID = "500100732259"


async def do_failed_payment(till: Till) -> None:
    payment_id = await till.top_up()
    await till.look(payment_id)
    await till.pay(payment_id, card="4000000000000002")
    await till.look(payment_id)


async def do_other_amount(till: Till) -> None:
    payment_id = await till.top_up()
    await till.sandbox.plan("create_payment", "wrong_amount", argument=-1)
    await till.look(payment_id)
    await till.pay(payment_id)
    await till.look(payment_id)


async def do_payout(till: Till) -> None:
    await till.paid()
    await till.look(await till.withdraw())


async def do_failed_payout(till: Till) -> None:
    await till.paid()
    await till.look(await till.withdraw(card="4000000000000002"))


async def do_returned_payout(till: Till) -> None:
    await till.paid()
    payout_id = await till.withdraw(card="4000000000000341")
    await till.look(payout_id)
    await till.sandbox.forward(DAY)
    await till.look(payout_id)


async def do_annulled_receipt(till: Till) -> None:
    await till.sandbox.control("PUT", f"self-employed/{TAX_ID}", {})
    await till.paid()
    payout_id = await till.withdraw(tax_id=TAX_ID)
    await till.look(payout_id)
    await till.sandbox.control("POST", f"payouts/{(await till.operation(payout_id)).provider_id}/annul-cheque")
    await till.look(payout_id)


async def do_refund(till: Till) -> None:
    await till.look(await till.refund(await till.paid()))


async def do_failed_refund(till: Till) -> None:
    payment_id = await till.paid()
    await till.sandbox.plan("create_refund", "refuse_before")
    await till.look(await till.refund(payment_id))


@pytest.mark.parametrize(
    ("happens", "kinds"),
    [
        (do_failed_payment, ["payment_failed"]),
        (do_other_amount, ["payment_questioned"]),
        (do_payout, ["payout_paid", "payment_received"]),
        (do_failed_payout, ["money_back", "payment_received"]),
        (do_returned_payout, ["money_back", "payout_paid", "payment_received"]),
        (do_annulled_receipt, ["cheque_annulled", "payout_paid", "payment_received"]),
        (do_refund, ["card_refund_paid", "payment_received"]),
        (do_failed_refund, ["money_back", "payment_received"]),
    ],
)
async def test_people_are_told_what_became_of_their_money(  # noqa: PLR0913, PLR0917 - fixtures
    till: Till,
    client: httpx.AsyncClient,
    sign_in: SignIn,
    settle: Callable[..., Awaitable[Any]],
    mailbox: list[Mail],
    happens: Callable[[Till], Awaitable[None]],
    kinds: list[str],
) -> None:
    till.actor = actor_for(await sign_in(client, email="vera@example.org"))
    await happens(till)
    await settle()
    listed = (await client.get("/api/v1/notifications")).json()["items"]
    assert sorted(each["kind"] for each in listed) == sorted(kinds)
    assert all("RUB" in each["text"] and each["href"].startswith("/wallet/") for each in listed)
    assert len(mailbox) == len(kinds)

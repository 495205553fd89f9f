"""Messages about deals: who is notified of what, and which of them let silence count."""

from collections.abc import Awaitable, Callable

import httpx

from app.core.ports import Mail
from app.features.contracts import service
from app.features.notifications.rules import readers_of_deal
from app.models import MilestoneStatus, TimerKind
from tests.factories.deals import make_deal
from tests.factories.orders import Market
from tests.factories.users import confirm_contacts

type Settle = Callable[[], Awaitable[object]]


def test_the_other_party_is_notified_or_both_where_nobody_acted() -> None:
    assert readers_of_deal("fund", "customer", "c", "f") == ["f"]
    assert readers_of_deal("ask_refund", "customer", "c", "f") == ["f"]
    assert readers_of_deal("return_money", "freelancer", "c", "f") == ["c"]
    assert readers_of_deal("accept_by_silence", "system", "c", "f") == ["c", "f"]
    assert readers_of_deal("available", "system", "c", "f") == ["f"]
    assert readers_of_deal("submit", "freelancer", "c", "f") == []


async def test_mails_that_were_sent_and_notices_let_silence_count(
    market: Market,
    settle: Settle,
    mailbox: list[Mail],
    new_client: Callable[[], Awaitable[httpx.AsyncClient]],
) -> None:
    scene = await make_deal(market)
    await confirm_contacts(market.uow)
    await scene.submitted()
    await settle()
    (waiting,) = [mail for mail in mailbox if "Work waits for your review" in mail.subject]
    assert "Check the work" in waiting.text
    freelancer = await market.sign_in(await new_client(), scene.freelancer)
    news = (await freelancer.get("/api/v1/notifications")).json()["items"]
    assert "Contract for “Интернет-магазин для пекарни”: The client paid in from the wallet." in {
        notice["text"] for notice in news
    }
    await scene.sweep(TimerKind.REVIEW)
    assert (await scene.milestone()).status is MilestoneStatus.SUBMITTED  # told twice only
    await scene.sweep(TimerKind.REMIND_OF_REVIEW)
    await settle()
    await scene.sweep(TimerKind.REVIEW)
    assert (await scene.milestone()).status is MilestoneStatus.ACCEPTED


async def test_opening_the_notification_is_known_to_have_arrived(
    market: Market, settle: Settle, new_client: Callable[[], Awaitable[httpx.AsyncClient]]
) -> None:
    scene = await make_deal(market)
    submission = await scene.submitted()
    await scene.notify(submission, delivered=False)
    await settle()
    customer = await market.sign_in(await new_client(), scene.customer)
    news = (await customer.get("/api/v1/notifications")).json()["items"]
    (review,) = [notice for notice in news if notice["kind"] == "review_waits"]
    assert review["href"] == f"/contracts/{scene.contract_id}#submission-{submission.id}"
    await scene.sweep(TimerKind.REVIEW)
    assert (await scene.milestone()).status is MilestoneStatus.SUBMITTED
    assert (await customer.post(f"/api/v1/notifications/{review['id']}/read")).is_success
    await scene.sweep(TimerKind.REVIEW)
    assert (await scene.milestone()).status is MilestoneStatus.ACCEPTED
    async with market.uow() as work:
        shown = await service.get_contract(work.session, scene.customer, scene.contract_id)
    assert shown.deal is not None
    assert shown.deal.timeline[0].event == "accept_by_silence"

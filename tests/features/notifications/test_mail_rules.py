"""One e-mail about a thing while the last is unread, and none about what was taken back within minutes."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from string import Formatter
from typing import cast

import httpx
import pytest
import pytest_asyncio
import time_machine
from sqlalchemy import select

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.ids import new_id
from app.core.messaging.worker import Outcome
from app.core.ports import Mail
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.notifications import rules, service
from app.features.notifications.tasks import send_mail
from app.features.orders import service as orders
from app.features.orders.schemas import InvitationCreate, OrderClose, OrderPatch
from app.features.proposals import service as proposals
from app.features.proposals.schemas import OfferCounter
from app.gateways.mail import MailUnavailableError, NullMailer
from app.models import Offer, Order
from app.models.notification import MailMessage, MailStatus, NoticeKind
from app.models.user import User
from tests.factories.commands import OPERATOR
from tests.factories.orders import Market, rub

type Settle = Callable[..., Awaitable[list[Outcome]]]
type NewClient = Callable[[], Awaitable[httpx.AsyncClient]]
LIST = "/api/v1/notifications"
LATER = rules.REVERSIBLE + timedelta(seconds=1)


def test_every_kind_has_a_rule_or_a_reason() -> None:
    """What other people can cause is joined by what it is about; anything else says why it is not."""
    joined = {kind for kind, rule in rules.MAIL_RULES.items() if rule.about is not None}
    assert joined | set(rules.NOBODY_ELSES) == set(NoticeKind)
    assert joined & set(rules.NOBODY_ELSES) == set()
    for kind in joined:
        places = {name for _text, name, _spec, _conversion in Formatter().parse(rules.MAIL_RULES[kind].about or "")}
        assert places - {None} <= {
            "order_id",
            "person_id",
            "conversation_id",
            "contract_id",
            "submission_id",
            "deal_id",
        }


class Deal:
    """A customer with an order, and a freelancer with a proposal for it; both have confirmed addresses."""

    def __init__(self, market: Market, resources: Resources, settle: Settle) -> None:
        self.market, self.resources, self.settle = market, resources, settle

    async def start(self) -> "Deal":
        self.customer, self.anna = await self.person("bakery"), await self.person("anna")
        self.order = await self.market.order(self.customer, title="A shop for bread")
        self.proposal = await self.market.proposal(self.order, self.anna)
        with time_machine.travel(utc_now() + LATER, tick=False):
            await self.settle()
        await self.read_all(self.customer)
        return self

    async def person(self, name: str) -> Actor:
        actor = await self.market.person(name)
        async with self.market.uow() as work:
            (await work.session.get_one(User, actor.id)).email_confirmed_at = utc_now()
        return actor

    async def edit(self, number: int) -> None:
        async with self.market.uow() as work:
            await orders.edit_order(work, self.customer, self.order.id, OrderPatch(title=f"A shop for bread {number}"))

    async def withdraw(self, offer: Offer) -> None:
        async with self.market.uow() as work:
            await proposals.withdraw_offer(work, self.customer, offer.id)

    async def read_all(self, actor: Actor) -> None:
        async with self.market.uow() as work:
            await service.mark_all_read(work, actor)

    async def notices(self, actor: Actor) -> list[tuple[str, int, bool]]:
        async with self.resources.sessions() as session:
            found = await service.list_notices(session, actor, None, 100)
        return [(notice.kind.value, notice.count, notice.read) for notice in found.items]


@pytest_asyncio.fixture(loop_scope="session")
async def deal(market: Market, resources: Resources, settle: Settle, mailbox: list[Mail]) -> Deal:
    made = await Deal(market, resources, settle).start()
    mailbox.clear()
    return made


def params_of(kind: NoticeKind, order: Order) -> dict[str, str]:
    place = rules.WORDINGS[kind].href or ""
    names = {name for _text, name, _spec, _conversion in Formatter().parse(place) if name}
    return {name: str(new_id()) for name in names | {"person_id"}} | {"order_id": str(order.id)}


# An e-mail about a message is sent for a conversation that exists: tests/features/chat/test_messages.py.
JOINED = [kind for kind, rule in rules.MAIL_RULES.items() if rule.about and kind is not NoticeKind.MESSAGE_RECEIVED]


@pytest.mark.parametrize("kind", JOINED)
async def test_a_flood_about_one_thing_is_one_mail_and_one_row(
    deal: Deal, mailbox: list[Mail], kind: NoticeKind
) -> None:
    about = params_of(kind, deal.order)

    async def emit(numbers: range) -> None:
        for number in numbers:
            async with unit_of_work(deal.resources) as uow:
                await service.notify(uow, str(deal.anna.id), kind, number, **about)

    rule = rules.MAIL_RULES[kind]
    expected = 1 if rule.mailed and not rule.undoes else 0
    await emit(range(1_000, 1_025))
    with time_machine.travel(utc_now() + LATER, tick=False):
        await send_mail(deal.resources)
        assert len(mailbox) == expected
        await emit(range(1_025, 1_030))
        await send_mail(deal.resources)
    with time_machine.travel(utc_now() + 2 * LATER, tick=False):
        await send_mail(deal.resources)
    assert len(mailbox) == expected
    assert (kind.value, 30, False) in await deal.notices(deal.anna)


async def test_edits_of_a_second_are_one_mail_about_the_newest(deal: Deal, mailbox: list[Mail]) -> None:
    for number in range(25):
        await deal.edit(number)
    await deal.settle()
    assert mailbox == []
    with time_machine.travel(utc_now() + LATER, tick=False):
        await deal.settle()
        (mail,) = mailbox
        assert (mail.to, "A shop for bread 24" in mail.text) == ("anna@example.org", True)
        await deal.edit(25)
        await deal.settle()
        assert len(mailbox) == 1
    assert await deal.notices(deal.anna) == [("order_edited", 26, False)]


async def test_offers_made_and_withdrawn_are_told_on_the_site_only(deal: Deal, mailbox: list[Mail]) -> None:
    for _time in range(15):
        await deal.withdraw(await deal.market.offer(deal.customer, deal.proposal.id))
    await deal.settle()
    with time_machine.travel(utc_now() + LATER, tick=False):
        await deal.settle()
    assert mailbox == []
    assert await deal.notices(deal.anna) == [("offer_withdrawn", 30, False)]


async def test_an_offer_that_stands_after_some_withdrawn_is_told_once(deal: Deal, mailbox: list[Mail]) -> None:
    for _time in range(5):
        await deal.withdraw(await deal.market.offer(deal.customer, deal.proposal.id))
    stands = await deal.market.offer(deal.customer, deal.proposal.id)
    await deal.settle()
    with time_machine.travel(utc_now() + LATER, tick=False):
        await deal.settle()
    (mail,) = mailbox
    assert f"/offers/{stands.id}" in mail.text


async def test_withdrawing_what_was_told_or_read_is_told(deal: Deal, mailbox: list[Mail]) -> None:
    offer = await deal.market.offer(deal.customer, deal.proposal.id)
    await deal.settle()
    await deal.read_all(deal.anna)
    await deal.withdraw(offer)
    await deal.settle()
    with time_machine.travel(utc_now() + LATER, tick=False):
        await deal.settle()
    (mail,) = mailbox
    assert mail.subject == "Terms were taken back"


async def test_a_day_later_the_unread_is_told_again(deal: Deal, mailbox: list[Mail]) -> None:
    await deal.edit(1)
    await deal.settle()
    with time_machine.travel(utc_now() + LATER, tick=False) as clock:
        await deal.settle()
        assert len(mailbox) == 1
        await deal.edit(2)
        await deal.settle()
        clock.shift(timedelta(hours=23))
        await send_mail(deal.resources)
        assert len(mailbox) == 1
        clock.shift(timedelta(hours=2))
        await send_mail(deal.resources)
    assert len(mailbox) == 2
    assert "A shop for bread 2" in mailbox[1].text


async def test_whoever_has_read_the_last_is_mailed_about_the_next(deal: Deal, mailbox: list[Mail]) -> None:
    await deal.edit(1)
    await deal.settle()
    with time_machine.travel(utc_now() + LATER, tick=False) as clock:
        await deal.settle()
        await deal.edit(2)
        await deal.settle()  # its e-mail waits for tomorrow
        await deal.read_all(deal.anna)
        await deal.edit(3)
        await deal.settle()
        clock.shift(LATER)
        await send_mail(deal.resources)
    assert ["A shop for bread 3" in mail.text for mail in mailbox] == [False, True]


async def test_what_was_read_on_the_site_is_not_mailed(deal: Deal, mailbox: list[Mail]) -> None:
    await deal.edit(1)
    await deal.settle()
    await deal.read_all(deal.anna)
    with time_machine.travel(utc_now() + LATER, tick=False):
        await deal.settle()
    assert mailbox == []


async def test_a_proposal_or_invitation_of_minutes_is_not_mailed(
    deal: Deal, mailbox: list[Mail], new_client: NewClient
) -> None:
    boris = await deal.person("boris")
    async with deal.market.uow() as work:
        await orders.invite(work, deal.customer, deal.order.id, InvitationCreate(username="boris"))
    await deal.settle()
    sent = await deal.market.proposal(deal.order, boris)
    async with deal.market.uow() as work:
        await proposals.withdraw_proposal(work, boris, sent.id)
        await orders.close_order(work, deal.customer, deal.order.id, OrderClose())
    await deal.settle()
    with time_machine.travel(utc_now() + LATER, tick=False):
        await deal.settle()
    assert [mail.subject for mail in mailbox if mail.to != "anna@example.org"] == []
    assert ("invitation_received", 1, False) in await deal.notices(boris)
    assert ("proposal_withdrawn", 2, False) in await deal.notices(deal.customer)
    page = await (await deal.market.sign_in(await new_client(), deal.customer)).get("/notifications")
    assert "2 times" in page.text


async def test_an_offer_that_was_answered_is_read(deal: Deal, mailbox: list[Mail]) -> None:
    offer = await deal.market.offer(deal.customer, deal.proposal.id)
    await deal.settle()
    async with deal.market.uow() as work:
        command = OfferCounter(price=rub(65_000), term_days=12)
        await proposals.counter_offer(work, deal.anna, offer.id, command)
    await deal.settle()
    with time_machine.travel(utc_now() + LATER, tick=False):
        await deal.settle()
    assert [mail.to for mail in mailbox] == ["bakery@example.org"]
    assert await deal.notices(deal.anna) == [("offer_made", 1, True)]


async def test_news_during_the_dialogue_with_the_server_is_not_lost(deal: Deal, mailbox: list[Mail]) -> None:
    await deal.edit(1)
    await deal.settle()
    with time_machine.travel(utc_now() + LATER, tick=False) as clock:
        async with unit_of_work(deal.resources) as uow:
            draft = await service.claim_mail(uow)
        assert draft is not None
        await deal.edit(2)
        await deal.settle()
        async with unit_of_work(deal.resources) as uow:
            await service.mark_sent(uow, draft)
        clock.shift(timedelta(hours=25))
        await send_mail(deal.resources)
    (mail,) = mailbox
    assert "A shop for bread 2" in mail.text


async def test_a_mail_given_up_does_not_hold_back_the_next(deal: Deal, mailbox: list[Mail]) -> None:
    mailer = cast("NullMailer", deal.resources.mailer)
    await deal.edit(1)
    await deal.settle()
    with time_machine.travel(utc_now() + LATER, tick=False) as clock:
        for _try in range(rules.MAX_ATTEMPTS):
            mailer.trouble.append(MailUnavailableError("timeout"))
            await send_mail(deal.resources)
            clock.shift(rules.MAX_DELAY)
        await deal.edit(2)
        await deal.settle()
        async with unit_of_work(deal.resources) as uow:
            (dead,) = await service.dead_mails(uow.session)
            assert await service.retry_mail(uow, OPERATOR, dead.id)
        clock.shift(LATER)
        await send_mail(deal.resources)
    assert len(mailbox) == 2
    async with deal.resources.sessions() as session:
        queued = select(MailMessage).where(MailMessage.status == MailStatus.QUEUED)
        assert (await session.execute(queued)).scalars().all() == []


async def test_news_recorded_in_another_order_shows_the_newest(deal: Deal, mailbox: list[Mail]) -> None:
    about = {"order_id": str(deal.order.id), "person_id": str(deal.customer.id), "offer_id": str(new_id())}
    for kind, number in ((NoticeKind.OFFER_WITHDRAWN, 2_000), (NoticeKind.OFFER_MADE, 1_999)):
        async with unit_of_work(deal.resources) as uow:
            await service.notify(uow, str(deal.anna.id), kind, number, **about)
    with time_machine.travel(utc_now() + LATER, tick=False):
        await send_mail(deal.resources)
    assert mailbox == []
    assert await deal.notices(deal.anna) == [("offer_withdrawn", 2, False)]


async def test_a_row_that_was_renewed_cannot_be_marked_as_read_unseen(deal: Deal, new_client: NewClient) -> None:
    await deal.edit(1)
    await deal.settle()
    client = await deal.market.sign_in(await new_client(), deal.anna)
    (seen,) = (await client.get(LIST)).json()["items"]
    for number in (2, 3):
        await deal.edit(number)
        await deal.settle()
        stale = await client.post(f"{LIST}/{seen['id']}/read")
        assert (stale.status_code, stale.json()["read"]) == (200, False), "accepted, but what is new was not seen"
        assert stale.json()["id"] != seen["id"]
    client.headers["Accept"] = "text/html"
    opened = await client.post(f"/notifications/{seen['id']}/open")
    assert (opened.status_code, opened.headers["location"][:8]) == (303, "/orders/")
    client.headers["Accept"] = "application/json"
    unknown = await client.post(f"{LIST}/{new_id()}/read")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "notice-not-found")
    assert "open your notifications again" in unknown.json()["detail"]
    assert (await client.get(f"{LIST}/unread-count")).json() == {"count": 1}

"""Offers and counter-offers: permissions, fixed terms, expiry, and notifications."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
import time_machine
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.ports import Mail
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.contracts import service as contracts
from app.features.orders import service as orders
from app.features.orders.errors import OrderChangedError
from app.features.orders.schemas import OrderClose, OrderPatch
from app.features.proposals import service
from app.features.proposals.errors import (
    InvalidProposalError,
    OfferLapsedError,
    OfferNotFoundError,
    OfferPendingError,
    OfferStateError,
    ProposalStateError,
    WrongSideError,
)
from app.features.proposals.schemas import OfferCounter, OfferDecline, ProposalDecline
from app.features.proposals.tasks import lapse_offers, remind_of_offers
from app.models import Offer, OfferSide, OfferStatus, Order, OrderStatus, Proposal, ProposalStatus, User
from tests.factories.orders import Market, rub

type NewClient = Callable[[], Awaitable[httpx.AsyncClient]]
type Settle = Callable[..., Awaitable[object]]


class Deal:
    """A customer, two freelancers and their proposals for one order."""

    def __init__(self, market: Market, resources: Resources) -> None:
        self.market, self.resources = market, resources

    async def start(self) -> "Deal":
        self.customer = await self.market.person("bakery")
        self.anna, self.boris = await self.market.person("anna"), await self.market.person("boris")
        self.order = await self.market.order(self.customer, title="A shop for bread")
        self.first = await self.market.proposal(self.order, self.anna)
        self.second = await self.market.proposal(self.order, self.boris)
        return self

    async def offer(self, proposal: Proposal | None = None, **fields: object) -> Offer:
        return await self.market.offer(self.customer, (proposal or self.first).id, **fields)

    async def counter(self, actor: Actor, offer_id: UUID, amount: int = 65_000) -> Offer:
        async with self.market.uow() as work:
            return await service.counter_offer(work, actor, offer_id, OfferCounter(price=rub(amount), term_days=12))

    async def accept(self, actor: Actor, offer_id: UUID, version: int | None = None) -> Offer:
        async with self.market.uow() as work:
            return await contracts.accept_offer(work, actor, offer_id, version)

    async def states(self) -> tuple[OrderStatus, ProposalStatus, ProposalStatus]:
        async with self.resources.sessions() as session:
            order = (await session.execute(select(Order.status).where(Order.id == self.order.id))).scalar_one()
            rows = await session.execute(select(Proposal.id, Proposal.status).where(Proposal.order_id == self.order.id))
            by_id = {row.id: row.status for row in rows}
        return order, by_id[self.first.id], by_id[self.second.id]

    async def offers(self) -> list[tuple[int, OfferSide, OfferStatus, int]]:
        async with self.resources.sessions() as session:
            rows = await session.execute(select(Offer).where(Offer.order_id == self.order.id).order_by(Offer.number))
            return [(row.number, row.made_by, row.status, row.price_amount) for row in rows.scalars()]


@pytest_asyncio.fixture(loop_scope="session")
async def deal(market: Market, resources: Resources) -> Deal:
    return await Deal(market, resources).start()


async def test_terms_go_back_and_forth_until_both_agree(deal: Deal) -> None:
    offer = await deal.offer()
    assert await deal.states() == (OrderStatus.OPEN, ProposalStatus.OFFERED, ProposalStatus.SENT)
    with pytest.raises(WrongSideError):
        await deal.counter(deal.customer, offer.id)
    theirs = await deal.counter(deal.anna, offer.id)
    assert await deal.states() == (OrderStatus.OPEN, ProposalStatus.COUNTERED, ProposalStatus.SENT)
    with pytest.raises(OfferStateError):
        await deal.accept(deal.anna, offer.id)
    with pytest.raises(WrongSideError):
        await deal.accept(deal.anna, theirs.id)
    last = await deal.counter(deal.customer, theirs.id, 62_000)
    agreed = await deal.accept(deal.anna, last.id)
    assert (agreed.status, agreed.price_amount, agreed.order_version) == (OfferStatus.ACCEPTED, 6_200_000, 1)
    assert await deal.states() == (OrderStatus.AWARDED, ProposalStatus.ACCEPTED, ProposalStatus.DECLINED)
    assert await deal.offers() == [
        (1, OfferSide.CUSTOMER, OfferStatus.COUNTERED, 6_000_000),
        (2, OfferSide.FREELANCER, OfferStatus.COUNTERED, 6_500_000),
        (3, OfferSide.CUSTOMER, OfferStatus.ACCEPTED, 6_200_000),
    ]
    for reader in (deal.customer, deal.anna):
        async with deal.market.uow() as work:
            shown = await service.get_proposal(work.session, reader, deal.first.id)
        assert shown.offer is None
        assert shown.agreed is not None
        assert (shown.agreed.id, shown.agreed.price.amount) == (last.id, 6_200_000), "what holds, not what was asked"


async def test_a_proposal_chosen_as_it_stands_is_agreed_terms_too(deal: Deal) -> None:
    async with deal.market.uow() as work:
        await contracts.accept_proposal(work, deal.customer, deal.first.id)
    assert await deal.offers() == [(1, OfferSide.FREELANCER, OfferStatus.ACCEPTED, deal.first.price_amount)]


async def test_one_offer_of_an_order_waits_at_a_time(deal: Deal) -> None:
    offer = await deal.offer()
    with pytest.raises(OfferPendingError):
        await deal.offer(deal.second)
    async with deal.market.uow() as work:
        with pytest.raises(OfferPendingError):
            await contracts.accept_proposal(work, deal.customer, deal.second.id)
    with pytest.raises(ProposalStateError):
        await deal.offer(deal.first)
    async with deal.market.uow() as work:
        with pytest.raises(WrongSideError):
            await service.withdraw_offer(work, deal.anna, offer.id)
    async with deal.market.uow() as work:
        await service.withdraw_offer(work, deal.customer, offer.id)
    assert await deal.states() == (OrderStatus.OPEN, ProposalStatus.SHORTLISTED, ProposalStatus.SENT)
    await deal.offer(deal.second)
    assert (await deal.states())[2] is ProposalStatus.OFFERED


async def test_declined_terms_leave_the_proposal_as_it_stood(deal: Deal) -> None:
    offer = await deal.offer()
    async with deal.market.uow() as work:
        declined = await service.decline_offer(work, deal.anna, offer.id, OfferDecline(note="Too little."))
    assert (declined.status, declined.note) == (OfferStatus.DECLINED, "Too little.")
    assert (await deal.states())[1] is ProposalStatus.SHORTLISTED
    async with deal.market.uow() as work:
        await contracts.accept_proposal(work, deal.customer, deal.first.id)
    assert [row[2] for row in await deal.offers()] == [OfferStatus.DECLINED, OfferStatus.ACCEPTED]


async def test_contacts_are_marked_to_the_side_that_reads_them(deal: Deal, new_client: NewClient) -> None:
    offer = await deal.offer(message="Пишите в телеграм @bread_shop, договоримся там.")
    marks = {}
    for actor in (deal.customer, deal.anna):
        async with deal.resources.sessions() as session:
            marks[actor.username] = (await service.get_offer(session, actor, offer.id)).contacts
    assert marks == {"bakery": [], "anna": ["messenger"]}
    client = await new_client()
    await deal.market.sign_in(client, deal.anna)
    page = await client.get(f"/offers/{offer.id}", headers={"Accept": "text/html"})
    assert "seem to name" in page.text
    async with deal.market.uow() as work:
        await service.decline_offer(work, deal.anna, offer.id, OfferDecline(note="Или звоните +7 912 345-67-89"))
    async with deal.resources.sessions() as session:
        assert (await service.get_offer(session, deal.customer, offer.id)).contacts == ["phone"]


async def test_what_is_refused_changes_nothing(deal: Deal) -> None:
    stranger = await deal.market.person()
    with pytest.raises(InvalidProposalError) as wrong:
        await deal.offer(price={"amount": 100, "currency": "USD"})
    assert wrong.value.errors[0].loc == ("body", "price")
    parts = [{"title": "All of it", "amount": 100, "days": 3}]
    with pytest.raises(InvalidProposalError) as wrong:
        await deal.offer(milestones=parts)
    assert wrong.value.errors[0].loc == ("body", "milestones")
    assert await deal.offers() == []
    offer = await deal.offer()
    for actor in (stranger, deal.boris):
        with pytest.raises(OfferNotFoundError):
            await deal.accept(actor, offer.id)
    async with deal.market.uow() as work:
        await orders.edit_order(work, deal.customer, deal.order.id, OrderPatch(title="Another shop", version=1))
    with pytest.raises(OrderChangedError):
        await deal.accept(deal.anna, offer.id, 1)
    assert (await deal.states())[:2] == (OrderStatus.OPEN, ProposalStatus.OFFERED)
    await deal.accept(deal.anna, offer.id, 2)


async def test_the_database_keeps_the_terms_and_their_number(deal: Deal) -> None:
    offer = await deal.offer()
    for change in ({"price_amount": 1}, {"term_days": 1}, {"message": "else"}, {"made_by": OfferSide.FREELANCER}):
        with pytest.raises(DBAPIError, match="stay as they were written"):
            async with deal.resources.sessions() as session, session.begin():
                await session.execute(update(Offer).where(Offer.id == offer.id).values(**change))
    copy = text(
        "INSERT INTO offers (id, order_id, order_version, proposal_id, number, made_by, price_amount, currency,"
        " term_days, expires_at) SELECT gen_random_uuid(), order_id, order_version, proposal_id, 9, made_by,"
        " price_amount, currency, term_days, expires_at FROM offers WHERE id = :id"
    )
    with pytest.raises(DBAPIError, match="uq_offers_open"):
        async with deal.resources.sessions() as session, session.begin():
            await session.execute(copy, {"id": offer.id})


async def test_a_freelancer_who_does_not_answer_has_left(deal: Deal) -> None:
    offer = await deal.offer()
    with time_machine.travel(utc_now() + timedelta(hours=72, minutes=1), tick=False):
        with pytest.raises(OfferLapsedError):
            await deal.accept(deal.anna, offer.id)
        assert await lapse_offers(deal.resources) == 1
        assert await lapse_offers(deal.resources) == 0
    assert await deal.states() == (OrderStatus.OPEN, ProposalStatus.LAPSED, ProposalStatus.SENT)
    async with deal.resources.sessions() as session:
        assert (await orders.get_order(session, None, deal.order.id)).proposals_count == 1
    await deal.market.proposal(deal.order, deal.anna)


async def test_a_customer_who_does_not_answer_has_not_left(deal: Deal) -> None:
    theirs = await deal.counter(deal.anna, (await deal.offer()).id)
    with time_machine.travel(utc_now() + timedelta(hours=71), tick=False):
        assert await lapse_offers(deal.resources) == 0, "no clock strikes early"
    with time_machine.travel(utc_now() + timedelta(hours=73), tick=False):
        assert await lapse_offers(deal.resources) == 1
    assert (await deal.states())[1] is ProposalStatus.SHORTLISTED
    assert [row[2] for row in await deal.offers()] == [OfferStatus.COUNTERED, OfferStatus.LAPSED]
    assert theirs.number == 2


@pytest.mark.parametrize("how", ["declined", "withdrawn", "closed"])
async def test_an_offer_ends_with_its_proposal(deal: Deal, settle: Settle, how: str) -> None:
    offer = await deal.offer()
    async with deal.market.uow() as work:
        if how == "declined":
            await service.decline_proposal(work, deal.customer, deal.first.id, ProposalDecline())
        elif how == "withdrawn":
            await service.withdraw_proposal(work, deal.anna, deal.first.id)
        else:
            await orders.close_order(work, deal.customer, deal.order.id, OrderClose())
    if how == "closed":
        with pytest.raises(OfferStateError):
            await deal.accept(deal.anna, offer.id)
    await settle()
    assert [row[2] for row in await deal.offers()] == [
        OfferStatus.DECLINED if how == "withdrawn" else OfferStatus.WITHDRAWN
    ]
    if how != "closed":
        await deal.offer(deal.second)


async def test_a_paused_order_may_still_be_agreed_on(deal: Deal) -> None:
    offer = await deal.offer()
    async with deal.market.uow() as work:
        await orders.pause_order(work, deal.customer, deal.order.id)
    await deal.accept(deal.anna, offer.id)
    assert await deal.states() == (OrderStatus.AWARDED, ProposalStatus.ACCEPTED, ProposalStatus.DECLINED)


async def test_everybody_is_told(deal: Deal, settle: Settle, mailbox: list[Mail], new_client: NewClient) -> None:
    async with unit_of_work(deal.resources) as uow:
        for user in (await uow.session.execute(select(User))).scalars():
            user.email_confirmed_at = utc_now()
    offer = await deal.offer()
    await settle()
    with time_machine.travel(utc_now() + timedelta(minutes=5), tick=False):
        await settle()
    with time_machine.travel(utc_now() + timedelta(hours=49), tick=False):
        assert await remind_of_offers(deal.resources) == 1
        assert await remind_of_offers(deal.resources) == 0
    theirs = await deal.counter(deal.anna, offer.id)
    async with deal.market.uow() as work:
        await service.decline_offer(work, deal.customer, theirs.id, OfferDecline())
    again = await deal.offer()
    async with deal.market.uow() as work:
        await service.withdraw_offer(work, deal.customer, again.id)
    lapsing = await deal.counter(deal.anna, (await deal.offer()).id)
    with time_machine.travel(utc_now() + timedelta(hours=73), tick=False):
        assert await lapse_offers(deal.resources) == 1
    last = await deal.offer()
    await deal.accept(deal.anna, last.id)
    await settle()
    told: dict[str, list[str]] = {}
    for actor in (deal.anna, deal.customer):
        client = await deal.market.sign_in(await new_client(), actor)
        items = (await client.get("/api/v1/notifications", params={"limit": 100})).json()["items"]
        told[actor.username] = [item["kind"] for item in reversed(items) if item["kind"].startswith("offer")]
        assert all(item["href"] for item in items)
    # What is unread is renewed by the next news about the same thing; an own answer counts as having read it.
    assert told["anna"] == ["offer_ending", "offer_made", "offer_lapsed", "offer_made"]
    assert told["bakery"] == ["offer_made", "offer_missed", "offer_accepted"]
    subjects = [mail.subject for mail in mailbox if mail.to == "anna@example.org"]
    assert "Terms for your answer" in subjects
    assert "Your terms were not answered in time" in subjects
    assert f"/offers/{lapsing.id}" in "".join(mail.text for mail in mailbox)

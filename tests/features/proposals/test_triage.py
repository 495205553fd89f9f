"""Triage by the customer: seen marks, shortlist, notes, sorting, comparing; and what each side sees of it."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from app.core.persistence.outbox import OutboxMessage
from app.core.resources import Resources
from app.features.contracts import service as contracts
from app.features.orders.errors import OrderNotFoundError
from app.features.proposals import service
from app.features.proposals.errors import ProposalStateError, UnknownProposalsError
from app.features.proposals.schemas import (
    ProposalDecline,
    ProposalFilter,
    ProposalListView,
    ProposalNote,
    ProposalPatch,
    ProposalSort,
)
from app.models import ProposalStatus
from tests.factories.orders import Market, rub

type NewClient = Callable[[], Awaitable[httpx.AsyncClient]]


async def test_what_was_on_the_screen_is_seen_once(market: Market, resources: Resources) -> None:
    customer, freelancer, rival = [await market.person() for _ in range(3)]
    order = await market.order(customer)
    proposal, other = await market.proposal(order, freelancer), await market.proposal(order, rival)
    elsewhere = await market.proposal(await market.order(), rival)
    async with resources.sessions() as session:
        await service.list_order_proposals(session, customer, order.id, None, 20)
        assert (await service.get_proposal(session, freelancer, proposal.id)).seen_at is None
    for expected in (1, 0):
        async with market.uow() as work:
            assert await service.mark_seen(work, customer, order.id, [proposal.id, elsewhere.id]) == expected
    async with resources.sessions() as session:
        seen = await service.get_proposal(session, freelancer, proposal.id)
        assert (seen.status, seen.seen_at is not None) == (ProposalStatus.SEEN, True)
        assert (await service.get_proposal(session, rival, other.id)).seen_at is None
        assert (await service.get_proposal(session, rival, elsewhere.id)).seen_at is None
    for stranger in (freelancer, await market.person()):
        async with market.uow() as work:
            with pytest.raises(OrderNotFoundError):
                await service.mark_seen(work, stranger, order.id, [proposal.id])


async def test_every_step_of_the_customer_says_that_it_was_seen(market: Market, resources: Resources) -> None:
    customer = await market.person()
    order = await market.order(customer)
    listed, declined, chosen = [await market.proposal(order) for _ in range(3)]
    async with market.uow() as work:
        await service.shortlist_proposal(work, customer, listed.id)
        await service.decline_proposal(work, customer, declined.id, ProposalDecline())
        await contracts.accept_proposal(work, customer, chosen.id)
    async with resources.sessions() as session:
        page = await service.list_order_proposals(session, customer, order.id, None, 20)
    assert all(item.seen_at for item in page.items)


async def test_the_short_list_is_told_of_once_and_survives_nothing(market: Market, resources: Resources) -> None:
    customer, freelancer = await market.person(), await market.person()
    order = await market.order(customer)
    proposal = await market.proposal(order, freelancer)
    for _ in range(2):
        async with market.uow() as work:
            listed = await service.shortlist_proposal(work, customer, proposal.id)
            assert listed.status is ProposalStatus.SHORTLISTED
            with pytest.raises(ProposalStateError):
                await service.shortlist_proposal(work, customer, proposal.id)
        async with market.uow() as work:
            edited = await service.edit_proposal(work, freelancer, proposal.id, ProposalPatch(term_days=3))
            assert edited.status is ProposalStatus.SHORTLISTED
            assert (await service.unlist_proposal(work, customer, proposal.id)).status is ProposalStatus.SEEN
    async with resources.sessions() as session:
        topics = list((await session.execute(select(OutboxMessage.topic))).scalars())
    assert topics.count("proposals.proposal_shortlisted") == 1
    async with market.uow() as work:
        await service.shortlist_proposal(work, customer, proposal.id)
        assert (await contracts.accept_proposal(work, customer, proposal.id)).proposal.status is ProposalStatus.ACCEPTED


async def test_nobody_but_the_customer_learns_of_notes_and_marks(market: Market, resources: Resources) -> None:
    customer, freelancer = await market.person(), await market.person()
    order = await market.order(customer)
    proposal = await market.proposal(order, freelancer, letter="Пишите в телеграм @baker_dev, сделаю быстро.")
    async with market.uow() as work:
        await service.save_proposal_note(work, customer, proposal.id, ProposalNote(text="Похоже на спам"))
    async with resources.sessions() as session:
        ours = await service.get_proposal(session, customer, proposal.id)
        theirs = await service.get_proposal(session, freelancer, proposal.id)
    assert (ours.note, ours.contacts) == ("Похоже на спам", ["messenger"])
    assert (theirs.note, theirs.contacts) == (None, [])
    async with market.uow() as work:
        assert (
            await service.save_proposal_note(work, customer, proposal.id, ProposalNote(text=""))
        ).customer_note is None


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (ProposalSort.NEWEST, [3, 2, 1, 0]),
        (ProposalSort.PRICE, [3, 2, 1, 0]),
        (ProposalSort.TERM, [0, 3, 2, 1]),
        (ProposalSort.SHORTLIST, [1, 3, 2, 0]),
    ],
)
async def test_proposals_are_sorted_page_by_page(
    market: Market, resources: Resources, sort: ProposalSort, expected: list[int]
) -> None:
    customer = await market.person()
    order = await market.order(customer)
    terms = [(90_000, 3), (50_000, 9), (10_000, 7), (10_000, 5)]
    sent = [await market.proposal(order, price=rub(price), term_days=days) for price, days in terms]
    async with market.uow() as work:
        await service.shortlist_proposal(work, customer, sent[1].id)
        await service.mark_seen(work, customer, order.id, [sent[0].id])
    found = []
    cursor = None
    async with resources.sessions() as session:
        while True:
            page = await service.list_order_proposals(
                session, customer, order.id, cursor, 1, ProposalListView(sort=sort)
            )
            found += [item.id for item in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        shows: dict[ProposalFilter, int] = {}
        for show in ProposalFilter:
            page = await service.list_order_proposals(session, customer, order.id, None, 9, ProposalListView(show=show))
            shows[show] = len(page.items)
    assert found == [sent[place].id for place in expected]
    assert shows == {
        ProposalFilter.ALL: 4,
        ProposalFilter.UNSEEN: 2,
        ProposalFilter.SHORTLISTED: 1,
        ProposalFilter.OFFERED: 0,
        ProposalFilter.DECLINED: 0,
    }


async def test_comparing_takes_up_to_four_of_the_own_order(market: Market, resources: Resources) -> None:
    customer, freelancer = await market.person(), await market.person()
    order = await market.order(customer)
    sent = [(await market.proposal(order)).id for _ in range(4)]
    strange = (await market.proposal(await market.order(), freelancer)).id
    async with resources.sessions() as session:
        found = await service.compare_proposals(session, customer, order.id, [sent[2], sent[0], sent[2]])
        assert [item.id for item in found] == [sent[2], sent[0]]
        for wrong in ([], [sent[0], strange], [*sent, strange]):
            with pytest.raises(UnknownProposalsError):
                await service.compare_proposals(session, customer, order.id, wrong)
        with pytest.raises(OrderNotFoundError):
            await service.compare_proposals(session, freelancer, order.id, sent[:2])


async def test_triage_over_http(market: Market, new_client: NewClient) -> None:
    customer, freelancer = await market.person(), await market.person()
    order = await market.order(customer)
    sent = [str((await market.proposal(order, who)).id) for who in (freelancer, await market.person())]
    ours = await market.sign_in(await new_client(), customer)
    theirs = await market.sign_in(await new_client(), freelancer)
    address = f"/api/v1/orders/{order.id}/proposals"
    seen = await ours.post(f"{address}/seen", json={"proposals": sent})
    assert (seen.status_code, seen.json()) == (200, {"count": 2})
    listed = await ours.put(f"/api/v1/proposals/{sent[0]}/shortlist")
    assert (listed.json()["status"], "unlist" in listed.json()["actions"]) == ("shortlisted", True)
    note = await ours.put(f"/api/v1/proposals/{sent[0]}/note", json={"text": "Лучший"})
    assert note.json()["note"] == "Лучший"
    body: dict[str, Any] = (await theirs.get(f"/api/v1/proposals/{sent[0]}")).json()
    assert (body["status"], body["note"], bool(body["seen_at"])) == ("shortlisted", None, True)
    short = await ours.get(address, params={"show": "shortlisted", "sort": "price"})
    assert [item["id"] for item in short.json()["items"]] == sent[:1]
    first = (await ours.get(address, params={"sort": "price", "limit": 1})).json()["next_cursor"]
    assert (await ours.get(address, params={"sort": "term", "cursor": first})).json()["code"] == "bad-cursor"
    compared = await ours.get(f"{address}/compared", params={"ids": sent})
    assert [item["id"] for item in compared.json()] == sent
    assert (await ours.get(f"{address}/compared", params={"ids": str(order.id)})).json()["code"] == "unknown-proposals"
    off = await ours.delete(f"/api/v1/proposals/{sent[0]}/shortlist")
    assert off.json()["status"] == "seen"

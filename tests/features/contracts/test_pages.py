"""A whole deal by clicks: every form and button of the workspace, and what it says."""

import re
from collections.abc import Awaitable, Callable

import httpx
from sqlalchemy import func, select

from app.core.actor import Actor
from app.core.ids import new_id
from app.features.authentication.service import Caller
from app.features.legal.schemas import LegalStatusPut
from app.features.legal.service import save_status
from app.models import File, LegalKind, TimerKind
from tests.factories.deals import DealScene, make_deal
from tests.factories.orders import Market
from tests.features.legal.test_rules import PERSON

type MakeClient = Callable[[], Awaitable[httpx.AsyncClient]]


class Person:
    """A party with a browser."""

    def __init__(self, client: httpx.AsyncClient, scene: DealScene) -> None:
        self.client, self.scene = client, scene
        self.home = f"/contracts/{scene.contract_id}"

    async def see(self, part: str = "") -> str:
        """Return the text of a page of the contract."""
        answer = await self.client.get(f"{self.home}{part}")
        assert answer.status_code == 200, answer.text
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))

    async def send(self, part: str, **fields: str) -> httpx.Response:
        """Send a form about a milestone as its page has it."""
        milestone = await self.scene.milestone()
        values = {"once": new_id().hex, "version": str(milestone.version)} | fields
        return await self.client.post(f"{self.home}/milestones/{milestone.id}/{part}", data=values)

    async def press(self, part: str, **fields: str) -> httpx.Response:
        """Send a form about the whole contract."""
        return await self.client.post(f"{self.home}/{part}", data={"once": new_id().hex} | fields)


async def two(market: Market, scene: DealScene, new_client: MakeClient) -> tuple[Person, Person]:
    """Return the client and the freelancer with their browsers."""
    customer = await market.sign_in(await new_client(), scene.customer)
    freelancer = await market.sign_in(await new_client(), scene.freelancer)
    return Person(customer, scene), Person(freelancer, scene)


async def test_a_deal_by_clicks(market: Market, new_client: MakeClient) -> None:
    scene = await make_deal(market)
    await scene.set_checklist(["Pages", "Prices"])
    customer, freelancer = await two(market, scene, new_client)
    assert "If nobody acts until" in await customer.see()
    assert "Do not start before that" in await freelancer.see()
    assert (await customer.send("fund")).status_code == 303
    assert (await customer.client.post(f"{customer.home}/milestones/{scene.milestones[0]}/fund")).status_code == 400
    assert (await customer.send("fund", version="9")).status_code == 303
    assert "Something happened to the milestone after you opened it." in await customer.see()
    assert (await freelancer.send("start")).status_code == 303
    form = f"/milestones/{scene.milestones[0]}"
    assert "Answer each line of the checklist" in await freelancer.see(f"{form}/submit")
    half = await freelancer.send("submit", **{"answer-0": "Twelve pages"})
    assert half.status_code == 422
    assert "Answer this line with a text or a file." in half.text
    assert "Twelve pages" in half.text
    sent = await freelancer.send("submit", **{"answer-0": "Twelve pages", "answer-1": "In roubles"})
    assert sent.status_code == 303
    assert "the work counts as accepted and its money is released" in await customer.see()
    assert "Write what is wrong" in await customer.see(f"{form}/forms/changes")
    assert (await customer.send("forms/changes")).status_code == 422
    assert (await customer.send("forms/changes", **{"line-1": "Dollars, please"})).status_code == 303
    assert "Dollars, please" in await freelancer.see()
    await freelancer.send("submit", **{"answer-0": "Twelve pages", "answer-1": "In dollars"})
    assert "Lines to accept" in await customer.see(f"{form}/forms/part")
    assert (await customer.send("forms/part", amount="1 000 000")).status_code == 422
    assert (await customer.send("forms/part", amount="ten")).status_code == 422
    assert (await customer.send("forms/part", lines="0")).status_code == 303
    assert "becomes available on" in await freelancer.see()
    assert (await customer.send("accept")).status_code == 303
    assert (await customer.send("forms/bonus", amount="")).status_code == 422
    assert (await customer.send("forms/bonus", amount="10")).status_code == 303
    await scene.sweep(TimerKind.SECURITY)
    page = await freelancer.see()
    assert "30,010" in page
    listed = (await freelancer.client.get("/contracts")).text
    assert "Интернет-магазин для пекарни" in listed


async def test_refunds_and_changes_by_clicks(market: Market, new_client: MakeClient) -> None:
    scene = await make_deal(market)
    customer, freelancer = await two(market, scene, new_client)
    key = scene.milestones[0]
    await customer.send("fund")
    assert "Leave it empty to ask for all that is held." in await customer.see(f"/milestones/{key}/forms/refund")
    assert (await customer.send("forms/refund", reason="")).status_code == 422
    for reply in ("withdraw_refund", "refuse_refund"):
        assert (await customer.send("forms/refund", reason="Plans changed", amount="100")).status_code == 303
        who = customer if reply == "withdraw_refund" else freelancer
        assert (await who.send(reply)).status_code == 303
    await customer.send("forms/refund", reason="Plans changed", amount="100")
    assert "A refund of" in await freelancer.see()
    assert (await freelancer.send("agree_refund")).status_code == 303
    assert (await scene.milestone()).refunded == 10_000
    assert (await freelancer.send("return_money")).status_code == 303
    second = scene.milestones[1]
    assert "Payment" in await freelancer.see(f"/change?milestone={second}")
    fields = {"milestone": str(second), "title": "Payment page", "amount": "50 000", "days": "5", "checklist": "Cards"}
    assert (await freelancer.press("change", **(fields | {"amount": "much"}))).status_code == 422
    assert (await freelancer.press("change", **(fields | {"title": ""}))).status_code == 422
    assert (await freelancer.press("change", **(fields | {"milestone": str(key)}))).status_code == 422
    for answer in ("withdraw", "refuse", "sign"):
        assert (await freelancer.press("change", **fields)).status_code == 303
        assert "Proposed change of the work" in await customer.see()
        shown = (await customer.client.get(f"/api/v1{customer.home}")).json()["deal"]["change_order"]
        who = freelancer if answer == "withdraw" else customer
        assert (await who.press(f"changes/{shown['id']}/{answer}")).status_code == 303
    assert (await scene.milestone(1)).amount == 5_000_000
    for step in ("pause", "resume", "end"):
        assert (await customer.press(step)).status_code == 303
    late = await customer.press("end")
    assert late.status_code == 303
    assert "finished" in await customer.see()


async def test_work_that_is_not_taken_now_leaves_no_file_behind(market: Market, new_client: MakeClient) -> None:
    scene = await make_deal(market)
    customer, freelancer = await two(market, scene, new_client)
    sent = {"files_new": ("pages.txt", b"Twelve pages.", "text/plain")}
    for person, status in ((freelancer, 409), (customer, 403)):
        address = f"{person.home}/milestones/{scene.milestones[0]}/submit"
        answer = await person.client.post(address, data={"version": "1", "answer-0": "Done"}, files=sent)
        assert answer.status_code == status, answer.text
    async with market.uow() as work:
        assert (await work.session.execute(select(func.count()).select_from(File))).scalar_one() == 0


async def test_legal_details_are_asked_for_before_the_acceptance(market: Market, new_client: MakeClient) -> None:
    people = [await market.person(), await market.person()]
    order = await market.order(people[0])
    proposal = await market.proposal(order, people[1])
    customer = await market.sign_in(await new_client(), people[0])

    async def save(actor: Actor) -> None:
        async with market.uow() as work:
            command = LegalStatusPut(kind=LegalKind.SELF_EMPLOYED, country="RU", fields=PERSON, version=0)
            await save_status(work, actor, command, Caller())

    page = f"/proposals/{proposal.id}/accept"
    shown = (await customer.get(page)).text
    assert 'href="/settings/legal">Enter legal details' in shown
    assert "has entered no legal details yet" in shown
    await save(people[0])
    await save(people[1])
    shown = (await customer.get(page)).text
    assert "Enter legal details" not in shown
    assert "no legal details yet" not in shown
    others = await market.person()
    second = await market.proposal(await market.order(people[0]), others)
    offer = await market.offer(people[0], second.id)
    another = await market.sign_in(await new_client(), others)
    assert "Enter legal details" in (await another.get(f"/offers/{offer.id}")).text
    await save(others)
    assert "Enter legal details" not in (await another.get(f"/offers/{offer.id}")).text


async def test_a_bonus_is_offered_where_nothing_is_left_to_be_paid_in(market: Market, new_client: MakeClient) -> None:
    whole = {"title": "All", "amount": 7_000_000, "days": 7}
    scene = await make_deal(market, milestones=[whole])
    await scene.submitted()
    client = await market.sign_in(await new_client(), scene.customer)
    form = f"/contracts/{scene.contract_id}/milestones/{scene.milestones[0]}/forms/bonus"
    shown = await client.get(form)
    assert (shown.status_code, "/wallet/top-up" in shown.text) == (200, True)

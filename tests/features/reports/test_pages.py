"""Reports as pages, without scripts: the form, the confirmation, the decision and the appeal."""

import html
from collections.abc import Awaitable, Callable
from uuid import UUID

import httpx

from app.core.ids import new_id
from app.features.reports import service
from tests.factories.commands import Command
from tests.factories.orders import Market
from tests.features.hiring.test_pages import made_link
from tests.features.proposals.test_pages import Visitor, path_of, words

type NewClient = Callable[[], Awaitable[httpx.AsyncClient]]


async def test_the_story_of_a_report(market: Market, new_client: NewClient, command: Command) -> None:
    customer, reporter = await market.person(), await market.person()
    order = await market.order(customer, title="Заработок на дому")
    visitor = Visitor(await market.sign_in(await new_client(), reporter))
    form = f"/report/order/{order.id}"
    assert form in str(await visitor.get(f"/orders/{order.id}"))
    page = await visitor.get(form)
    assert "Order: Заработок на дому" in words(page)
    wrong = await visitor.send(page, form, status=422, note="Без причины")
    assert "Please check the form" in words(wrong)
    thanks = await visitor.send(wrong, form, reason="fraud", note="Просит деньги за анкету")
    assert "Thank you. Your report has reached the operator." in words(thanks)
    assert "A person looks at it, at the latest on" in words(thanks)
    assert "Просит деньги за анкету" in words(thanks)
    report_id = path_of(thanks, r"/report/order/[0-9a-f-]{36}|/orders/[0-9a-f-]{36}")
    assert report_id.endswith(str(order.id))
    twice = await visitor.send(page, form, reason="spam", note="")
    assert "You have already reported this" in words(twice)
    assert "You have already reported this" in words(await visitor.get(form))
    mine = await visitor.get("/my/reports")
    address = path_of(mine, r"/my/reports/[0-9a-f-]{36}")
    assert "Being looked at" in words(mine)

    accused = Visitor(await market.sign_in(await new_client(), customer))
    await accused.get(address, status=404)
    assert "Nothing was decided about you" in words(await accused.get("/my/reports?side=reported"))
    assert "You have reported nothing" in words(await accused.get("/my/reports"))
    await command(
        "reports", "close", str(UUID(address.rsplit("/", 1)[1])), "--uphold", "--reason", "Деньги за анкету — обман."
    )
    assert "Nothing more happens by itself" in words(await visitor.get(address))
    listed = await accused.get("/my/reports?side=reported")
    assert address in str(listed)
    told = await accused.get(address)
    assert "Деньги за анкету — обман." in words(told)
    assert "Nobody is asked for money" in words(told)
    assert "Просит деньги за анкету" not in words(told)
    wrong = await accused.send(told, f"{address}/objection", status=422, text=" ")
    answered = await accused.send(wrong, f"{address}/objection", text="Это оплата курьера.")
    assert "Your answer has reached the operator." in words(answered)
    assert "A person reads your answer" in words(answered)
    await command("reports", "close", address.rsplit("/", 1)[1], "--uphold", "--reason", "Решение прежнее.")
    assert "the decision stands" in words(await accused.get(address))


async def test_a_decision_taken_back_stands_against_nobody(
    market: Market, new_client: NewClient, command: Command
) -> None:
    customer, author = await market.person(), await market.person()
    proposal = await market.proposal(await market.order(customer), author)
    visitor = Visitor(await market.sign_in(await new_client(), customer))
    form = f"/report/proposal/{proposal.id}"
    sent = await visitor.send(await visitor.get(form), form, reason="abuse", note="")
    assert "Insults, threats or hatred" in words(sent)
    address = path_of(await visitor.get("/my/reports"), r"/my/reports/[0-9a-f-]{36}")
    key = address.rsplit("/", 1)[1]
    await command("reports", "close", key, "--uphold", "--reason", "Грубо.")
    accused = Visitor(await market.sign_in(await new_client(), author))
    await accused.send(await accused.get(address), f"{address}/objection", text="Это цитата из задания.")
    await command("reports", "close", key, "--dismiss", "--reason", "Верно, это цитата.")
    assert "Nothing stands against you" in words(await accused.get(address))


async def test_what_cannot_be_reported_is_a_page(market: Market, new_client: NewClient) -> None:
    person = await market.person()
    visitor = Visitor(await market.sign_in(await new_client(), person))
    order = await market.order(person)
    assert "This is your own" in words(await visitor.get(f"/report/order/{order.id}", status=403))
    await visitor.get(f"/report/profile/{order.id}", status=404)
    await visitor.get(f"/report/weather/{order.id}", status=404)


async def test_who_got_an_invitation_by_link_reports_its_terms(market: Market, client: httpx.AsyncClient) -> None:
    author, reader = await market.person("sender"), await market.person("reader")
    await market.sign_in(client, author)
    address, link = await made_link(client)
    deal_id, key = address.rpartition("/")[2], link.partition("?key=")[2]
    assert "Report this invitation" not in (await client.get(address)).text
    own = await client.get(f"/report/direct_deal/{deal_id}")
    assert own.status_code == 404
    await market.sign_in(client, reader)
    assert (await client.get(f"/report/direct_deal/{deal_id}")).status_code == 404
    form = f"/report/direct_deal/{deal_id}?key={key}"
    assert form in html.unescape((await client.get(link)).text)
    assert f'value="{key}"' in (await client.get(form)).text
    wrong = await client.post(f"/report/direct_deal/{deal_id}", data={"key": key, "once": new_id().hex})
    assert (wrong.status_code, f'value="{key}"' in wrong.text) == (422, True)
    sent = await client.post(
        f"/report/direct_deal/{deal_id}", data={"key": key, "reason": "fraud", "once": new_id().hex}
    )
    shown = await client.get(sent.headers["location"])
    assert "Invitation to a deal" in shown.text
    async with market.uow() as work:
        [report] = await service.list_waiting(work.session, 9)
    assert (report.reported_id, report.reporter_id, report.title) == (author.id, reader.id, "Shop for a bakery")
    assert "Catalogue, basket and payment." in report.evidence
    assert "Twelve pages" in report.evidence
    again = {"subject": {"kind": "direct_deal", "id": deal_id, "key": key}, "reason": "spam"}
    assert (await client.post("/api/v1/reports", json=again)).json()["code"] == "already-reported"

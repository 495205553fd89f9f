"""Triage as pages, without scripts: milestones and answers, marking as seen, comparing."""

from typing import Any

from tests.factories.orders import Market
from tests.features.proposals.test_pages import NewClient, Settle, Visitor, visitor, words

OFFER: dict[str, Any] = {
    "price": "70 000",
    "term_days": "14",
    "letter": "Сделаю за две недели. Пишите: anna@example.org",
}
PLAN: dict[str, Any] = {
    "milestone_title": ["Макет", "Вёрстка", ""],
    "milestone_amount": ["20 000", "50 000", ""],
    "milestone_days": ["4", "10", ""],
}


async def test_a_plan_and_answers_are_typed(market: Market, new_client: NewClient) -> None:
    order = await market.order(questions=["Когда начнёте?"])
    anna = await visitor(market, new_client, "anna")
    address = f"/orders/{order.id}"
    form = await anna.get(address)
    half: dict[str, Any] = {**PLAN, "milestone_days": ["4", "", ""]}
    refused = await anna.send(form, f"{address}/proposals", 422, **OFFER, **half, answer_0="")
    assert {str(item["href"]) for item in refused.select(".summary a")} == {"#field-milestones"}
    assert refused.select_one('input[name="milestone_title"][value="Макет"]')
    wrong: dict[str, Any] = {**PLAN, "milestone_amount": ["20 000", "49 999", ""]}
    refused = await anna.send(refused, f"{address}/proposals", 422, **OFFER, **wrong, answer_0="")
    assert {str(item["href"]) for item in refused.select(".summary a")} == {"#field-milestones", "#field-answer_0"}
    sent = await anna.send(refused, f"{address}/proposals", **OFFER, **PLAN, answer_0="Завтра")
    assert "Вёрстка" in words(sent)
    assert "Завтра" in words(sent)
    edit = str(sent.select_one('a[href$="/edit"]')["href"])  # type: ignore[index]  # it is there
    editor = await anna.get(edit)
    assert [item["value"] for item in editor.select('input[name="milestone_amount"]')][:2] == ["20000", "50000"]
    again = await anna.send(editor, edit, 422, **OFFER, **PLAN, answer_0="")
    assert {str(item["href"]) for item in again.select(".summary a")} == {"#field-answer_0"}
    saved = await anna.send(again, edit, **OFFER, answer_0="Сегодня")
    assert "Вёрстка" not in words(saved)
    assert "Сегодня" in words(saved)


async def _answered_order(market: Market, new_client: NewClient) -> tuple[str, Visitor, Visitor, list[str]]:
    baker = await market.person("bakery")
    order = await market.order(baker, questions=["Когда начнёте?"])
    anna, boris = await market.person("anna"), await market.person("boris")
    sent = [
        await market.proposal(order, who, answers=[f"Начну: {who.username}"], letter="Звоните: +7 912 345-67-89")
        for who in (anna, boris)
    ]
    ours = Visitor(await market.sign_in(await new_client(), baker))
    theirs = Visitor(await market.sign_in(await new_client(), anna))
    return f"/orders/{order.id}", ours, theirs, [str(proposal.id) for proposal in sent]


async def test_seen_proposals_are_marked(market: Market, new_client: NewClient, settle: Settle) -> None:
    address, ours, theirs, sent = await _answered_order(market, new_client)
    triage = await ours.get(address)
    assert "a phone number" in words(triage)
    assert "Waiting for a decision" in words(await theirs.get(address))
    page = await ours.send(triage, f"{address}/seen", proposal=sent)
    assert not page.select("form[data-seen]")
    told = words(await theirs.get(address))
    assert "Seen by the customer" in told
    assert "a phone number" not in told
    listed = await ours.send(page, f"/proposals/{sent[0]}/shortlist")
    assert "on your short list" in words(listed)
    await settle()
    assert "put your proposal" in words(await theirs.get("/notifications"))
    noted = await ours.send(listed, f"/proposals/{sent[0]}/note", note="Спросить о сроках")
    assert "Your note is kept" in words(noted)
    assert "Спросить о сроках" in noted.select_one("textarea[name=note]").text + noted.text  # type: ignore[union-attr]  # it is there
    assert "Спросить о сроках" not in (await theirs.get(address)).text
    short = await ours.get(f"{address}?show=shortlisted&sort=price")
    assert [str(card["id"]) for card in short.select("article.card")] == [f"proposal-{sent[0]}"]
    assert "There is none of these" in words(await ours.get(f"{address}?show=declined"))
    assert len((await ours.get(f"{address}?show=nonsense")).select("article.card")) == 2
    assert "off your short list" in words(await ours.send(short, f"/proposals/{sent[0]}/unlist"))


async def test_some_are_compared(market: Market, new_client: NewClient) -> None:
    address, ours, theirs, sent = await _answered_order(market, new_client)
    triage = await ours.get(address)
    assert len(triage.select('input[name="ids"][form="compare"]')) == 2
    columns = (await ours.get(f"{address}/compare?ids={sent[0]}&ids={sent[1]}")).select(".compare > article")
    assert [f"Начну: {name}" in words(column) for name, column in zip(("anna", "boris"), columns, strict=True)] == [
        True,
        True,
    ]
    assert "Tick up to four" in words(await ours.get(f"{address}/compare"))
    await theirs.get(f"{address}/compare?ids={sent[0]}&ids={sent[1]}", 404)


async def test_too_much_is_refused(market: Market, new_client: NewClient) -> None:
    address, ours, _theirs, sent = await _answered_order(market, new_client)
    triage = await ours.get(address)
    await ours.send(triage, f"{address}/seen", 422, proposal="nonsense")
    await ours.send(triage, f"/proposals/{sent[0]}/note", 422, note="я" * 2001)

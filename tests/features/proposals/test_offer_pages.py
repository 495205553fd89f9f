"""Offers as pages, without scripts: made, countered, accepted, declined, withdrawn."""

from typing import Any

from app.core.resources import Resources
from app.features.proposals.tasks import lapse_offers
from tests.factories.orders import Market
from tests.features.proposals.test_pages import NewClient, Visitor, words

TERMS: dict[str, Any] = {"price": "60 000", "term_days": "10", "message": "С доставкой.", "answer_hours": "48"}
OTHER: dict[str, Any] = {"message": "Без доставки."}


async def _two(market: Market, new_client: NewClient) -> tuple[str, str, Visitor, Visitor]:
    baker, anna = await market.person("bakery"), await market.person("anna")
    order = await market.order(baker)
    proposal = await market.proposal(order, anna)
    customer = Visitor(await market.sign_in(await new_client(), baker))
    freelancer = Visitor(await market.sign_in(await new_client(), anna))
    return f"/orders/{order.id}", f"/proposals/{proposal.id}/offer", customer, freelancer


async def test_two_people_come_to_terms(market: Market, new_client: NewClient) -> None:
    order, address, customer, freelancer = await _two(market, new_client)
    triage = await customer.get(order)
    assert triage.select_one(f'a[href="{address}"]')
    form = await customer.get(address)
    assert form.select_one('input[name="price"][value="70000"]')
    refused = await customer.send(form, address, 422, **TERMS | {"price": "many", "milestone_title": "x"})
    assert {str(item["href"]) for item in refused.select(".summary a")} >= {"#field-price"}
    refused = await customer.send(refused, address, 422, **TERMS | {"term_days": "0"})
    assert {str(item["href"]) for item in refused.select(".summary a")} == {"#field-term_days"}
    made = await customer.send(refused, address, **TERMS)
    assert "Your terms are before the freelancer now." in words(made)
    assert "in the proposal: ₽70,000" in words(made)

    theirs = await freelancer.get(order)
    assert "The customer offers you terms" in words(theirs)
    assert "Your proposal ends with them." in words(theirs)
    link = str(theirs.select_one('a[href^="/offers/"]')["href"])  # type: ignore[index]  # it is there
    page = await freelancer.get(link)
    assert "С доставкой." in words(page)
    counter = await freelancer.get(f"{link}/counter")
    assert counter.select_one('input[name="price"][value="60000"]')
    refused = await freelancer.send(counter, f"{link}/counter", 422, **TERMS | {"term_days": ""})
    more: dict[str, Any] = TERMS | {"price": "65 000"}
    answered = await freelancer.send(refused, f"{link}/counter", **more)
    assert "What was said before" in words(answered)
    stale = await freelancer.send(page, f"{link}/accept")
    assert "does not wait for an answer any more" in words(stale)
    assert "Answered with other terms" in words(await freelancer.get(f"{link}/counter"))

    read = await customer.get(order)
    assert "A freelancer has answered your terms with others." in words(read)
    link = str(read.select_one('a[href^="/offers/"]')["href"])  # type: ignore[index]  # it is there
    agreed = await customer.send(await customer.get(link), f"{link}/accept")
    assert "You have agreed. Both sides see it now." in words(agreed)
    assert "Chosen" in words(await freelancer.get(order))


async def test_terms_are_declined_and_taken_back(market: Market, new_client: NewClient) -> None:
    order, address, customer, freelancer = await _two(market, new_client)
    await customer.send(await customer.get(address), address, **TERMS)
    link = str((await freelancer.get(order)).select_one('a[href^="/offers/"]')["href"])  # type: ignore[index]  # there
    page = await freelancer.get(link)
    assert "is-invalid" not in words(page)
    refused = await freelancer.send(page, f"{link}/decline", 422, note="x" * 1001)
    assert {str(item["href"]) for item in refused.select(".summary a")} == {"#field-note"}
    declined = await freelancer.send(page, f"{link}/decline", note="Мало за такой срок.")
    assert "Мало за такой срок." in words(declined)
    assert "The terms are declined." in words(declined)
    again = await freelancer.send(page, f"{link}/decline", note="Ещё раз.")
    assert "does not wait for an answer any more" in words(again)
    await customer.send(await customer.get(address), address, **TERMS | OTHER)
    triage = await customer.get(f"{order}?show=offered")
    link = str(triage.select_one('a[href^="/offers/"]')["href"])  # type: ignore[index]  # it is there
    mine = await customer.get(link)
    taken = await customer.send(mine, f"{link}/withdraw")
    assert "Your terms are taken back." in words(taken)
    assert "does not wait for an answer any more" in words(await customer.send(mine, f"{link}/withdraw"))
    counter = await freelancer.get(f"{link}/counter")
    assert "Taken back" in words(counter)


async def test_a_page_that_came_too_late(market: Market, new_client: NewClient, resources: Resources) -> None:
    order, address, customer, freelancer = await _two(market, new_client)
    form = await customer.get(address)
    await customer.send(form, address, **TERMS)
    assert "This is not possible any more." in words(await customer.get(address))
    link = str((await freelancer.get(order)).select_one('a[href^="/offers/"]')["href"])  # type: ignore[index]  # there
    counter, in_another_tab = await freelancer.get(f"{link}/counter"), await freelancer.get(f"{link}/counter")
    await freelancer.send(counter, f"{link}/counter", **TERMS)
    late = await freelancer.send(in_another_tab, f"{link}/counter", **TERMS | OTHER)
    assert "does not wait for an answer any more" in words(late)
    assert await lapse_offers(resources) == 0

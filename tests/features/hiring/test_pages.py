"""Direct deals by clicks: from the form over the link to the contract, and hiring again."""

import html
import re
from collections.abc import Awaitable, Callable

import httpx

from app.core.ids import new_id
from app.features.contracts import service as contracts
from tests.factories.deals import make_deal
from tests.factories.orders import Market

type NewClient = Callable[[], Awaitable[httpx.AsyncClient]]
FORM = {
    "side": "customer",
    "title": "Shop for a bakery",
    "description": "Catalogue, basket and payment.",
    "currency": "RUB",
    "milestone_title": "Catalogue",
    "milestone_amount": "30 000",
    "milestone_days": "7",
    "milestone_checklist": "Twelve pages\n\nPrices",
    "username": "",
    "email": "",
    "answer_days": "7",
}


def text_of(answer: httpx.Response) -> str:
    """Return the text of a page."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", answer.text)))


async def made_link(client: httpx.AsyncClient) -> tuple[str, str]:
    """Propose the terms to whoever gets the link; return the page of the deal, and the link."""
    address = (await client.post("/deals/new", data=FORM | {"once": new_id().hex})).headers["location"]
    page = await client.get(address)
    assert "It works for the first one who answers." in text_of(page)
    (link,) = set(re.findall(r'value="http[^"]*(/deals/[^"]+\?key=[^"]+)"', page.text))
    return address, link


async def test_the_form_keeps_what_was_typed(market: Market, client: httpx.AsyncClient) -> None:
    await market.sign_in(client, await market.person("bakery"))
    empty = text_of(await client.get("/deals/new"))
    assert ("Milestone 1" in empty, "14 days" in empty, "{count}" in empty) == (True, True, False)
    more = await client.post("/deals/new", data=FORM | {"step": "more"})
    assert (more.status_code, "Milestone 2" in text_of(more), "Twelve pages" in more.text) == (200, True, True)
    wrong = await client.post("/deals/new", data=FORM | {"milestone_amount": "many"})
    assert (wrong.status_code, "Twelve pages" in wrong.text) == (422, True)
    nothing = {name: "" for name in FORM if name.startswith("milestone")}
    assert "at least one milestone" in (await client.post("/deals/new", data=FORM | nothing)).text
    assert "Choose a currency" in (await client.post("/deals/new", data=FORM | {"currency": "XXX"})).text
    assert (await client.post("/deals/new", data=FORM | {"title": ""})).status_code == 422
    unknown = await client.post("/deals/new", data=FORM | {"username": "nobody-here"})
    assert (unknown.status_code, 'id="error-username"' in unknown.text) == (422, True)
    assert "No invitations yet" in text_of(await client.get("/deals"))
    assert "Propose a deal" in text_of(await client.get("/contracts"))


async def test_a_link_leads_through_sign_up_to_the_terms(
    market: Market, client: httpx.AsyncClient, new_client: NewClient
) -> None:
    await market.sign_in(client, await market.person("bakery"))
    address, link = await made_link(client)
    assert "Prices" in text_of(await client.get(address))
    guest = await new_client()
    seen = await guest.get(link)
    assert "bakery wants to hire you" in text_of(seen)
    assert (await guest.get(address)).status_code == 404
    (sign_up,) = set(re.findall(r'href="(/sign-up\?next=[^"]+)"', seen.text))
    form = (await guest.get(html.unescape(sign_up))).text
    assert f'name="next" value="{html.escape(link)}"' in form


async def test_terms_are_changed_and_accepted_by_a_link(
    market: Market, client: httpx.AsyncClient, new_client: NewClient
) -> None:
    await market.sign_in(client, await market.person("bakery"))
    address, link = await made_link(client)
    anna = await market.sign_in(await new_client(), await market.person("anna"))
    key = link.partition("?key=")[2]
    assert "Accept the terms" in text_of(await anna.get(link))
    assert "Twelve pages" in (await anna.get(f"{address}/counter", params={"key": key})).text
    change = FORM | {"milestone_amount": "40000", "version": "1", "key": key}
    assert "Milestone 2" in text_of(await anna.post(f"{address}/counter", data=change | {"step": "more"}))
    assert (await anna.post(f"{address}/counter", data=change | {"milestone_days": ""})).status_code == 422
    stale = await anna.post(f"{address}/counter", data=change | {"version": "7"})
    assert stale.headers["location"].endswith(f"?key={key}")
    assert (await anna.post(f"{address}/counter", data=change | {"once": new_id().hex})).status_code == 303
    assert "bakery accepts, declines or changes the terms" in text_of(await anna.get(address))
    assert (await anna.get(f"{address}/counter")).headers["location"] == address
    assert "Your answer is awaited" in text_of(await client.get("/deals"))
    answered = text_of(await client.get(address))
    assert ("Earlier terms" in answered, "Proposed by you" in answered) == (True, True)
    assert (await client.post(f"{address}/accept", data={})).headers["location"] == address
    accepted = await client.post(f"{address}/accept", data={"version": "2"})
    assert re.fullmatch(r"/contracts/[0-9a-f-]{36}", accepted.headers["location"])
    assert "Shop for a bakery" in text_of(await anna.get(accepted.headers["location"]))
    assert "Both of you have agreed" in text_of(await anna.get(address))
    assert (await client.post(f"{address}/decline", data={})).headers["location"] == address
    assert "Open the contract" in text_of(await anna.get("/deals"))


async def test_an_invitation_is_declined_withdrawn_and_its_link_replaced(
    market: Market, client: httpx.AsyncClient, new_client: NewClient
) -> None:
    await market.sign_in(client, await market.person("bakery"))
    anna = await market.sign_in(await new_client(), await market.person("anna"))
    address = (await client.post("/deals/new", data=FORM | {"username": "@anna"})).headers["location"]
    assert (await client.post(f"{address}/link", data={})).headers["location"] == address
    assert (await anna.post(f"{address}/decline", data={"note": "x" * 1001})).status_code == 303
    assert (await anna.post(f"{address}/decline", data={"note": "No time."})).status_code == 303
    assert "No time." in text_of(await client.get(address))
    mailed = (await client.post("/deals/new", data=FORM | {"email": "new@example.org"})).headers["location"]
    assert "We have sent the link to new@example.org." in text_of(await client.get(mailed))
    assert (await client.post(f"{mailed}/link", data={})).status_code == 303
    assert (await client.post(f"{mailed}/withdraw", data={})).status_code == 303
    assert "This invitation is closed: withdrawn." in text_of(await client.get(mailed))


async def test_a_finished_contract_is_begun_again_with_its_terms(
    market: Market, client: httpx.AsyncClient, new_client: NewClient
) -> None:
    scene = await make_deal(market)
    await scene.set_checklist(["Twelve pages"])
    customer = await market.sign_in(client, scene.customer)
    freelancer = await market.sign_in(await new_client(), scene.freelancer)
    home = f"/contracts/{scene.contract_id}"
    again = f"/deals/new?again={scene.contract_id}"
    assert again not in (await customer.get(home)).text
    async with market.uow() as work:
        await contracts.end_contract(work, scene.customer, scene.contract_id)
    assert f'href="{again}"' in (await customer.get(home)).text
    assert "Propose another deal" in text_of(await freelancer.get(home))
    shown = (await customer.get(again)).text
    for part in ("Catalogue", "30000", "Twelve pages", scene.freelancer.username):
        assert part in shown
    profile = f"/@{scene.freelancer.username}"
    assert f"/deals/new?to={scene.freelancer.username}" in (await customer.get(profile)).text
    assert "Twelve pages" in (await customer.get(f"/deals/new?to={scene.freelancer.username}")).text
    theirs = await freelancer.get(again)
    assert re.search(r'value="freelancer"\s+checked', theirs.text)
    stranger = await market.sign_in(await new_client(), await market.person("stranger"))
    assert "Twelve pages" not in (await stranger.get(again)).text

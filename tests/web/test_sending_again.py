"""Forms that are sent twice, after Back, or with the CSRF token of an earlier sign-in: nothing is doubled or lost."""

import asyncio
import re
from contextlib import suppress
from datetime import timedelta
from typing import Any

import httpx
import pytest
import time_machine
from bs4 import BeautifulSoup
from sqlalchemy import func, select

from app.core.clock import utc_now
from app.core.http.submissions import ONCE_FIELD
from app.core.persistence.submissions import FormSubmission
from app.core.resources import Resources
from app.core.security.rate_limits import Rate
from app.features.orders import rules as order_rules
from app.models import Order, Proposal
from app.tasks.relay import prune_outbox
from tests.conftest import SignIn
from tests.factories.orders import DESCRIPTION, Market
from tests.factories.users import PASSWORD
from tests.features.proposals.test_pages import NewClient
from tests.security.people import ACCESS, CSRF, REFRESH, plant

HTML = {"Accept": "text/html", "Accept-Language": "en"}
ORDER = {"title": "Сайт пекарни", "description": DESCRIPTION, "budget_kind": "open", "visibility": "public"}


def parsed(answer: httpx.Response) -> BeautifulSoup:
    return BeautifulSoup(answer.text, "html.parser")


async def form_on(client: httpx.AsyncClient, page: str, action: str) -> dict[str, str]:
    """Return the hidden fields of a form, as a browser without scripts would send them."""
    shown = await client.get(page, headers=HTML)
    assert shown.status_code == 200, (page, shown.status_code)
    return hidden_of(parsed(shown), action)


def hidden_of(page: BeautifulSoup, action: str) -> dict[str, str]:
    form = page.select_one(f'form[action="{action}"]')
    assert form is not None, action
    return {str(item["name"]): str(item.get("value", "")) for item in form.select("input[type=hidden]")}


async def count(resources: Resources, table: Any) -> int:
    async with resources.sessions() as session:
        return (await session.execute(select(func.count()).select_from(table))).scalar_one()


async def person(market: Market, client: httpx.AsyncClient, name: str = "") -> httpx.AsyncClient:
    await market.sign_in(client, await market.person(name))
    client.headers.pop("X-CSRF-TOKEN", None)
    client.headers.update(HTML)
    return client


async def test_two_posts_of_one_form_publish_one_order(
    market: Market, client: httpx.AsyncClient, resources: Resources
) -> None:
    await person(market, client)
    form = await form_on(client, "/orders/new", "/orders/new") | ORDER | {"step": "publish"}
    first = await client.post("/orders/new", data=form)
    second = await client.post("/orders/new", data=form)
    assert first.status_code == second.status_code == 303
    assert first.headers["location"] == second.headers["location"]
    assert await count(resources, Order) == 1
    shown = await client.get(second.headers["location"])
    assert "It was sent twice and taken once." in shown.text


async def test_one_form_with_another_text_asks(market: Market, client: httpx.AsyncClient, resources: Resources) -> None:
    await person(market, client)
    form = await form_on(client, "/orders/new", "/orders/new") | ORDER | {"step": "publish"}
    first = await client.post("/orders/new", data=form)
    asked = await client.post("/orders/new", data=form | {"title": "Магазин пекарни"})
    assert asked.status_code == 409
    page = parsed(asked)
    assert page.select_one(f'a[href="{first.headers["location"]}"]') is not None
    assert DESCRIPTION in page.select_one("textarea[name=description]").text  # type: ignore[union-attr]
    assert await count(resources, Order) == 1
    again = hidden_of(page, "/orders/new") | {"description": DESCRIPTION}
    assert again["title"] == "Магазин пекарни"
    sent = await client.post("/orders/new", data=again)
    assert sent.status_code == 303
    assert sent.headers["location"] != first.headers["location"]
    assert await count(resources, Order) == 2


async def test_publish_back_publish_asks(market: Market, client: httpx.AsyncClient, resources: Resources) -> None:
    await person(market, client)
    form = await form_on(client, "/orders/new", "/orders/new") | ORDER | {"step": "publish"}
    assert (await client.post("/orders/new", data=form)).status_code == 303
    # Back loads the page again, with a new value, and the browser restores what was typed.
    fresh = await form_on(client, "/orders/new", "/orders/new")
    assert fresh[ONCE_FIELD] != form[ONCE_FIELD]
    asked = await client.post("/orders/new", data=form | fresh)
    assert asked.status_code == 409
    assert "You have sent exactly the same a few minutes ago." in asked.text
    assert await count(resources, Order) == 1
    again = hidden_of(parsed(asked), "/orders/new") | {"description": DESCRIPTION}
    assert (await client.post("/orders/new", data=again)).status_code == 303
    assert await count(resources, Order) == 2
    with time_machine.travel(utc_now() + timedelta(minutes=11)):
        later = form | await form_on(client, "/orders/new", "/orders/new")
        assert (await client.post("/orders/new", data=later)).status_code == 303


async def test_a_refused_form_can_be_sent_again(
    market: Market, client: httpx.AsyncClient, resources: Resources
) -> None:
    await person(market, client)
    form = await form_on(client, "/orders/new", "/orders/new") | ORDER | {"step": "publish"}
    assert (await client.post("/orders/new", data=form | {"title": ""})).status_code == 422
    assert (await client.post("/orders/new", data=form)).status_code == 303
    assert await count(resources, Order) == 1


async def test_the_value_of_one_person_means_nothing_to_another(
    market: Market, client: httpx.AsyncClient, new_client: NewClient, resources: Resources
) -> None:
    await person(market, client)
    other = await person(market, await new_client())
    form = await form_on(client, "/orders/new", "/orders/new") | ORDER | {"step": "publish"}
    first = await client.post("/orders/new", data=form)
    second = await other.post("/orders/new", data=form | {"csrf_token": other.cookies[CSRF]})
    assert second.status_code == 303
    assert second.headers["location"] != first.headers["location"]
    assert await count(resources, Order) == 2


async def test_two_posts_at_once_make_one_order(
    live_market: Market, live_client: httpx.AsyncClient, live_resources: Resources
) -> None:
    await person(live_market, live_client)
    form = await form_on(live_client, "/orders/new", "/orders/new") | ORDER | {"step": "publish"}
    answers = await asyncio.gather(*(live_client.post("/orders/new", data=form) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert await count(live_resources, Order) == 1


@pytest.mark.parametrize("form", ["proposal", "invitation", "portfolio", "search", "letter", "template", "report"])
async def test_every_form_that_makes_something_leads_to_its_first_result(
    market: Market, client: httpx.AsyncClient, form: str
) -> None:
    others = await market.order()
    own = await market.person()
    order = await market.order(own)
    guest = await market.person("anna")
    await market.sign_in(client, own)
    client.headers.pop("X-CSRF-TOKEN")
    client.headers.update(HTML)
    page, action, typed = {
        "proposal": (
            f"/orders/{others.id}",
            f"/orders/{others.id}/proposals",
            {"letter": "Сделаю всё это за неделю, примеры приложены.", "price": "50000", "term_days": "7"},
        ),
        "invitation": (f"/orders/{order.id}/invitations",) * 2 + ({"username": guest.username},),
        "portfolio": ("/settings/portfolio/new",) * 2 + ({"title": "Сайт булочной", "description": "Каталог."},),
        "search": ("/my/searches/new?q=сайт", "/my/searches/new", {"name": "Сайты"}),
        "letter": ("/my/letters/new",) * 2 + ({"name": "Обычное", "letter": "Здравствуйте, возьмусь за вашу работу."},),
        "template": (f"/orders/{order.id}/template",) * 2 + ({"name": "Мой"},),
        "report": (f"/report/order/{others.id}",) * 2 + ({"reason": "spam", "note": "Реклама."},),
    }[form]
    data = await form_on(client, page, action) | typed
    first, second = await client.post(action, data=data), await client.post(action, data=data)
    assert (first.status_code, second.status_code) == (303, 303), parsed(first).get_text(" ", strip=True)[-800:]
    assert first.headers["location"] == second.headers["location"]
    assert "It was sent twice" in (await client.get(second.headers["location"])).text


async def test_an_offer_sent_twice_is_made_once(market: Market, client: httpx.AsyncClient) -> None:
    customer = await market.person()
    order = await market.order(customer)
    proposal = await market.proposal(order)
    await market.sign_in(client, customer)
    client.headers.pop("X-CSRF-TOKEN")
    client.headers.update(HTML)
    address = f"/proposals/{proposal.id}/offer"
    shown = parsed(await client.get(address))
    form = shown.select_one(f'form[action="{address}"]')
    assert form is not None
    data = {str(item["name"]): str(item.get("value", "")) for item in form.select("input[name]")}
    data |= {"answer_hours": "72"}
    first, second = await client.post(address, data=data), await client.post(address, data=data)
    assert (first.status_code, second.status_code) == (303, 303), parsed(first).get_text(" ", strip=True)[-800:]
    assert first.headers["location"] == second.headers["location"]
    assert re.fullmatch(r"/offers/[0-9a-f-]{36}", first.headers["location"])


async def test_a_copy_is_made_once_by_a_button_pressed_twice(
    market: Market, client: httpx.AsyncClient, resources: Resources
) -> None:
    customer = await market.person()
    order = await market.order(customer)
    await market.sign_in(client, customer)
    client.headers.pop("X-CSRF-TOKEN")
    client.headers.update(HTML)
    address = f"/orders/{order.id}/copy"
    data = await form_on(client, f"/orders/{order.id}", address)
    first, second = await client.post(address, data=data), await client.post(address, data=data)
    assert first.headers["location"] == second.headers["location"]
    assert await count(resources, Order) == 2
    third = await client.post(address, data=await form_on(client, f"/orders/{order.id}", address))
    assert third.status_code == 303
    assert await count(resources, Order) == 3


async def test_forms_sent_long_ago_are_forgotten(
    market: Market, client: httpx.AsyncClient, resources: Resources
) -> None:
    await person(market, client)
    form = await form_on(client, "/orders/new", "/orders/new") | ORDER
    await client.post("/orders/new", data=form)
    await prune_outbox(resources)
    assert await count(resources, FormSubmission) == 1
    with time_machine.travel(utc_now() + timedelta(days=3)):
        await prune_outbox(resources)
    assert await count(resources, FormSubmission) == 0


@pytest.mark.parametrize("cookie", [None, "", "foreign", "a.b", "another's"])
@pytest.mark.parametrize("page", ["/", "/orders", "/settings/profile", "/api/v1/auth/me", "/api/v1/orders"])
async def test_a_lost_or_foreign_csrf_cookie_heals_on_the_next_safe_request(
    client: httpx.AsyncClient, sign_in: SignIn, new_client: NewClient, page: str, cookie: str | None
) -> None:
    await sign_in(client)
    other = await new_client()
    await sign_in(other)
    client.headers.pop("X-CSRF-TOKEN")
    client.cookies.delete(CSRF)
    if cookie is not None:
        plant(client, CSRF, other.cookies[CSRF] if cookie == "another's" else cookie)
    refused = await client.post("/api/v1/auth/logout", headers={"X-CSRF-TOKEN": cookie or ""})
    assert refused.status_code == 403
    answer = await client.get(page)
    assert answer.status_code == 200
    healed = next(item for item in answer.headers.get_list("set-cookie") if item.startswith(f"{CSRF}="))
    assert {"Path=/", "SameSite=Lax", "Secure"} <= {part.strip() for part in healed.split(";")}
    assert "HttpOnly" not in healed
    value = healed.partition(";")[0].partition("=")[2]
    assert "=" not in value
    done = await client.post("/api/v1/auth/logout", headers={"X-CSRF-TOKEN": value})
    assert done.status_code < 300


async def test_a_csrf_cookie_that_is_right_is_left_alone(client: httpx.AsyncClient, sign_in: SignIn) -> None:
    await sign_in(client)
    answer = await client.get("/settings/profile", headers=HTML)
    assert not [item for item in answer.headers.get_list("set-cookie") if item.startswith(CSRF)]
    bearer = await client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {client.cookies[ACCESS]}"})
    assert bearer.headers.get_list("set-cookie") == []


async def test_what_an_ended_session_left_behind_keeps_nobody_from_signing_in(
    client: httpx.AsyncClient, sign_in: SignIn, new_client: NewClient
) -> None:
    user = await sign_in(client)
    other = await new_client()
    await sign_in(other, user)
    page = parsed(await other.get("/settings/devices", headers=HTML))
    buttons = page.find_all("button", {"name": "session"})
    done = await other.post("/settings/devices/end", data={"session": buttons[-1]["value"]}, headers=HTML)
    assert done.status_code == 303
    client.headers.pop("X-CSRF-TOKEN")
    for name in (REFRESH, CSRF):
        with suppress(KeyError):
            client.cookies.delete(name)
    typed = {"identifier": user.username, "password": PASSWORD}
    assert (await client.post("/sign-in", data=typed, headers=HTML)).status_code == 403
    assert (await client.get("/sign-in", headers=HTML)).status_code == 200
    assert (await client.post("/sign-in", data=typed, headers=HTML)).status_code == 303


async def test_a_form_of_before_a_new_sign_in_is_shown_again_with_its_text(
    client: httpx.AsyncClient, sign_in: SignIn, resources: Resources
) -> None:
    user = await sign_in(client)
    client.headers.pop("X-CSRF-TOKEN")
    form = await form_on(client, "/orders/new", "/orders/new") | ORDER
    await sign_in(client, user)
    client.headers.pop("X-CSRF-TOKEN")
    refused = await client.post("/orders/new", data=form, headers=HTML)
    assert refused.status_code == 403
    page = parsed(refused)
    assert "nothing was sent" in page.get_text()
    assert page.select_one("textarea[name=description]").text.strip() == DESCRIPTION  # type: ignore[union-attr]
    again = hidden_of(page, "/orders/new")
    assert again["title"] == ORDER["title"]
    assert again["csrf_token"] == client.cookies[CSRF] != form["csrf_token"]
    done = await client.post("/orders/new", data=again | {"description": DESCRIPTION}, headers=HTML)
    assert done.status_code == 303
    assert await count(resources, Order) == 1


async def test_a_form_from_elsewhere_is_not_shown_again(client: httpx.AsyncClient, sign_in: SignIn) -> None:
    await sign_in(client)
    client.headers.pop("X-CSRF-TOKEN")
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        answer = await client.post("/orders/new", data=ORDER, headers=HTML | headers)
        assert answer.status_code == 403
        assert ORDER["title"] not in answer.text
    del client.headers["Origin"]
    answer = await client.post("/orders/new", data=ORDER, headers=HTML)
    assert (answer.status_code, ORDER["title"] in answer.text) == (403, False)


async def test_a_password_is_never_shown_again(client: httpx.AsyncClient, sign_in: SignIn) -> None:
    await sign_in(client)
    client.headers.pop("X-CSRF-TOKEN")
    typed = {"identifier": "vera", "password": PASSWORD, "csrf_token": "old"}
    answer = await client.post(
        "/sign-in", data=typed, headers=HTML | {"Referer": "https://localhost/sign-in?next=%2Forders"}
    )
    assert answer.status_code == 403
    assert PASSWORD not in answer.text
    assert parsed(answer).select_one('a.btn[href="/sign-in?next=%2Forders"]') is not None


async def test_proposals_of_two_people_are_two(
    market: Market, client: httpx.AsyncClient, new_client: NewClient, resources: Resources
) -> None:
    order = await market.order()
    typed = {"letter": "Сделаю всё это за неделю, примеры приложены.", "price": "50000", "term_days": "7"}
    for visitor in (client, await new_client()):
        await person(market, visitor)
        data = await form_on(visitor, f"/orders/{order.id}", f"/orders/{order.id}/proposals") | typed
        assert (await visitor.post(f"/orders/{order.id}/proposals", data=data)).status_code == 303
    assert await count(resources, Proposal) == 2


async def test_a_form_that_comes_too_early_keeps_its_text(
    market: Market, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_rules, "EDITS_BY_ACCOUNT", Rate("order-edits", 1, 600))
    await person(market, client)
    form = await form_on(client, "/orders/new", "/orders/new") | ORDER
    made = await client.post("/orders/new", data=form)
    page = re.sub(r"\?.*", "", made.headers["location"]).removesuffix("/preview") + "/edit"
    form = await form_on(client, page, page) | ORDER
    longer = f"{DESCRIPTION} И доставка по районам."
    answers = [await client.post(page, data=form | {"description": f"{longer}{number}"}) for number in range(2)]
    early = next(answer for answer in answers if answer.status_code == 429)
    assert int(early.headers["Retry-After"]) > 0
    shown = parsed(early)
    assert "Please wait" in shown.text
    assert longer in shown.select_one("textarea[name=description]").text  # type: ignore[union-attr]
    assert hidden_of(shown, page)["title"] == ORDER["title"]
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://elsewhere.example"}
    assert longer not in (await client.post(page, data=form | {"description": longer}, headers=foreign)).text

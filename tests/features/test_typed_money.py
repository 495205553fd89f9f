"""Amounts over HTTP: every form and filter reads them alike, and no text of a guest or a person ends in a 500."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from bs4 import BeautifulSoup

from tests.factories.orders import Market

type NewClient = Callable[[], Awaitable[httpx.AsyncClient]]
HTML = {"Accept": "text/html", "Accept-Language": "en"}
HOSTILE = (
    "1e999999", "-1e999999", "1E+99999999999", "NaN", "sNaN", "Infinity", "9" * 5000, "0." + "0" * 5000 + "1", "1_500",
    "١٥٠٠", "1,500.000", "{0}", "{typed}", "%s", "$1,5,0", "\u0000", "—", "(5)", "5 😀",
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
async def test_no_address_fails_because_of_an_amount(client: httpx.AsyncClient, text: str) -> None:
    addresses = [
        ("/orders", "budget_min"), ("/orders", "budget_max"), ("/orders.atom", "budget_min"),
        ("/freelancers", "rate_min"), ("/freelancers", "rate_max"), ("/api/v1/orders", "budget_min"),
        ("/api/v1/freelancers", "rate_max"), ("/orders", "days"), ("/orders", "answers_below"),
        ("/api/v1/orders", "days"), ("/api/v1/orders", "limit"),
    ]  # fmt: skip
    for path, name in addresses:
        answer = await client.get(path, params={name: text}, headers=HTML)
        assert answer.status_code == 422, (path, name, answer.status_code)
    noted = await client.get("/amount", params={"amount": text}, headers=HTML)
    assert (noted.status_code, noted.text[:7]) != (200, "Amount:")
    for currency in (text, ""):
        for path, name in addresses[:5]:
            answer = await client.get(path, params={name: "5", "currency": currency}, headers=HTML)
            assert answer.status_code in {200, 303, 422}, (path, currency, answer.status_code)


async def send(client: httpx.AsyncClient, address: str, **fields: str) -> httpx.Response:
    return await client.post(address, data=fields, headers=HTML)


@pytest.mark.parametrize("text", HOSTILE)
async def test_no_form_fails_because_of_an_amount_or_a_number(
    market: Market, client: httpx.AsyncClient, text: str
) -> None:
    order = await market.order()
    await market.sign_in(client, await market.person())
    editor = {"title": "Сайт для пекарни", "budget_kind": "fixed", "currency": "RUB"}
    proposal = {"price": "5000", "term_days": "5", "letter": "Сделаю за пять дней."}
    milestone = {"milestone_title": "Макет", "milestone_days": "1"}
    # NUL is left out of forms, so a field of nothing else is empty, and some of these may be.
    refused = {422, 303} if text == "\x00" else {422}
    for address, fields in (
        ("/orders/new", editor | {"budget": text}),
        ("/orders/new", editor | {"budget": "5", "budget_max": text}),
        ("/orders/new", editor | {"budget": "5", "currency": text}),
        ("/orders/new", editor | {"budget_kind": "hourly", "budget": "5", "weekly_hours": text}),
        ("/orders/new", editor | {"proposals_limit": text}),
        ("/orders/new", editor | {"deadline": text}),
        ("/settings/public-profile", {"side": "freelancer", "rate": text, "currency": "RUB"}),
        ("/settings/public-profile", {"side": "freelancer", "rate": "5", "currency": text}),
        ("/settings/public-profile", {"side": "freelancer", "currency": "RUB", "hours_week": text}),
        (f"/orders/{order.id}/proposals", proposal | {"price": text}),
        (f"/orders/{order.id}/proposals", proposal | {"term_days": text}),
        (f"/orders/{order.id}/proposals", proposal | milestone | {"milestone_amount": text}),
    ):
        answer = await send(client, address, **fields)
        assert answer.status_code in refused, (address, fields, answer.status_code)


@pytest.mark.parametrize(
    "amount", ["1e999999", "-1e999999", "1e5", "9" * 4000, "1.5", '"1500"', "NaN", "Infinity", "true"]
)
async def test_json_takes_whole_minor_units_only(market: Market, client: httpx.AsyncClient, amount: str) -> None:
    order = await market.order()
    await market.sign_in(client, await market.person())
    price = '{"amount": %s, "currency": "RUB"}' % amount  # noqa: UP031 - braces of JSON
    bodies = {
        "/api/v1/orders": '{"title": "Сайт для пекарни", "budget": %s}' % price,  # noqa: UP031
        f"/api/v1/orders/{order.id}/proposals": '{"price": %s, "term_days": 5, "letter": "Сделаю."}' % price,  # noqa: UP031
    }
    for address, body in bodies.items():
        answer = await client.post(address, content=body.encode(), headers={"Content-Type": "application/json"})
        assert answer.status_code in {400, 422}, (address, answer.status_code, answer.text)


@pytest.mark.parametrize(
    ("typed", "currency", "shown"),
    [
        ("1,500", "USD", "$1,500"),
        ("150.000", "EUR", "€150,000"),
        ("15 тыс. руб.", "RUB", "₽15,000"),
        ("$2k", "USD", "$2,000"),
    ],
)
async def test_the_pages_show_what_was_understood(
    market: Market, client: httpx.AsyncClient, typed: str, currency: str, shown: str
) -> None:
    noted = await client.get("/amount", params={"amount": typed, "currency": currency}, headers=HTML)
    assert noted.text == f"Amount: {shown}"
    filters = {"budget_min": typed, "currency": currency}
    listed = BeautifulSoup((await client.get("/orders", params=filters, headers=HTML)).text, "html.parser")
    assert f"from {shown}" in listed.get_text()
    people = {"rate_max": typed, "currency": currency}
    listed = BeautifulSoup((await client.get("/freelancers", params=people, headers=HTML)).text, "html.parser")
    assert f"up to {shown}" in listed.get_text()
    await market.sign_in(client, await market.person())
    form: dict[str, Any] = {"title": "", "budget_kind": "fixed", "budget": typed, "currency": currency}
    again = BeautifulSoup((await send(client, "/orders/new", **form, deadline="never")).text, "html.parser")
    note = again.select_one("#amount-budget")
    assert note is not None
    assert note.get_text() == f"Amount: {shown}"
    saved = await client.get("/my/searches/new", params=filters, headers=HTML)
    assert f"from {shown}" in BeautifulSoup(saved.text, "html.parser").get_text()


async def test_two_readings_and_another_currency_are_asked_about(market: Market, client: httpx.AsyncClient) -> None:
    await market.sign_in(client, await market.person())
    for budget, message in (
        ("1 500,000", "The amount “1 500,000” can be read in two ways. Write 1\u00a0500\u00a0000.00 or 1\u00a0500.00."),
        ("$1500", "“$” in the amount is not RUB."),
    ):
        page = await send(client, "/orders/new", title="Сайт", budget_kind="fixed", budget=budget, currency="RUB")
        error = BeautifulSoup(page.text, "html.parser").select_one("#error-budget")
        assert error is not None
        assert message in error.get_text()

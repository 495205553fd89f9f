"""Whole numbers and amounts over HTTP: digits only, refused at their field, in every form, filter and page size."""

import httpx
import pytest
from bs4 import BeautifulSoup
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.actor import Actor
from app.models import Order
from tests.factories.orders import Market

HTML = {"Accept": "text/html", "Accept-Language": "en"}
ODD = ("1_0", "１２", "٣", "+5", "1e3", "5.0", "0x10", "5 days", "²")
WORDS = "Write a whole number in digits, such as 12."
# A form that holds NUL is refused as a whole, before its fields are read.
TYPED = st.one_of(
    st.text(alphabet="0123456789.,' \u00a0\u202f_+-eкkтыс$€₽рубUSD١", max_size=30),
    st.text(st.characters(exclude_characters="\0"), max_size=20),
    st.integers(-10, 10**25).map(str),
    st.sampled_from(("1,500", "150.000", "2k", "1e999999", "9" * 5000, "NaN", "1 500,000", "$5")),
)


@pytest.mark.parametrize("text", ODD)
async def test_filters_and_page_sizes_take_digits_only(market: Market, client: httpx.AsyncClient, text: str) -> None:
    for path, name in (
        ("/api/v1/orders", "limit"), ("/api/v1/orders", "days"), ("/api/v1/orders", "answers_below"),
        ("/api/v1/orders", "budget_min"), ("/api/v1/freelancers", "limit"), ("/api/v1/freelancers", "rate_max"),
        ("/api/v1/skills", "limit"), ("/api/v1/catalogue/suggestions", "limit"),
    ):  # fmt: skip
        answer = await client.get(path, params={name: text}, headers={"Accept-Language": "en"})
        assert answer.status_code == 422, (path, name)
        assert [(error["loc"][-1], error["msg"]) for error in answer.json()["errors"]] == [(name, WORDS)]
    for name in ("days", "answers_below"):
        assert (await client.get("/orders", params={name: text}, headers=HTML)).status_code == 422
    await market.sign_in(client, await market.person())
    for path in ("/api/v1/orders/mine", "/api/v1/proposals/mine", "/api/v1/files", "/api/v1/notifications"):
        answer = await client.get(path, params={"limit": text})
        assert answer.status_code == 422, path


async def test_blanks_around_a_number_are_dropped(client: httpx.AsyncClient) -> None:
    for path, name in (("/orders", "days"), ("/api/v1/orders", "limit"), ("/api/v1/skills", "limit")):
        assert (await client.get(path, params={name: " 5 "}, headers=HTML)).status_code == 200


def error_at(page: httpx.Response, name: str) -> str:
    found = BeautifulSoup(page.text, "html.parser").select_one(f"#error-{name}")
    return found.get_text() if found else ""


@pytest.mark.parametrize("text", ODD)
async def test_forms_take_digits_only_and_name_the_field(market: Market, client: httpx.AsyncClient, text: str) -> None:
    order = await market.order()
    await market.sign_in(client, await market.person())
    editor = {"title": "Сайт для пекарни", "currency": "RUB", "budget": "500"}
    proposal = {"price": "5000", "letter": "Сделаю за пять дней."}
    milestone = {"milestone_title": "Макет", "milestone_amount": "5000", "term_days": "5"}
    for address, fields, name in (
        ("/orders/new", editor | {"budget_kind": "hourly", "weekly_hours": text}, "weekly_hours"),
        ("/orders/new", editor | {"budget_kind": "fixed", "proposals_limit": text}, "proposals_limit"),
        ("/settings/public-profile", {"side": "freelancer", "currency": "RUB", "hours_week": text}, "hours_week"),
        ("/settings/portfolio/new", {"title": "Магазин", "year": text}, "year"),
        (f"/orders/{order.id}/proposals", proposal | {"term_days": text}, "term_days"),
        (f"/orders/{order.id}/proposals", proposal | milestone | {"milestone_days": text}, "milestones"),
    ):  # fmt: skip
        page = await client.post(address, data=fields, headers=HTML)
        assert page.status_code == 422, (address, name, page.status_code)
        assert WORDS in error_at(page, name), (address, name, error_at(page, name))


async def two_sides(market: Market) -> tuple[Order, Actor, Actor, str]:
    customer, freelancer = await market.person(), await market.person()
    order = await market.order(customer)
    proposal = await market.proposal(order, freelancer)
    return order, customer, freelancer, str(proposal.id)


async def test_any_text_in_the_forms_of_offers_and_edits_is_taken_or_refused(
    market: Market, client: httpx.AsyncClient
) -> None:
    _order, customer, freelancer, proposal_id = await two_sides(market)
    tried: list[tuple[str, str, str, str]] = []

    @settings(
        max_examples=40,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture],
    )
    @given(TYPED, TYPED, TYPED, TYPED)
    def collect(price: str, term: str, amount: str, days: str) -> None:
        tried.append((price, term, amount, days))

    collect()
    for person, path, more in (
        (freelancer, "edit", {"letter": "Сделаю за две недели."}),
        (customer, "offer", {"answer_hours": "48"}),
    ):
        await market.sign_in(client, person)
        for price, term, amount, days in tried:
            fields = {"price": price, "term_days": term, "milestone_title": "Макет"}
            fields |= {"milestone_amount": amount, "milestone_days": days, **more}
            answer = await client.post(f"/proposals/{proposal_id}/{path}", data=fields, headers=HTML)
            assert answer.status_code in {303, 422}, (path, fields, answer.status_code)
            assert answer.status_code == 303 or "error-summary-title" in answer.text, (path, fields)


@pytest.mark.parametrize(("field", "text"), [("term_days", "1_0"), ("price", "1 500,000"), ("answer_hours", "4٨")])
async def test_an_offer_names_the_field_that_is_not_understood(
    market: Market, client: httpx.AsyncClient, field: str, text: str
) -> None:
    _order, customer, _freelancer, proposal_id = await two_sides(market)
    await market.sign_in(client, customer)
    fields = {"price": "5000", "term_days": "5", "answer_hours": "48", field: text}
    page = await client.post(f"/proposals/{proposal_id}/offer", data=fields, headers=HTML)
    assert page.status_code == 422
    assert error_at(page, field)

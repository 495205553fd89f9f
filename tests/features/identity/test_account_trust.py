"""Daily limits of new and unconfirmed accounts, and what their errors say."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import httpx
import pytest
import time_machine

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.resources import Resources
from app.core.security.rate_limits import TooManyTriesError
from app.features.identity import rules
from app.features.identity.errors import NewAccountLimitError
from app.features.identity.service.daily_limits import DailyLimit
from app.features.orders import service as orders
from app.models import User
from tests.factories.orders import Market

NOW = utc_now()


@pytest.mark.parametrize(
    ("age_days", "confirmed", "new"), [(0, True, True), (2, True, True), (3, True, False), (400, False, True)]
)
def test_age_and_a_confirmed_contact_make_an_account_settled(age_days: int, confirmed: bool, new: bool) -> None:
    found = rules.account_trust(NOW - timedelta(days=age_days), confirmed=confirmed, days=3)
    assert found.is_new(NOW) is new


def limit(times: int, usual: int, *, confirmed: bool = True) -> DailyLimit:
    return DailyLimit(times, usual, rules.account_trust(NOW, confirmed=confirmed, days=3), NOW)


def test_a_day_with_room_refuses_nobody() -> None:
    limit(2, 5).check(None, TooManyTriesError)


def test_a_full_day_says_when_there_is_room_again() -> None:
    oldest = NOW - timedelta(hours=20)
    with pytest.raises(NewAccountLimitError) as young:
        limit(2, 5).check(oldest, TooManyTriesError)
    assert young.value.retry_after == 4 * 3600 + 1
    assert f"{NOW + timedelta(days=3):%d.%m.%Y %H:%M} UTC" in young.value.text()
    with pytest.raises(NewAccountLimitError) as unconfirmed:
        limit(2, 5, confirmed=False).check(oldest, TooManyTriesError)
    assert young.value.text() != unconfirmed.value.text()
    with pytest.raises(TooManyTriesError):
        limit(5, 5).check(oldest, TooManyTriesError)


async def settle_account(market: Market, actor: Actor, created_at: datetime, *, confirmed: bool) -> None:
    """Set the age of an account and whether its e-mail address is confirmed."""
    async with market.uow() as work:
        user = await work.session.get(User, actor.id)
        assert user is not None
        user.created_at = created_at
        user.email_confirmed_at = created_at if confirmed else None


@pytest.fixture
def strict(resources: Resources) -> None:
    """Limits of one each per day for new accounts."""
    fewer = {"new_account_orders_per_day": 1, "new_account_proposals_per_day": 1}
    resources.settings = resources.settings.model_copy(update=fewer)


@pytest.mark.usefixtures("strict")
async def test_a_new_customer_publishes_fewer_orders(market: Market, client: httpx.AsyncClient) -> None:
    customer = await market.person()
    await settle_account(market, customer, utc_now(), confirmed=True)
    await market.sign_in(client, customer)
    await market.order(customer)
    draft = await market.draft(customer)
    refused = await client.post(f"/api/v1/orders/{draft.id}/publish")
    assert (refused.status_code, refused.json()["code"]) == (429, "new-account-limit")
    assert 86_000 < int(refused.headers["retry-after"]) <= 86_401
    page = await client.post(f"/orders/{draft.id}/publish", headers={"Accept": "text/html"})
    assert page.status_code == 429
    assert "The limit of a new account" in page.text
    await settle_account(market, customer, utc_now() - timedelta(days=4), confirmed=True)
    assert (await client.post(f"/api/v1/orders/{draft.id}/publish")).status_code == 200


@pytest.mark.usefixtures("strict")
async def test_an_unconfirmed_freelancer_sends_fewer_proposals(
    market: Market, new_client: Callable[[], Awaitable[httpx.AsyncClient]]
) -> None:
    freelancer, client = await market.person(confirmed=False), await new_client()
    await settle_account(market, freelancer, utc_now() - timedelta(days=400), confirmed=False)
    await market.sign_in(client, freelancer)
    await market.proposal(await market.order(), freelancer)
    another = await market.order()
    offer = {"price": {"amount": 100_000, "currency": "RUB"}, "term_days": 2, "letter": "Сделаю."}
    refused = await client.post(f"/api/v1/orders/{another.id}/proposals", json=offer)
    assert (refused.status_code, refused.json()["code"]) == (429, "new-account-limit")
    assert "Confirm one of them" in refused.json()["detail"]
    with time_machine.travel(utc_now() + timedelta(hours=25), tick=True):
        await market.proposal(another, freelancer)


@pytest.mark.usefixtures("strict")
async def test_an_import_is_not_counted(market: Market) -> None:
    customer = await market.person()
    drafts = [await market.draft(customer) for _ in range(3)]
    for draft in drafts:
        async with market.uow() as work:
            await orders.publish_order(work, customer, draft.id, counted=False)

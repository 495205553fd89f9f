"""What an account can repeat at will, and what others could be bothered with, has a rate."""

from collections.abc import Awaitable, Callable

import httpx
import pytest

from app.core.resources import Resources
from app.core.security.rate_limits import Rate
from app.features.orders.rules import DRAFTS_BY_ACCOUNT, EDITS_BY_ACCOUNT
from app.features.profiles.rules import LISTED_BY_ACCOUNT
from app.features.proposals import rules as proposal_rules
from tests.factories.orders import Market

type NewClient = Callable[[], Awaitable[httpx.AsyncClient]]

type Call = tuple[Rate, str, str, dict[str, object]]
CALLS: list[Call] = [
    (DRAFTS_BY_ACCOUNT, "POST", "/orders", {"title": "A shop for bread"}),
    (DRAFTS_BY_ACCOUNT, "POST", "/orders/{order}/copy", {}),
    (EDITS_BY_ACCOUNT, "PATCH", "/orders/{order}", {"title": "Another shop"}),
    (
        proposal_rules.OFFERS_BY_ACCOUNT,
        "POST",
        "/proposals/{proposal}/offers",
        {"price": {"amount": 100, "currency": "RUB"}, "term_days": 3},
    ),
    (proposal_rules.LISTED_BY_ACCOUNT, "PUT", "/proposals/{proposal}/shortlist", {}),
    (proposal_rules.LISTED_BY_ACCOUNT, "DELETE", "/proposals/{proposal}/shortlist", {}),
    (LISTED_BY_ACCOUNT, "PUT", "/favourites/anna", {}),
    (LISTED_BY_ACCOUNT, "DELETE", "/favourites/anna", {}),
    (LISTED_BY_ACCOUNT, "PUT", "/hidden-customers/anna", {}),
]


@pytest.mark.parametrize("call", CALLS)
async def test_what_can_be_repeated_has_a_rate(
    market: Market,
    resources: Resources,
    new_client: NewClient,
    call: Call,
) -> None:
    rate, method, path, body = call
    customer, anna = await market.person("bakery"), await market.person("anna")
    order = await market.order(customer)
    proposal = await market.proposal(order, anna)
    client = await market.sign_in(await new_client(), customer)
    address = "/api/v1" + path.format(order=order.id, proposal=proposal.id)
    for _time in range(rate.times):
        await resources.limiter.count(rate, str(customer.id))
    refused = await client.request(method, address, json=body)
    assert (refused.status_code, refused.json()["code"]) == (429, "too-many-tries")
    assert 0 < int(refused.headers["Retry-After"]) <= rate.seconds
    assert "Please wait" in refused.json()["detail"]


async def test_edits_of_proposals_have_a_rate(market: Market, resources: Resources, new_client: NewClient) -> None:
    anna = await market.person("anna")
    proposal = await market.proposal(await market.order(), anna)
    client = await market.sign_in(await new_client(), anna)
    for _time in range(proposal_rules.EDITS_BY_ACCOUNT.times):
        await resources.limiter.count(proposal_rules.EDITS_BY_ACCOUNT, str(anna.id))
    refused = await client.patch(f"/api/v1/proposals/{proposal.id}", json={"term_days": 5, "version": 1})
    assert (refused.status_code, refused.json()["code"]) == (429, "too-many-tries")

"""Every list with a cursor refuses a changed one with the same response, whatever it contains."""

import base64
import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi.dependencies.models import Dependant
from sqlalchemy import update

from app.core.pagination import encode_cursor
from app.models.user import Role, User
from tests.factories.orders import Market
from tests.surface_coverage import all_routes

KEY = "0192d3a0-0000-7000-8000-000000000000"
HUGE = 2**63 - 1
TAMPERED: tuple[list[Any], ...] = (
    [], ["x"], [KEY, KEY], [1], [None], [HUGE, KEY], ["rate", HUGE, "x"], ["older", HUGE, KEY],
    ["older", -HUGE, KEY], ["closing", HUGE, KEY, 0], ["closing", -HUGE, KEY, 0], ["budget", 0, KEY, HUGE],
    ["0001-01-01T00:00:00+14:00", KEY], ["9999-12-31T23:59:59-14:00", KEY], ["2026-01-01T00:00:00", KEY],
    ["0001-01-01T00:00:00+00:00", KEY], ["9999-12-31T23:59:59+00:00", KEY], ["match", HUGE, HUGE, 0],
)  # fmt: skip
SORTS: dict[str, tuple[str, ...]] = {
    "/api/v1/orders": ("newest", "closing", "budget", "match"),
    "/api/v1/freelancers": ("match", "newest", "rate"),
}


def takes_cursor(dependant: Dependant) -> bool:
    """Tell whether a route has a cursor among its parameters, or among those of its query model."""
    for field in dependant.query_params:
        model = getattr(field.field_info, "annotation", None)
        if field.name == "cursor" or "cursor" in getattr(model, "model_fields", {}):
            return True
    return any(takes_cursor(below) for below in dependant.dependencies)


def lists() -> Iterator[str]:
    """Yield the addresses of the lists."""
    for name, route in all_routes().items():
        method, path = name.split()
        if method == "GET" and path.startswith("/api/v1/") and takes_cursor(route.dependant):
            yield path


LISTS = sorted(lists())


def test_the_lists_are_found() -> None:
    assert len(LISTS) >= 11
    assert set(SORTS) <= set(LISTS)


async def test_a_number_of_any_size_is_a_place_among_proposals(market: Market, client: httpx.AsyncClient) -> None:
    customer = await market.person()
    order = await market.order(customer)
    await market.sign_in(client, customer)
    for number in (HUGE, -HUGE):
        cursor = encode_cursor("newest", number, UUID(KEY))
        answer = await client.get(f"/api/v1/orders/{order.id}/proposals", params={"cursor": cursor})
        assert (answer.status_code, answer.json()["items"]) == (200, [])


@pytest.mark.parametrize("path", LISTS)
async def test_an_altered_cursor_is_refused(path: str, market: Market, client: httpx.AsyncClient) -> None:
    customer = await market.person()
    order = await market.order(customer)
    if path.startswith("/api/v1/finance/"):
        async with market.uow() as work:
            await work.session.execute(update(User).where(User.id == customer.id).values(role=Role.ADMIN))
    await market.sign_in(client, customer)
    address = path.replace("{order_id:uuid}", str(order.id))
    texts = [base64.urlsafe_b64encode(json.dumps(values).encode()).rstrip(b"=").decode() for values in TAMPERED]
    for sort in SORTS.get(path, ("",)):
        known = {"sort": sort, **({"currency": "RUB"} if sort in ("budget", "rate") else {})} if sort else {}
        for cursor in (*texts, encode_cursor("newest", HUGE), "=", "ы", encode_cursor("another list", 0)):
            answer = await client.get(address, params={**known, "cursor": cursor})
            assert (answer.status_code, answer.json()["code"]) == (422, "bad-cursor"), (sort, cursor, answer.text)
            assert [error["loc"] for error in answer.json()["errors"]] == [["query", "cursor"]]

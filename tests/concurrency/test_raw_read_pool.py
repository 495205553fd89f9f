"""The raw read pool when the database terminates its connections."""

import asyncio

import httpx
from sqlalchemy import text

from app.core.resources import Resources
from tests.factories.users import PASSWORD

API = "/api/v1/auth"
VERA = {"username": "Vera", "email": "vera@example.com", "password": PASSWORD}


async def test_thrown_out_connections_are_replaced_unseen(
    live_client: httpx.AsyncClient, live_resources: Resources
) -> None:
    assert live_resources.raw_read_pool is not None
    assert (await live_client.post(f"{API}/register", json=VERA)).status_code == 201
    assert (await live_client.get(f"{API}/me")).status_code == 200
    thrown_out = text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    async with live_resources.sessions() as session:
        assert (await session.execute(thrown_out)).scalar_one() >= 1
    answers = await asyncio.gather(*(live_client.get(f"{API}/me") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}

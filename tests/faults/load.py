"""A light load on a running instance that records everything the instance acknowledged."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import asyncpg
import httpx
from sqlalchemy import make_url

from app.local.servers.layout import Layout
from tests.e2e.api_clients import PASSWORD, PublishedClient
from tests.running.instance import Instance

PAUSE = 0.2
ANNOUNCE_PAUSE = 0.5


@dataclass
class Session:
    """One session, kept as the cookie that a browser would send."""

    cookie: str
    client: PublishedClient


@dataclass
class Load:
    """Creates orders, emits events, signs in and out until stopped; errors are counted and do not stop it."""

    instance: Instance
    owner: PublishedClient
    user_id: str
    orders: list[str] = field(default_factory=list)
    announced: list[int] = field(default_factory=list)
    failures: int = 0
    written_at: float = 0.0
    ended: list[Session] = field(default_factory=list)
    alive: list[Session] = field(default_factory=list)

    def address(self, kind: str) -> str:
        """Return the address of a bundled server."""
        return str(json.loads(Layout(self.instance.data_dir).addresses.read_text())[kind])

    @property
    def base(self) -> str:
        """The site's own origin."""
        return f"http://127.0.0.1:{self.instance.port}"

    async def database(self) -> Any:
        """Connect to the instance's PostgreSQL."""
        plain = make_url(self.address("postgres")).set(drivername="postgresql").render_as_string(hide_password=False)
        return await asyncpg.connect(plain, timeout=5)

    async def write(self) -> None:
        """Create drafts; every one acknowledged with 201 must be kept."""
        while True:
            try:
                answer = await self.owner.post("/orders", {"title": "A shop for bread", "description": "Bread."})
                if answer.status_code == httpx.codes.CREATED:
                    self.orders.append(answer.json()["id"])
                    self.written_at = time.monotonic()
                else:
                    self.failures += 1
            except httpx.HTTPError:
                self.failures += 1
            await asyncio.sleep(PAUSE)

    async def announce(self) -> None:
        """Commit events that must reach their consumer exactly once."""
        payload = json.dumps({"user_id": self.user_id, "reset": False})
        statement = "INSERT INTO outbox_messages (topic, payload) VALUES ('identity.password_changed', $1) RETURNING id"
        while True:
            try:
                connection = await self.database()
                try:
                    self.announced.append(int(await connection.fetchval(statement, payload)))
                finally:
                    connection.terminate()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                self.failures += 1
            await asyncio.sleep(ANNOUNCE_PAUSE)

    async def noticed(self) -> set[int]:
        """Return the events that were processed."""
        connection = await self.database()
        try:
            rows = await connection.fetch("SELECT message_id FROM notifications WHERE kind = 'password_changed'")
        finally:
            await connection.close()
        assert len(rows) == len({row["message_id"] for row in rows}), "an effect happened twice"
        return {int(row["message_id"]) for row in rows}

    async def mailed(self) -> set[int]:
        """Return the events whose e-mail was accepted by the mail server."""
        connection = await self.database()
        try:
            rows = await connection.fetch(
                "SELECT message_id FROM mail_messages WHERE kind = 'password_changed' AND status = 'sent'"
            )
        finally:
            await connection.close()
        return {int(row["message_id"]) for row in rows}

    async def stored_orders(self) -> set[str]:
        """Return the orders that exist."""
        connection = await self.database()
        try:
            rows = await connection.fetch("SELECT id FROM orders")
        finally:
            await connection.close()
        return {str(row["id"]) for row in rows}

    async def sign_in(self) -> None:
        """Start one more session and keep it."""
        client = client_of(self.instance)
        answer = await client.post("/auth/login", {"username": "bakery", "password": PASSWORD})
        assert answer.status_code == httpx.codes.OK, answer.text
        name, _refresh = client.token_names()
        self.alive.append(Session(f"{name}={client.cookie(name)}", client))

    async def end_one(self) -> None:
        """Sign out of the oldest session; once that is acknowledged, the session must stay ended."""
        session = self.alive.pop(0)
        answer = await session.client.post("/auth/logout")
        assert answer.status_code == httpx.codes.OK, answer.text
        self.ended.append(session)

    async def sessions_hold(self) -> None:
        """Check that ended sessions are refused and active ones accepted."""
        async with httpx.AsyncClient(base_url=self.base, timeout=10) as client:
            for session in self.ended:
                answer = await client.get("/api/v1/auth/me", headers={"Cookie": session.cookie})
                assert answer.status_code == httpx.codes.UNAUTHORIZED, "an ended session lives again"
            for session in self.alive:
                answer = await client.get("/api/v1/auth/me", headers={"Cookie": session.cookie})
                assert answer.status_code == httpx.codes.OK, answer.text


def client_of(instance: Instance) -> PublishedClient:
    where: Any = SimpleNamespace(
        origin=f"http://localhost:{instance.port}", address=f"http://127.0.0.1:{instance.port}"
    )
    return PublishedClient(where)


@asynccontextmanager
async def load_on(instance: Instance, sessions: int) -> AsyncGenerator[Load]:
    """Start the load with one account that has so many sessions."""
    owner = client_of(instance)
    body = {"username": "bakery", "email": "bakery@example.com", "password": PASSWORD}
    answer = await owner.post("/auth/register", body)
    assert answer.status_code == httpx.codes.CREATED, answer.text
    load = Load(instance, owner, str(answer.json()["id"]))
    connection = await load.database()
    await connection.execute("UPDATE users SET email_confirmed_at = now() WHERE username = 'bakery'")
    await connection.close()
    for _number in range(sessions):
        await load.sign_in()
    running = [asyncio.create_task(load.write()), asyncio.create_task(load.announce())]
    try:
        yield load
    finally:
        for task in running:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        for client in (owner, *(session.client for session in (*load.alive, *load.ended))):
            await client.http.aclose()

"""The people of the permission table, and the objects they create."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from app.core.actor import Actor
from app.features.authentication import service as authentication
from app.features.identity import service as identity
from app.models import User
from app.models.user import Role, UserStatus
from tests.contract.permissions.table import ROLES, Row, makers
from tests.factories.commands import OPERATOR
from tests.factories.orders import Market

type Ask = Callable[[httpx.AsyncClient, Row, dict[str, Any]], Awaitable[int]]


@dataclass
class Scene:
    """Seven people and the objects they created."""

    market: Market
    make_client: Callable[[], Awaitable[httpx.AsyncClient]]
    people: dict[str, Actor] = field(default_factory=dict)

    async def fill(self) -> None:
        """Create the people, but no objects."""
        for role in ROLES[1:]:
            self.people[role] = await self.market.person(with_password=True)
        async with self.market.uow() as work:
            operator = await work.session.get(User, self.people["operator"].id)
            assert operator is not None
            operator.role = Role.ADMIN

    async def walk(self, rows: list[Row], ask: Ask) -> dict[str, dict[str, tuple[int, int]]]:
        """Send the requests of these rows; return those with another status: the one found, then the expected one.

        Each row has new people, because a request may close an account.
        """
        wrong: dict[str, dict[str, tuple[int, int]]] = {}
        for row in rows:
            await self.fill()
            for role, expected in row.cells.items():
                ids = await self.ids(row, role)
                found = await ask(await self.client(role), row, ids)
                if found != expected:
                    wrong.setdefault(f"{row.address} {row.state}", {})[role] = (found, expected)
        return wrong

    async def client(self, role: str) -> httpx.AsyncClient:
        """Return the browser of this person, signed in again because an earlier row may have ended the session."""
        made = await self.make_client()
        if role == "banned":
            await self._ban(made)
        elif role != "nobody":
            await self.market.sign_in(made, self.people[role])
        return made

    async def _ban(self, client: httpx.AsyncClient) -> None:
        """Sign in and be banned: the cookies exist but are invalid."""
        person = self.people["banned"]
        async with self.market.uow() as work:
            user = await work.session.get(User, person.id)
            assert user is not None
            user.status = UserStatus.ACTIVE
        await self.market.sign_in(client, person)
        async with self.market.uow() as work:
            await identity.ban(work, OPERATOR, person.id, reason="For this table.")

    async def ids(self, row: Row, role: str) -> dict[str, Any]:
        """Create the objects of the row, and return the values of its path parameters."""
        ids: dict[str, Any] = dict(row.fixed)
        names = [*row.about, *re.findall(r"{(\w+)(?::\w+)?}", row.route)]
        made_here: dict[str, Callable[..., Any]] = {
            "notice_id": self._nothing,
            "session_id": self._session_of_somebody_else,
            "order_id": self._market,
            "proposal_id": self._market,
        }
        for name in names:
            if name not in ids:
                made = await (makers() | made_here)[name](self, row, role)
                ids |= made if isinstance(made, dict) else {name: made}
        return ids

    @staticmethod
    async def _nothing(_scene: "Scene", _row: Row, _role: str) -> Any:
        return uuid4()

    async def market_of(self, row: Row, role: str) -> dict[str, Any]:
        """Create an order and its proposals, for makers that build on them."""
        return await self._market(self, row, role)

    @staticmethod
    async def _market(scene: "Scene", row: Row, role: str) -> dict[str, Any]:
        """Create the order of the row, for the banned role with that person as customer; open with two proposals."""
        customer = scene.people["banned" if role == "banned" else "customer"]
        if row.state == "draft":
            return {"order_id": (await scene.market.draft(customer)).id}
        order = await scene.market.order(customer)
        proposal = await scene.market.proposal(order, scene.people["freelancer"])
        await scene.market.proposal(order, scene.people["rival"])
        return {"order_id": order.id, "proposal_id": proposal.id}

    @staticmethod
    async def _session_of_somebody_else(scene: "Scene", _row: Row, _role: str) -> Any:
        """Return an active session of a person outside the roles."""
        person = await scene.market.person()
        async with scene.market.uow() as work:
            user = await work.session.get(User, person.id)
            assert user is not None
            return (await authentication.open_session(work, user, authentication.Caller())).session_id

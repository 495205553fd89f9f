"""Limits how many request bodies of one sender are received at the same time.

Counted in the memory of this process alone: with several web processes the limits hold for each of them. A body counts
from the first wait for its bytes until its last byte, so one that arrives together with its headers is not counted.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.types import Message, Receive

from app.core.config import Settings
from app.core.resources import Resources
from app.core.security.address import client_address, limit_key
from app.core.security.cookies import cookie_names
from app.core.security.tokens import BadTokenError, TokenKind

WAIT_SECONDS = 5.0
"""How long a body waits for another one of its sender to end before it is refused."""
STALL_SECONDS = 60.0
"""A client that sends nothing for this long is treated as disconnected."""
DISCONNECT: Message = {"type": "http.disconnect"}


@dataclass(frozen=True, slots=True)
class Sender:
    """An account or an address, and the number of bodies that may be received from it at once."""

    key: str
    limit: int


def senders_of(connection: HTTPConnection, resources: Resources) -> Sequence[Sender]:
    """Return the account named by the tokens of a request, and the address where it belongs to one client."""
    settings = resources.settings
    found: list[Sender] = []
    person = _account_of(connection, settings, resources)
    if person is not None:
        found.append(Sender(f"person:{person}", settings.arriving_bodies_per_person))
    address = limit_key(client_address(connection, settings), settings)
    if address is not None:
        found.append(Sender(f"address:{address}", settings.arriving_bodies_per_address))
    return found


def _account_of(connection: HTTPConnection, settings: Settings, resources: Resources) -> str | None:
    """Return the account id in a correctly signed token, expired or not: only its owner can send it."""
    names, codec = cookie_names(settings), resources.token_codec
    scheme, _space, bearer = connection.headers.get("authorization", "").partition(" ")
    sent = (
        (bearer.strip() if scheme.lower() == "bearer" else "", TokenKind.ACCESS),
        (connection.cookies.get(names.access, ""), TokenKind.ACCESS),
        (connection.cookies.get(names.refresh, ""), TokenKind.REFRESH),
    )
    for token, kind in sent:
        if token:
            with suppress(BadTokenError):
                return str(codec.decode(token, kind, allow_expired=True).user_id)
    return None


class ArrivingBodies:
    """One semaphore per sender for the bodies that it may send at once."""

    def __init__(self) -> None:
        self._places: dict[str, asyncio.Semaphore] = {}
        self._users: Counter[str] = Counter()

    async def enter(self, sender: Sender) -> None:
        """Acquire a slot of this sender; waits up to `WAIT_SECONDS` when all are taken.

        Raises:
            HTTPException: No slot became free (429).
        """
        slots = self._places.setdefault(sender.key, asyncio.Semaphore(sender.limit))
        self._users[sender.key] += 1
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await slots.acquire()
        except TimeoutError:
            self._forget(sender)
            # Not a domain error, because the framework's body reader turns every other exception into a 400.
            raise HTTPException(HTTPStatus.TOO_MANY_REQUESTS) from None
        except BaseException:
            self._forget(sender)
            raise

    def leave(self, sender: Sender) -> None:
        """Release the slot."""
        self._places[sender.key].release()
        self._forget(sender)

    def _forget(self, sender: Sender) -> None:
        self._users[sender.key] -= 1
        if not self._users[sender.key]:
            del self._users[sender.key], self._places[sender.key]


class Arrival:
    """Receives one body; call `end` when the request is over, whether or not the body is complete."""

    def __init__(self, bodies: ArrivingBodies, senders: Callable[[], Sequence[Sender]], receive: Receive) -> None:
        self._bodies = bodies
        self._senders = senders
        self._receive = receive
        self._entered: list[Sender] = []
        self._begun = self._complete = self._gone = False

    async def receive(self) -> Message:
        """Return the next message; the first call acquires the slots.

        Raises:
            HTTPException: The sender has too many bodies in progress.
        """
        if self._gone:
            return DISCONNECT
        if self._complete:
            return await self._receive()
        await self._enter()
        try:
            async with asyncio.timeout(STALL_SECONDS):
                message = await self._receive()
        except TimeoutError:
            self._gone, message = True, DISCONNECT
        if not message.get("more_body", False):
            self._complete = True
            self.end()
        return message

    async def _enter(self) -> None:
        if self._begun:
            return
        self._begun = True
        for sender in self._senders():
            await self._bodies.enter(sender)
            self._entered.append(sender)

    def end(self) -> None:
        """Release the slots."""
        while self._entered:
            self._bodies.leave(self._entered.pop())

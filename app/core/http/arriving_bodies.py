"""Limits how many request bodies one sender may have arriving at the same moment.

Counted in the memory of this process alone: with several web processes the limits hold for each of them. A body counts
from the first wait for its bytes to its last byte, so one that arrives together with its headers never does.
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
"""A client that sends nothing for so long is taken for gone."""
DISCONNECT: Message = {"type": "http.disconnect"}


@dataclass(frozen=True, slots=True)
class Sender:
    """A person or an address, and how many bodies may arrive from it at once."""

    key: str
    limit: int


def senders_of(connection: HTTPConnection, resources: Resources) -> Sequence[Sender]:
    """Return the person whom the tokens of a request name, and its address where that stands for one client."""
    settings = resources.settings
    found: list[Sender] = []
    person = _person_of(connection, settings, resources)
    if person is not None:
        found.append(Sender(f"person:{person}", settings.arriving_bodies_per_person))
    address = limit_key(client_address(connection, settings), settings)
    if address is not None:
        found.append(Sender(f"address:{address}", settings.arriving_bodies_per_address))
    return found


def _person_of(connection: HTTPConnection, settings: Settings, resources: Resources) -> str | None:
    """Return whom a token of ours names, a lapsed one included: nobody else can send it."""
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
    """The places that senders have for their bodies."""

    def __init__(self) -> None:
        self._places: dict[str, asyncio.Semaphore] = {}
        self._users: Counter[str] = Counter()

    async def enter(self, sender: Sender) -> None:
        """Take a place of this sender, waiting a moment where all are taken.

        Raises:
            HTTPException: None became free (429).
        """
        places = self._places.setdefault(sender.key, asyncio.Semaphore(sender.limit))
        self._users[sender.key] += 1
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await places.acquire()
        except TimeoutError:
            self._forget(sender)
            # Of the framework's own kind, because its body reader turns every other error into a 400.
            raise HTTPException(HTTPStatus.TOO_MANY_REQUESTS) from None
        except BaseException:
            self._forget(sender)
            raise

    def leave(self, sender: Sender) -> None:
        """Give the place back."""
        self._places[sender.key].release()
        self._forget(sender)

    def _forget(self, sender: Sender) -> None:
        self._users[sender.key] -= 1
        if not self._users[sender.key]:
            del self._users[sender.key], self._places[sender.key]


class Arrival:
    """One body on its way in; call `end` when the request is over, whatever became of the body."""

    def __init__(self, bodies: ArrivingBodies, senders: Callable[[], Sequence[Sender]], receive: Receive) -> None:
        self._bodies = bodies
        self._senders = senders
        self._receive = receive
        self._entered: list[Sender] = []
        self._begun = self._complete = self._gone = False

    async def receive(self) -> Message:
        """Return the next message; the first one waits for a place.

        Raises:
            HTTPException: Its sender has too many bodies arriving.
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
        """Give back what it holds."""
        while self._entered:
            self._bodies.leave(self._entered.pop())

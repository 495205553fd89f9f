"""HTTP to outside services: no call inside a transaction, no redirects, a bound on time and size of an answer."""

import asyncio
from dataclasses import dataclass
from typing import Any

import httpx

from app.core.unit_of_work import refuse_network_in_transaction

CALL_SECONDS = 10.0
CONNECT_SECONDS = 3.0
MAX_ANSWER_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, whatever its status."""

    status: int
    headers: httpx.Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class NotSent:
    """No connection was made, so the other side knows nothing of the call."""

    why: str


@dataclass(frozen=True, slots=True)
class Lost:
    """The call may have arrived, and its answer did not."""

    why: str


async def _guard(_request: httpx.Request) -> None:
    refuse_network_in_transaction()


def outgoing_client(
    base_url: str, headers: dict[str, str] | None = None, transport: httpx.AsyncBaseTransport | None = None
) -> httpx.AsyncClient:
    """Return a client that raises inside a unit of work and ignores proxies of the environment.

    Args:
        base_url: The address of the service.
        headers: Sent with every request.
        transport: How requests travel, where it is not the network: to an application in this process.
    """
    return httpx.AsyncClient(
        base_url=base_url,
        headers=headers,
        timeout=httpx.Timeout(CALL_SECONDS, connect=CONNECT_SECONDS),
        trust_env=False,
        transport=transport,
        event_hooks={"request": [_guard]},
    )


async def send(
    client: httpx.AsyncClient,
    method: str,
    path: str,
    *,
    seconds: float = CALL_SECONDS,
    **options: Any,  # noqa: ANN401 - what httpx takes
) -> Answer | NotSent | Lost:
    """Send one request and return its answer, or what is known without one.

    Args:
        client: Made by `outgoing_client`.
        method: Of HTTP.
        path: Below the base address.
        seconds: The longest time in all.
        **options: Content, headers and query of the request, as httpx has them.

    Raises:
        NetworkInTransactionError: A unit of work is open.
    """
    try:
        async with asyncio.timeout(seconds), client.stream(method, path, **options) as response:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > MAX_ANSWER_BYTES:
                    return Lost("the answer is too long")
            return Answer(response.status_code, response.headers, bytes(body))
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        return NotSent(type(error).__name__)
    except (httpx.HTTPError, TimeoutError) as error:
        return Lost(type(error).__name__)

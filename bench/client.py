"""A load client in plain asyncio: closed loop (as fast as possible) or open loop (at a fixed rate), loopback only.

Used where wrk is not installed, for the probe beside other load, and for times to first byte. Latency of the open loop
is counted from the moment a request was due, so that it includes the time a blocked server kept requests waiting
(coordinated omission).
"""

import argparse
import asyncio
import itertools
import json
import sys
import time
from collections import Counter, deque
from contextlib import suppress
from typing import Any

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Connection(asyncio.Protocol):
    """One keep-alive connection with at most one request in flight."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.buffer = b""
        self.first = 0.0
        self.answer: asyncio.Future[int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        if not self.buffer:
            self.first = time.perf_counter()
        self.buffer += data
        head_end = self.buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        head = self.buffer[:head_end].lower()
        at = head.find(b"content-length:")
        if at < 0:  # chunked, or no body
            if b"transfer-encoding: chunked" in head and not self.buffer.endswith(b"0\r\n\r\n"):
                return
        elif len(self.buffer) - head_end - 4 < int(head[at + 15 :].split(b"\r\n", 1)[0]):
            return
        status, self.buffer = int(self.buffer[9:12]), b""
        if self.answer is not None and not self.answer.done():
            self.answer.set_result(status)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.answer is not None and not self.answer.done():
            self.answer.set_exception(ConnectionError(str(exc)))
        self.transport = None

    async def ask(self, request: bytes) -> int:
        if self.transport is None:
            raise ConnectionError("closed")
        self.answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await asyncio.wait_for(self.answer, 60)


class Load:
    """The request to send, and the responses received."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.host, self.port = plan["host"], plan["port"]
        if self.host not in LOOPBACK:
            raise SystemExit("loopback only")
        self.requests = [self._request(plan, path, body) for path, body in _pairs(plan)]
        self.requests += [
            self._request({**plan, "headers": each["headers"]}, each["path"], each["body"])
            for each in plan.get("requests", ())
        ]
        self.once = "requests" in plan
        self.sticky = bool(plan.get("bodies"))
        self.latencies: list[float] = []
        self.firsts: list[float] = []
        self.codes: Counter[str] = Counter()

    @staticmethod
    def _request(plan: dict[str, Any], path: str, body: str | None) -> bytes:
        lines = [f"{plan.get('method', 'GET')} {path} HTTP/1.1", f"Host: {plan['host']}:{plan['port']}"]
        lines += [f"{name}: {value}" for name, value in plan.get("headers", {}).items()]
        raw = (body or "").encode()
        if body is not None:
            lines += ["Content-Type: application/json", f"Content-Length: {len(raw)}"]
        return "\r\n".join([*lines, "", ""]).encode() + raw

    async def connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        return (await loop.create_connection(Connection, self.host, self.port))[1]

    async def one(self, connection: Connection, request: bytes, due: float) -> bool:
        try:
            status = str(await connection.ask(request))
        except (OSError, TimeoutError) as error:
            self.codes[type(error).__name__] += 1
            return False
        self.codes[status] += 1
        self.latencies.append(time.perf_counter() - due)
        self.firsts.append(connection.first - due)
        return True

    async def closed(self, connections: int, seconds: float) -> None:
        """Send the next request on each connection as soon as the previous one is answered."""
        end = time.perf_counter() + seconds
        turn = iter(self.requests) if self.once else itertools.cycle(self.requests)

        async def run(number: int) -> None:
            connection = await self.connect()
            own = self.requests[number % len(self.requests)]
            while time.perf_counter() < end:
                request = own if self.sticky else next(turn, None)
                if request is None:
                    raise SystemExit("there are too few requests that are each sent once")
                if not await self.one(connection, request, time.perf_counter()):
                    connection = await self.connect()

        await asyncio.gather(*(run(number) for number in range(connections)))

    async def open(self, connections: int, seconds: float, pace: float) -> None:
        """Send a request every 1/pace seconds, independent of the responses."""
        idle: deque[Connection] = deque([await self.connect() for _ in range(connections)])
        turn = itertools.cycle(self.requests)
        running: set[asyncio.Task[None]] = set()

        async def run(due: float) -> None:
            connection = idle.popleft() if idle else await self.connect()
            if await self.one(connection, next(turn), due):
                idle.append(connection)

        began = time.perf_counter()
        for number in range(int(pace * seconds)):
            due = began + number / pace
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            task = asyncio.create_task(run(due))
            running.add(task)
            task.add_done_callback(running.discard)
        await asyncio.gather(*running)


def _pairs(plan: dict[str, Any]) -> list[tuple[str, str | None]]:
    if bodies := plan.get("bodies"):
        return [(plan["paths"][0], body) for body in bodies]
    return [(path, None) for path in plan.get("paths", ())]


def quantile(values: list[float], part: float) -> float:
    """Return a quantile in milliseconds; the list must be sorted."""
    return values[min(len(values) - 1, int(len(values) * part))] * 1e3 if values else float("nan")


async def run(plan: dict[str, Any]) -> dict[str, Any]:
    load = Load(plan)
    began = time.perf_counter()
    if plan.get("pace"):
        await load.open(plan["connections"], plan["seconds"], plan["pace"])
    else:
        await load.closed(plan["connections"], plan["seconds"])
    took = time.perf_counter() - began
    load.latencies.sort()
    load.firsts.sort()
    bad = sum(count for code, count in load.codes.items() if not code.startswith("2"))
    done = len(load.latencies)
    return {
        "n": done,
        "rps": done / took,
        "p50": quantile(load.latencies, 0.5),
        "p99": quantile(load.latencies, 0.99),
        "first_p50": quantile(load.firsts, 0.5),
        "bad": bad,
        "codes": dict(load.codes),
    }


def main() -> None:
    """Read the plan from standard input and write the result to standard output."""
    argparse.ArgumentParser(prog="python -m bench.client", description=__doc__).parse_args()
    plan = json.load(sys.stdin)
    with suppress(ImportError):
        import uvloop  # noqa: PLC0415 - the module does not exist on Windows

        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    print(json.dumps(asyncio.run(run(plan))))


if __name__ == "__main__":
    main()

"""Request metrics and logs, and a Prometheus endpoint on the operator's port."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, override

import structlog
from prometheus_client import Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import start_http_server
from prometheus_client.registry import REGISTRY, Collector
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.http.dependencies import API_PREFIX
from app.core.observability.task_metrics import task_counts
from app.core.persistence import outbox_store
from app.core.resources import Resources

log = structlog.get_logger()

REQUESTS = Counter("iplance_http_requests", "Answered requests", ["method", "route", "status"])
SECONDS = Histogram(
    "iplance_http_request_seconds",
    "Time to the end of an answer",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
QUIET_ROUTES = frozenset({"/health/live", "/health/ready", "/static"})
PORTS_TRIED = 10
SCRAPE_SECONDS = 2.0


def route_of(scope: Scope) -> str:
    """Return the route's pattern and never the URL itself, which may contain a name or a token."""
    path = str(scope.get("path", ""))
    if path.startswith("/static/"):
        return "/static"
    pattern = scope.get("shortcut") or getattr(scope.get("route"), "path_format", None)
    if not isinstance(pattern, str):
        return "unmatched"
    return f"{API_PREFIX}{pattern}" if path.startswith(API_PREFIX) and not pattern.startswith(API_PREFIX) else pattern


class ObservationMiddleware:
    """Counts, times and logs each request."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noted)
        finally:
            seconds = time.perf_counter() - began
            method = scope["method"] if scope["method"] in METHODS else "OTHER"
            route = route_of(scope)
            REQUESTS.labels(method, route, str(status)).inc()
            SECONDS.labels(method, route).observe(seconds)
            if route not in QUIET_ROUTES:
                log.info("request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))


@dataclass(frozen=True, slots=True)
class Gauge:
    """A gauge whose value is computed at each scrape."""

    name: str
    told: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


type Gauges = Callable[[AsyncSession], Awaitable[Sequence[Gauge]]]
"""Computes the gauges of a feature."""


async def outbox_gauges(session: AsyncSession) -> Sequence[Gauge]:
    """Compute the backlog of the outbox."""
    found = await outbox_store.state(session)
    return (
        Gauge("iplance_outbox_pending", "Messages nobody has published", found.pending),
        Gauge("iplance_outbox_oldest_pending_seconds", "Age of the oldest of them", found.oldest_pending_seconds),
        Gauge("iplance_outbox_open", "Messages somebody still has to take", found.open),
        Gauge("iplance_outbox_retrying", "Deliveries that wait for another try", found.retrying),
        Gauge("iplance_dead_letters", "Messages that wait for a person", found.dead),
    )


class SharedCollector(Collector):
    """Reads the metrics shared by all processes from PostgreSQL and Redis at each scrape.

    Every web process reports the same values, so they must not be summed.
    """

    def __init__(self, resources: Resources, loop: asyncio.AbstractEventLoop, features: Sequence[Gauges]) -> None:
        self.resources = resources
        self.loop = loop
        self.features = (outbox_gauges, *features)

    async def _gauges(self) -> list[Gauge]:
        async with self.resources.read_sessions() as session:
            return [gauge for room in self.features for gauge in await room(session)]

    def describe(self) -> list[GaugeMetricFamily]:
        """Describe nothing at registration, so that starting the process queries no database."""
        return []

    def _ask[T](self, asked: str, question: Coroutine[Any, Any, T]) -> T | None:
        try:
            return asyncio.run_coroutine_threadsafe(question, self.loop).result(SCRAPE_SECONDS)
        except Exception as error:  # noqa: BLE001 - the other metrics must stay available
            log.warning("gauges_unavailable", asked=asked, error=type(error).__name__)
            return None

    @override
    def collect(self) -> Iterator[Metric]:
        """Yield the available metrics; metrics of an unavailable server are left out."""
        families: dict[str, GaugeMetricFamily] = {}
        for gauge in self._ask("postgresql", self._gauges()) or ():
            family = families.setdefault(gauge.name, GaugeMetricFamily(gauge.name, gauge.told, labels=[*gauge.labels]))
            family.add_metric([*gauge.labels.values()], gauge.value)
        yield from families.values()
        counted = self._ask("redis", task_counts(self.resources.redis))
        if counted is None:
            return
        ends = CounterMetricFamily("iplance_tasks", "Tasks that workers ran", labels=["task", "end"])
        for (task, end), times in counted.ends.items():
            ends.add_metric([task, end], times)
        seconds = CounterMetricFamily("iplance_task_seconds", "Time that workers spent on them", labels=["task"])
        for task, spent in counted.seconds.items():
            seconds.add_metric([task], spent)
        yield ends
        yield seconds


@contextmanager
def operator_port(
    resources: Resources, loop: asyncio.AbstractEventLoop, features: Sequence[Gauges] = ()
) -> Generator[int | None]:
    """Serve /metrics on loopback, on the first free port from METRICS_PORT on; each process has its own."""
    first = resources.settings.metrics_port
    if not first:
        yield None
        return
    for port in range(first, first + PORTS_TRIED):
        try:
            server, thread = start_http_server(port, "127.0.0.1")
        except OSError:
            continue
        break
    else:
        log.warning("metrics_port_taken", first=first, last=first + PORTS_TRIED - 1)
        yield None
        return
    collector = SharedCollector(resources, loop, features)
    REGISTRY.register(collector)
    log.info("metrics_served", port=port)
    try:
        yield port
    finally:
        REGISTRY.unregister(collector)
        server.shutdown()
        server.server_close()
        thread.join()

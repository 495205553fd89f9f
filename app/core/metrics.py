"""What an operator watches: one log line and two measures per request, and a port of its own for Prometheus."""

import asyncio
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import override

import structlog
from prometheus_client import Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import start_http_server
from prometheus_client.registry import REGISTRY, Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core import delivery
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
    """Return the route's pattern, never the address itself: it may name a person or hold a token."""
    path = str(scope.get("path", ""))
    if path.startswith("/static/"):
        return "/static"
    pattern = scope.get("shortcut") or getattr(scope.get("route"), "path_format", None)
    if not isinstance(pattern, str):
        return "unmatched"
    return f"/api/v1{pattern}" if path.startswith("/api/v1") and not pattern.startswith("/api/v1") else pattern


class ObservationMiddleware:
    """Counts, times and logs each request."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wrap one request."""
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


class OutboxCollector(Collector):
    """Asks the database for the outbox' gauges when Prometheus asks us."""

    def __init__(self, resources: Resources, loop: asyncio.AbstractEventLoop) -> None:
        self.resources = resources
        self.loop = loop

    async def _state(self) -> delivery.OutboxState:
        async with self.resources.read_sessions() as session:
            return await delivery.state(session)

    def describe(self) -> list[GaugeMetricFamily]:
        """Say nothing at registration, so that starting asks no database."""
        return []

    @override
    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges; none while the database is away, which is a signal too."""
        try:
            found = asyncio.run_coroutine_threadsafe(self._state(), self.loop).result(SCRAPE_SECONDS)
        except Exception as error:  # noqa: BLE001 - other measures must still be readable
            log.warning("outbox_gauges_unavailable", error=type(error).__name__)
            return
        yield GaugeMetricFamily("iplance_outbox_pending", "Messages nobody has published", value=found.pending)
        yield GaugeMetricFamily(
            "iplance_outbox_oldest_pending_seconds", "Age of the oldest of them", value=found.oldest_pending_seconds
        )
        yield GaugeMetricFamily("iplance_outbox_open", "Messages somebody still has to take", value=found.open)
        yield GaugeMetricFamily("iplance_outbox_retrying", "Deliveries that wait for another try", value=found.retrying)
        yield GaugeMetricFamily("iplance_dead_letters", "Messages that wait for a person", value=found.dead)


@contextmanager
def operator_port(resources: Resources, loop: asyncio.AbstractEventLoop) -> Generator[int | None]:
    """Serve /metrics on loopback; each process of a machine takes the next free port from METRICS_PORT on."""
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
    collector = OutboxCollector(resources, loop)
    REGISTRY.register(collector)
    log.info("metrics_served", port=port)
    try:
        yield port
    finally:
        REGISTRY.unregister(collector)
        server.shutdown()
        server.server_close()
        thread.join()

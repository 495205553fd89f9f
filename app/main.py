"""The web application; `app` is what uvicorn serves."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, cast, override
from urllib.parse import urlsplit

import orjson
import structlog
from fastapi import Depends, FastAPI, Request, Response
from pydantic import ValidationError
from starlette.routing import compile_path

from app.core.clock_reading import ClockTurnedError, follow_clock, refuse_turned_clock
from app.core.config import get_settings
from app.core.errors import DomainError, ErrorKind
from app.core.http.body_limits import BodyLimits, BodyLimitsMiddleware, LongBodyRoute, RoutePattern
from app.core.http.dependencies import API_PREFIX, FeatureRouter, iter_routes
from app.core.http.fast_responses import FastResponseMiddleware, Shortcut
from app.core.http.health import router as health
from app.core.http.known_hosts import KnownHostMiddleware, known_names
from app.core.http.middleware import HeadMiddleware, RequestContextMiddleware
from app.core.http.openapi import add_errors, declare_security, name_bounds, requires_session, summarize_operations
from app.core.http.problem_details import install_error_handlers
from app.core.http.request_keys import install_answers
from app.core.http.startup_errors import (
    StartupErrorMiddleware,
    StartupRefusedError,
    freeze_loaded_objects,
    startup_error_message,
    trim_heap,
)
from app.core.messaging.task_trigger import TaskTrigger
from app.core.observability.logging import configure_logging
from app.core.observability.metrics import ObservationMiddleware, operator_port
from app.core.resources import Resources, open_resources
from app.core.security.csrf import SAFE_METHODS, SocketGuardMiddleware, guard_request
from app.features.authentication.dependencies import find_reader, refuse_long_body_of_ended_session
from app.features.authentication.endpoints import fast_current_user
from app.features.authentication.endpoints import router as authentication
from app.features.authentication.pages import router as authentication_pages
from app.features.catalog.endpoints import router as catalog
from app.features.chat.endpoints import router as chat
from app.features.chat.pages import router as chat_pages
from app.features.contracts.endpoints import router as contracts
from app.features.contracts.pages import router as contract_pages
from app.features.demonstration.endpoints import router as demonstration
from app.features.demonstration.pages import router as demonstration_pages
from app.features.fees.endpoints import router as fees
from app.features.fees.pages import router as fee_pages
from app.features.files.dependencies import form_with_files
from app.features.files.endpoints import LONG_BODY_ROUTES as FILE_BODIES
from app.features.files.endpoints import router as files
from app.features.files.pages import links as file_links
from app.features.files.pages import router as file_pages
from app.features.finance.endpoints import router as finance
from app.features.finance.pages import router as finance_pages
from app.features.hiring.endpoints import router as hiring
from app.features.hiring.pages import router as hiring_pages
from app.features.identity import service as accounts
from app.features.identity.endpoints import router as identity
from app.features.identity.pages import router as identity_pages
from app.features.legal.endpoints import router as legal
from app.features.legal.pages import router as legal_pages
from app.features.matching.endpoints import router as matching
from app.features.matching.pages import router as matching_pages
from app.features.notifications.dependencies import find_page_reader
from app.features.notifications.endpoints import router as notifications
from app.features.notifications.pages import router as notification_pages
from app.features.orders.endpoints import fast_order_list
from app.features.orders.endpoints import router as orders
from app.features.orders.pages import fast_guest_order_list
from app.features.orders.pages import router as order_pages
from app.features.payments.endpoints import router as payments
from app.features.payments.endpoints import webhooks as payment_webhooks
from app.features.payments.pages import router as payment_pages
from app.features.profiles.endpoints import router as profiles
from app.features.profiles.pages import LONG_BODY_ROUTES as PROFILE_BODIES
from app.features.profiles.pages import router as profile_pages
from app.features.proposals.endpoints import router as proposals
from app.features.proposals.pages import router as proposal_pages
from app.features.reports.endpoints import router as reports
from app.features.reports.pages import router as report_pages
from app.features.transparency.endpoints import router as transparency_log
from app.features.transparency.endpoints import statements
from app.features.transparency.pages import router as transparency_pages
from app.gateways.storage import storage_works
from app.local.bootstrap import prepare_bundled
from app.local.demo_accounts import PASSWORD, demo_usernames
from app.local.servers import ServersError, ensure_servers
from app.site.gauges import GAUGES
from app.site.landing import router as landing
from app.site.order_history import router as order_history
from app.site.order_page import router as order_page
from app.site.recommendations import router as recommendations
from app.site.wallet import router as wallet_page
from app.web import csp_reports
from app.web.assets import StaticFiles
from app.web.error_pages import error_page
from app.web.files_host import FilesHostMiddleware
from app.web.pages import router as web_pages
from app.web.security_headers import SecurityHeadersMiddleware
from app.web.templating import compile_templates

log = structlog.get_logger()

# All routers, one per line. Architecture tests read these lists, so every route has to be registered in one of them:
# JSON under /api/v1, operator endpoints, signed links, and pages.
API_ROUTERS: tuple[FeatureRouter, ...] = (
    authentication,
    identity,
    catalog,
    fees,
    transparency_log,
    files,
    profiles,
    legal,
    orders,
    proposals,
    contracts,
    hiring,
    payments,
    statements,
    chat,
    matching,
    reports,
    notifications,
    finance,
    demonstration,
)
OPERATION_ROUTERS: tuple[FeatureRouter, ...] = (health,)
LINK_ROUTERS: tuple[FeatureRouter, ...] = (file_links, payment_webhooks)
PAGE_ROUTERS: tuple[FeatureRouter, ...] = (
    web_pages,
    authentication_pages,
    identity_pages,
    notification_pages,
    landing,
    recommendations,  # before the page of one order: /orders/for-you
    matching_pages,
    order_pages,
    order_page,
    order_history,
    proposal_pages,
    contract_pages,
    hiring_pages,
    wallet_page,
    payment_pages,
    fee_pages,
    transparency_pages,
    chat_pages,
    profile_pages,
    legal_pages,
    file_pages,
    report_pages,
    finance_pages,
    demonstration_pages,
)

# The most requested addresses, answered before routing. Each also has an ordinary route with the same response.
FAST_RESPONSES: Mapping[str, Shortcut] = {
    f"{API_PREFIX}/auth/me": fast_current_user,
    f"{API_PREFIX}/orders": fast_order_list,
    "/orders": fast_guest_order_list,
}

# Routes that accept bodies larger than MAX_BODY_BYTES, each with its own content type and limit.
LONG_BODY_ROUTES: tuple[LongBodyRoute, ...] = (
    *FILE_BODIES,
    *PROFILE_BODIES,
    form_with_files(r"/orders/(new|[0-9a-f-]{36}/edit)"),
    form_with_files(r"/orders/[0-9a-f-]{36}/proposals|/proposals/[0-9a-f-]{36}/edit"),
    form_with_files(r"/contracts/[0-9a-f-]{36}/milestones/[0-9a-f-]{36}/submit"),
    form_with_files(r"/messages/[0-9a-f-]{36}|/proposals/[0-9a-f-]{36}/messages"),
)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    """Open the process's resources at startup and close them at shutdown."""
    settings = get_settings()
    configure_logging(settings)
    templates = asyncio.create_task(asyncio.to_thread(compile_templates))  # beside the wait for the servers
    servers = await asyncio.to_thread(ensure_servers, settings)
    await prepare_bundled(settings, servers.database_url)
    async with open_resources(
        settings,
        database_url=servers.database_url,
        redis_url=servers.redis_url,
        statement_seconds=settings.database_request_seconds,
    ) as resources:
        await refuse_demo_accounts(resources)
        try:
            await refuse_turned_clock(resources)
        except ClockTurnedError as turned:
            raise StartupRefusedError(str(turned)) from turned
        app.state.resources = replace(resources, trigger_task=TaskTrigger())
        await templates
        with operator_port(resources, asyncio.get_running_loop(), features=GAUGES):
            tasks = [asyncio.create_task(prepare_responses(app)), asyncio.create_task(follow_clock(resources))]
            yield
            for task in tasks:
                task.cancel()


async def refuse_demo_accounts(resources: Resources) -> None:
    """Refuse to start in production on data in which accounts still have the public password of the demonstration.

    Raises:
        StartupRefusedError: There are such accounts.
    """
    if resources.settings.environment != "production":
        return
    async with resources.read_sessions() as session:
        found = await accounts.usernames_with_password(session, resources.settings, demo_usernames(), PASSWORD)
    if found:
        raise StartupRefusedError(
            f"The database holds accounts of the demonstration, and anybody knows their password: {', '.join(found)}. "
            "Start with an empty database, or ban each of them first: "
            f"python -m app ban {found[0]} --reason 'account of the demonstration'."
        )


async def failure_page(request: Request, error: DomainError, status: int) -> Response:
    """Render the error page with the reader's header and language, also if the error was raised before routing."""
    if error.kind is not ErrorKind.UNAVAILABLE:
        try:
            if request.method in SAFE_METHODS:
                await find_page_reader(request)
            else:
                await find_reader(request)
        except Exception as fault:  # noqa: BLE001 - rendering one error must not fail because of another
            await log.awarning("reader_unknown", path=request.scope["path"], error=type(fault).__name__)
    return await error_page(request, error, status)


def methods_of(path: str) -> list[str]:
    """Return the methods that the routes of an address accept; routes for GET accept HEAD too."""
    found: set[str] = set()
    for prefix, routers in ((API_PREFIX, API_ROUTERS), ("", (*OPERATION_ROUTERS, *LINK_ROUTERS, *PAGE_ROUTERS))):
        if path.startswith(prefix):
            for router in routers:
                for route in iter_routes(router):
                    if route.path_regex.match(path.removeprefix(prefix)):
                        found |= route.methods or set()
    return sorted(found | {"HEAD"} if "GET" in found else found)


class Site(FastAPI):
    """The application; its OpenAPI document states the authentication of each operation."""

    _building = threading.Lock()
    _writing = threading.Lock()
    _declared: dict[str, Any] | None = None
    _document: bytes | None = None

    @override
    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document as a dictionary; the first call builds it."""
        with self._building:
            document = super().openapi()
            if document is not self._declared:
                routes = (
                    (API_PREFIX + route.path_format, route) for router in API_ROUTERS for route in iter_routes(router)
                )
                declare_security(document, routes, get_settings())
                name_bounds(document)
                summarize_operations(document)
                self._declared = document
            return document

    def document(self) -> bytes:
        """Return the OpenAPI document as JSON; only the bytes are cached, a twentieth of the dictionary's size."""
        with self._writing:
            if self._document is None:
                self._document = orjson.dumps(self.openapi())
                self.openapi_schema = self._declared = None
                trim_heap()
            return self._document

    async def send_document(self, _request: Request) -> Response:
        """Respond with the OpenAPI document."""
        return Response(await asyncio.to_thread(self.document), media_type="application/json")


async def prepare_responses(app: FastAPI, *, after_seconds: float = 5.0) -> None:
    """Build the OpenAPI document after startup, in a thread, so that no request waits for it."""
    await asyncio.sleep(after_seconds)
    await asyncio.to_thread(cast("Site", app).document)
    freeze_loaded_objects()


def signed_in_routes() -> list[RoutePattern]:
    """Return the routes that only signed-in people can use; their bodies may be longer."""
    return [
        RoutePattern(frozenset(route.methods or ()), compile_path(prefix + route.path)[0])
        for prefix, routers in ((API_PREFIX, API_ROUTERS), ("", PAGE_ROUTERS))
        for router in routers
        for route in iter_routes(router)
        if requires_session(route)
    ]


def create_app(fast_responses: Mapping[str, Shortcut] = FAST_RESPONSES) -> Site:
    """Create the application.

    Args:
        fast_responses: Responses given before routing, by address; tests that compare with the plain routes pass none.
    """
    app = Site(
        title="ipLance",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        dependencies=[Depends(refuse_long_body_of_ended_session), Depends(guard_request)],
        # Otherwise the framework looks for an OpenTelemetry provider in the environment three times per request.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    install_error_handlers(app, failure_page, methods_of)
    install_answers(app)
    app.state.prove_storage = storage_works
    for router in API_ROUTERS:
        add_errors(iter_routes(router))
        router.below = API_PREFIX
        app.include_router(router, prefix=API_PREFIX)
    for router in (*OPERATION_ROUTERS, *LINK_ROUTERS, *PAGE_ROUTERS):
        router.below = ""
    for router in (*OPERATION_ROUTERS, *LINK_ROUTERS):
        app.include_router(router, include_in_schema=False)
    for router in PAGE_ROUTERS:
        # Every page, error pages included, shows the signed-in user and the number of unread notifications.
        app.include_router(router, include_in_schema=False, dependencies=[Depends(find_page_reader)])
    app.add_route("/openapi.json", app.send_document, include_in_schema=False)
    app.add_route(csp_reports.PATH, csp_reports.receive_csp_reports, methods=["POST"], include_in_schema=False)
    app.mount("/static", StaticFiles())
    app.add_middleware(FastResponseMiddleware, fast_responses=fast_responses)
    settings = get_settings()
    app.add_middleware(
        BodyLimitsMiddleware,
        max_body_bytes=BodyLimits(settings.max_body_bytes, settings.max_guest_body_bytes),
        page=failure_page,
        signed_in_routes=signed_in_routes(),
        long_body_routes=LONG_BODY_ROUTES,
    )
    https = settings.origin.startswith("https://")
    if settings.files_origin:
        host = urlsplit(settings.files_origin).netloc.lower()
        app.add_middleware(FilesHostMiddleware, origin=settings.files_origin, host=host)
    app.add_middleware(
        SecurityHeadersMiddleware,
        https=https,
        trustworthy=settings.secure_cookies,
        files_origin=settings.files_origin,
    )
    app.add_middleware(KnownHostMiddleware, names=known_names(settings))
    app.add_middleware(SocketGuardMiddleware)
    app.add_middleware(HeadMiddleware)
    app.add_middleware(ObservationMiddleware)
    app.add_middleware(RequestContextMiddleware, database_seconds=settings.database_request_seconds)
    app.add_middleware(StartupErrorMiddleware)
    return app


def served_app() -> Site:
    """Create the application for the server; configuration errors end the process with a readable message.

    Raises:
        SystemExit: The settings are invalid, or the data folder cannot be used.
    """
    try:
        return create_app()
    except (ValidationError, ServersError, OSError) as error:
        sentence = startup_error_message(error)
        if sentence is None:
            raise
        raise SystemExit(sentence) from None


app = served_app()

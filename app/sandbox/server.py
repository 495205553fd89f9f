"""The web application of the sandbox provider, and its process."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.core.config import Settings
from app.core.http.startup_errors import StartupRefusedError
from app.core.sandbox_access import sandbox_api_key, sandbox_webhook_secret
from app.sandbox import control, native_api, payment_page
from app.sandbox.books import Books
from app.sandbox.context import Context, answer, context_of
from app.sandbox.provider import Provider
from app.sandbox.webhooks import WebhookSender

log = structlog.get_logger()

LOOK_SECONDS = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What one provider needs to know."""

    file: Path
    api_key: str
    webhook_secret: str
    webhook_url: str
    webhook_host: str = ""
    public_url: str
    return_url: str = ""
    """Where the page of a permission leads back to; empty: nowhere."""
    look_seconds: float = LOOK_SECONDS
    """Pause between two looks for what is due."""


def options_of(settings: Settings) -> Options:
    """Return the options of an instance.

    Raises:
        StartupRefusedError: It is in production, or it has another provider.
    """
    if not settings.runs_sandbox:
        raise StartupRefusedError(
            "The sandbox provider runs in a demonstration only: not with ENVIRONMENT=production, and not with "
            "PAYMENT_PROVIDER=none."
        )
    return Options(
        file=settings.data_dir / "sandbox" / "books.sqlite",
        api_key=sandbox_api_key(settings),
        webhook_secret=sandbox_webhook_secret(settings),
        webhook_url=settings.sandbox_webhook_address,
        webhook_host=urlsplit(settings.origin).netloc,
        public_url=settings.sandbox_public_address,
        return_url=f"{settings.origin}/wallet/withdraw",
    )


async def health(request: Request) -> Response:
    """Tell whether the books can be read."""
    context_of(request).provider.books.setting("clock_offset_seconds")
    return answer({"status": "ok"})


async def _keep_looking(context: Context, pause: float) -> None:
    """Do what is due and send what is due, until the process ends."""
    while True:
        try:
            context.provider.settle()
            await context.sender.send_due()
        except Exception:  # noqa: BLE001 - one failure must not end the process's only loop
            await log.aexception("sandbox_look_failed")
        await asyncio.sleep(pause)


def make_sandbox(options: Options) -> Starlette:
    """Create the application of one provider."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        books = Books(options.file)
        provider = Provider(books, options.public_url)
        if not provider.webhooks.secrets():
            provider.webhooks.add_secret(options.webhook_secret)
        sender = WebhookSender(provider.webhooks, options.webhook_url, options.webhook_host)
        app.state.context = Context(provider, sender, options.api_key, options.return_url)
        looking = asyncio.create_task(_keep_looking(app.state.context, options.look_seconds))
        yield
        looking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await looking
        await sender.close()
        books.close()

    async def missing(_request: Request, _error: Exception) -> Response:
        return answer({"code": "not_found", "detail": "There is no such address."}, HTTPStatus.NOT_FOUND)

    routes = [Route("/health", health), *native_api.ROUTES, *control.ROUTES, *payment_page.ROUTES]
    return Starlette(routes=routes, lifespan=lifespan, exception_handlers={HTTPStatus.NOT_FOUND: missing})

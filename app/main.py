"""Builds the web application; `app` is what uvicorn serves."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from starlette.responses import Response

from app.core.config import get_settings
from app.core.embedded import ensure_servers
from app.core.errors import DomainError
from app.core.middleware import RequestContextMiddleware
from app.core.problems import install_error_handlers, problem
from app.core.resources import open_resources


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    """Open what the process holds when it starts, close it when it stops."""
    settings = get_settings()
    servers = ensure_servers(settings)
    async with open_resources(settings, database_url=servers.database_url, redis_url=servers.redis_url) as resources:
        app.state.resources = resources
        yield


async def error_page(request: Request, error: DomainError, _status: int) -> Response:
    """Render a failure for a person."""
    return problem(request, error)


def create_app() -> FastAPI:
    """Compose the house; tests call this too."""
    app = FastAPI(title="ipLance", lifespan=lifespan)
    install_error_handlers(app, error_page)
    app.add_middleware(RequestContextMiddleware)
    return app


app = create_app()

"""The application with one of its fast paths switched off, as factories for uvicorn; `bench/sections/fast_paths.py`."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.http.dependencies import FeatureRouter
from app.core.persistence.dataloader import DataLoader
from app.main import Site, create_app, lifespan
from app.web.fragment_cache import clear_fragments


def fast_responses() -> Site:
    """Leave every address to its route."""
    return create_app(fast_responses={})


def raw_read_pool() -> Site:
    """Read through the sessions of SQLAlchemy alone."""

    @asynccontextmanager
    async def without(app: Site) -> AsyncGenerator[None]:
        async with lifespan(app):
            app.state.resources = replace(app.state.resources, raw_read_pool=None)
            yield

    app = create_app()
    app.router.lifespan_context = without
    return app


def cached_fragments() -> Site:
    """Render every fragment again for each request."""

    class Clearing:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            clear_fragments()
            await self.app(scope, receive, send)

    app = create_app()
    app.add_middleware(Clearing)
    return app


def feature_routers() -> Site:
    """Try the routes of all features."""
    del FeatureRouter.matches
    return create_app()


def data_loader() -> Site:
    """Load each session alone."""

    def ask(loader: DataLoader[Any, Any], key: Any) -> asyncio.Future[Any]:
        future = asyncio.get_running_loop().create_future()
        loader._waiting[key] = [future]  # noqa: SLF001 - the smallest change that sends each key at once
        loader._send()  # noqa: SLF001
        return future

    DataLoader.ask = ask  # type: ignore[method-assign]
    return create_app()

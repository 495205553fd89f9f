"""Builds the web application; `app` is what uvicorn serves."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app.core.config import get_settings
from app.core.database import create_engine, create_session_factory
from app.core.http import install_error_handlers


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    """Open the engine when the process starts, close it when it stops."""
    engine = create_engine(str(get_settings().database_url), application_name="iplance.web")
    app.state.sessions = create_session_factory(engine)
    yield
    await engine.dispose()


def create_app() -> FastAPI:
    """Compose the house; tests call this too."""
    app = FastAPI(title="ipLance", lifespan=lifespan)
    install_error_handlers(app)
    return app


app = create_app()

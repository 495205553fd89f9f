"""The bare SQL call behind HTTP: a Starlette route that runs `bench_release` on an asyncpg pool."""

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.core.ids import new_id
from bench.money import RELEASE


def build(database: str) -> Starlette:
    """Build the application."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with asyncpg.create_pool(database, min_size=4, max_size=8) as pool:
            app.state.pool = pool
            yield

    async def release(request: Request) -> Response:
        number = orjson.loads(await request.body())["n"]
        async with request.app.state.pool.acquire() as connection:
            txn = await connection.fetchval(RELEASE, new_id(), number, False)
        return Response(orjson.dumps({"txn": str(txn)}), media_type="application/json")

    async def health(_request: Request) -> Response:
        return Response()

    routes = [Route("/release", release, methods=["POST"]), Route("/health", health)]
    return Starlette(routes=routes, lifespan=lifespan)


def main() -> None:
    """Serve until the process is stopped."""
    parser = argparse.ArgumentParser(prog="python -m bench.bare_release", description=__doc__)
    parser.add_argument("--database", required=True)
    parser.add_argument("--port", type=int, required=True)
    chosen = parser.parse_args()
    uvicorn.run(
        build(chosen.database),
        host="127.0.0.1",
        port=chosen.port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main()

"""Baselines of the figures: the minimum that the same work costs with the same libraries.

`/me` is the minimum stack (c): a Starlette route that decodes the JWT with PyJWT, sends Redis one EXISTS, runs one
prepared SELECT through an asyncpg pool and answers with orjson. `/orders` is raw keyset: one keyset query for 20 rows
with the columns that the list of ipLance shows, answered with orjson.
"""

import argparse
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import asyncpg
import jwt
import orjson
import uvicorn
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

ME = """
SELECT id::text, username, email, email_confirmed_at, phone, phone_confirmed_at, display_name, locale, role, status,
       created_at
FROM users WHERE id = $1
"""
COLUMNS = """
SELECT id::text, customer_id::text, status, title, excerpt, category_id, skills, tags, budget_kind, budget_amount,
       budget_max_amount, currency, deadline, proposals_count, created_at, published_at
FROM orders WHERE status = 'open' AND visibility = 'public'
"""
FIRST = f"{COLUMNS} ORDER BY published_at DESC, id DESC LIMIT 20"
DEEP = f"{COLUMNS} AND (published_at, id) < ($1, $2) ORDER BY published_at DESC, id DESC LIMIT 20"
POOL = 10


def build(database: str, redis_url: str, secret: str) -> Starlette:
    """Create the Starlette application."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        app.state.redis = Redis.from_url(redis_url)
        async with asyncpg.create_pool(database, min_size=POOL, max_size=POOL) as pool:
            app.state.pool = pool
            yield
        await app.state.redis.aclose()

    async def me(request: Request) -> Response:
        token = request.headers["authorization"].removeprefix("Bearer ")
        claims = jwt.decode(token, secret, algorithms=["HS256"], audience="bench")
        if await request.app.state.redis.exists(f"ended:{claims['jti']}"):
            return Response(status_code=401)
        async with request.app.state.pool.acquire() as connection:
            row = await connection.fetchrow(ME, UUID(claims["sub"]))
        return Response(orjson.dumps(dict(row)), media_type="application/json")

    async def orders(request: Request) -> Response:
        after = request.query_params.get("after")
        async with request.app.state.pool.acquire() as connection:
            if after is None:
                rows = await connection.fetch(FIRST)
            else:
                when, order_id = after.split("_")
                rows = await connection.fetch(DEEP, datetime.fromisoformat(when), UUID(order_id))
        items = [dict(row) for row in rows]
        last = items[-1] if len(items) == 20 else None
        cursor = f"{last['published_at'].isoformat()}_{last['id']}" if last else None
        return Response(orjson.dumps({"items": items, "next_cursor": cursor}), media_type="application/json")

    async def health(_request: Request) -> Response:
        return Response()

    routes = [Route("/me", me), Route("/orders", orders), Route("/health", health)]
    return Starlette(routes=routes, lifespan=lifespan)


def main() -> None:
    """Serve until the process is stopped."""
    parser = argparse.ArgumentParser(prog="python -m bench.baseline", description=__doc__)
    for name in ("--database", "--redis", "--secret"):
        parser.add_argument(name, required=True)
    parser.add_argument("--port", type=int, required=True)
    chosen = parser.parse_args()
    uvicorn.run(
        build(chosen.database, chosen.redis, chosen.secret),
        host="127.0.0.1",
        port=chosen.port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main()

"""Baseline of pages and JSON: their own statements over asyncpg, and the same template or the same JSON.

Each address is requested from the application in this process, and its statements, their parameters and the context of
the template are recorded. The Starlette route then runs those statements on one connection in one read-only
transaction, discards the rows, and renders the same template with the same context, dumps the same JSON, or sends the
same bytes where the application has them cached. Statements that the application has planned for their values are
planned for them here too.
"""

import argparse
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import jinja2
import orjson
import uvicorn
from sqlalchemy import Engine, event
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from app.core.i18n import current_locale, set_locale
from app.core.persistence.raw_read_pool import RawReadPool
from app.main import create_app

POOL = 10

type Statement = tuple[str, tuple[Any, ...]]


@dataclass
class Recorded:
    """The statements and the content of one response."""

    statements: list[Statement] = field(default_factory=list)
    planned_anew: list[Statement] = field(default_factory=list)
    template: jinja2.Template | None = None
    context: dict[str, Any] = field(default_factory=dict)
    locale: str = "en"
    body: Any = None
    media_type: str = "application/json"


class Recorder:
    """Records what the application sends to the database and renders while recording is on."""

    def __init__(self) -> None:
        self.now: Recorded | None = None
        event.listen(Engine, "before_cursor_execute", self._statement)
        fetch, render = RawReadPool.fetch, jinja2.Template.render

        async def noting_fetch(pool: RawReadPool, statement: str, *values: object, plan_anew: bool = False) -> Any:
            if self.now is not None:
                (self.now.planned_anew if plan_anew else self.now.statements).append((statement, values))
            return await fetch(pool, statement, *values, plan_anew=plan_anew)

        def noting_render(template: jinja2.Template, *arguments: Any, **named: Any) -> str:
            if self.now is not None and arguments and "request" in arguments[0]:
                self.now.template, self.now.context = template, arguments[0]
                self.now.locale = current_locale()
            return render(template, *arguments, **named)

        RawReadPool.fetch = noting_fetch  # type: ignore[method-assign]
        jinja2.Template.render = noting_render  # type: ignore[method-assign]

    def _statement(self, _conn: Any, _cursor: Any, text: str, parameters: Any, _context: Any, _many: bool) -> None:
        if self.now is not None:
            self.now.statements.append((text, tuple(parameters)))


async def record(entries: list[dict[str, Any]]) -> list[Recorded]:
    """Request each address twice and record the second time, when the caches are warm."""
    recorder, found = Recorder(), list[Recorded]()
    app = create_app()
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            for entry in entries:
                (await client.get(entry["path"], headers=entry["headers"])).raise_for_status()
                recorder.now = Recorded()
                answer = await client.get(entry["path"], headers=entry["headers"])
                made, recorder.now = recorder.now, None
                if made.template is None:
                    made.media_type = answer.headers["content-type"]
                    made.body = answer.json() if made.media_type == "application/json" else answer.content
                found.append(made)
    return found


def build(database: str, entries: list[dict[str, Any]]) -> Starlette:
    """Create the Starlette application."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        app.state.recorded = await record(entries)
        async with (
            asyncpg.create_pool(database, min_size=POOL, max_size=POOL) as app.state.pool,
            asyncpg.create_pool(database, min_size=1, max_size=POOL, statement_cache_size=0) as app.state.anew,
        ):
            yield

    async def answer(request: Request) -> Response:
        made: Recorded = request.app.state.recorded[request.path_params["number"]]
        for pool, statements in (
            (request.app.state.pool, made.statements),
            (request.app.state.anew, made.planned_anew),
        ):
            if statements:
                async with pool.acquire() as connection, connection.transaction(readonly=True):
                    for text, parameters in statements:
                        await connection.fetch(text, *parameters)
        if made.template is None:
            body = made.body if isinstance(made.body, bytes) else orjson.dumps(made.body)
            return Response(body, media_type=made.media_type)
        set_locale(made.locale)
        return HTMLResponse(made.template.render(made.context))

    async def health(_request: Request) -> Response:
        return Response()

    return Starlette(routes=[Route("/health", health), Route("/{number:int}", answer)], lifespan=lifespan)


def main() -> None:
    """Serve until the process is stopped."""
    parser = argparse.ArgumentParser(prog="python -m bench.replay", description=__doc__)
    parser.add_argument("--database", required=True)
    parser.add_argument("--entries", type=Path, required=True, help="JSON: a list of addresses with their headers")
    parser.add_argument("--port", type=int, required=True)
    chosen = parser.parse_args()
    uvicorn.run(
        build(chosen.database, json.loads(chosen.entries.read_text(encoding="utf-8"))),
        host="127.0.0.1",
        port=chosen.port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main()

"""Baseline of the plain pages: their own statements over asyncpg, and the same template or the same JSON.

Each address is requested once from the application in this process, and its statements, their parameters and the
context of the template are recorded. The Starlette route then runs those statements on one connection in one read-only
transaction, discards the rows, and renders the same template with the same context, or dumps the same JSON.
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


@dataclass
class Recorded:
    """The statements and the content of one response."""

    statements: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    template: jinja2.Template | None = None
    context: dict[str, Any] = field(default_factory=dict)
    locale: str = "en"
    body: Any = None


class Recorder:
    """Records what the application sends to the database and renders while recording is on."""

    def __init__(self) -> None:
        self.now: Recorded | None = None
        event.listen(Engine, "before_cursor_execute", self._statement)
        fetch, render = RawReadPool.fetch, jinja2.Template.render

        async def noting_fetch(pool: RawReadPool, statement: str, *values: object, plan_anew: bool = False) -> Any:
            if self.now is not None:
                self.now.statements.append((statement, values))
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
                    made.body = answer.json()
                found.append(made)
    return found


def build(database: str, entries: list[dict[str, Any]]) -> Starlette:
    """Create the Starlette application."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        app.state.recorded = await record(entries)
        async with asyncpg.create_pool(database, min_size=POOL, max_size=POOL) as pool:
            app.state.pool = pool
            yield

    async def answer(request: Request) -> Response:
        made: Recorded = request.app.state.recorded[request.path_params["number"]]
        async with request.app.state.pool.acquire() as connection, connection.transaction(readonly=True):
            for text, parameters in made.statements:
                await connection.fetch(text, *parameters)
        if made.template is None:
            return Response(orjson.dumps(made.body), media_type="application/json")
        set_locale(made.locale)
        return HTMLResponse(made.template.render(made.context))

    async def health(_request: Request) -> Response:
        return Response()

    return Starlette(routes=[Route("/health", health), Route("/{number:int}", answer)], lifespan=lifespan)


def main() -> None:
    """Serve until the process is stopped."""
    parser = argparse.ArgumentParser(prog="python -m bench.plain_baseline", description=__doc__)
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

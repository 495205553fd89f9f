"""Who may open each page and send each form; `test_permissions.py` does the same for JSON routes.

A page without a row fails, and a row without a page does too. The rows are in `permissions/<feature>.py`, as `PAGES`.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from app import main
from app.core.http.dependencies import iter_routes
from tests.contract.permissions.fixtures import Scene
from tests.contract.permissions.table import Row, page_rows
from tests.factories.orders import Market

TABLE = page_rows()
HTML = {"Accept": "text/html"}


@pytest.fixture
def scene(market: Market, new_client: Callable[[], Awaitable[httpx.AsyncClient]]) -> Scene:
    """The permission table's people and objects, still empty."""
    return Scene(market, new_client)


def pages() -> set[str]:
    """Return every page as the table names it."""
    return {
        f"{method} {route.path_format}"
        for router in (*main.LINK_ROUTERS, *main.PAGE_ROUTERS)
        for route in iter_routes(router)
        for method in route.methods or ()
    }


def status(answer: httpx.Response) -> int:
    """Return the status; a redirect to the sign-in counts as 401."""
    led = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in?next=")
    return 401 if led else answer.status_code


def test_every_page_has_its_row() -> None:
    assert {row.route for rows_of in TABLE.values() for row in rows_of} == pages()
    assert len(pages()) > 60


async def ask(client: httpx.AsyncClient, row: Row, ids: dict[str, Any]) -> int:
    """Open a page, or send its form."""
    method, route = row.route.split(" ")
    return status(await client.request(method, route.format(**ids), data=row.sent(ids), headers=HTML))


@pytest.mark.parametrize("feature", TABLE)
async def test_who_may(scene: Scene, feature: str) -> None:
    assert await scene.walk(TABLE[feature], ask) == {}, "found, then expected"

"""Files of an order: readers of the order get links, nobody else does; the editor's form uploads them too."""

from collections.abc import Awaitable, Callable

import httpx
import pytest

from app.core.ids import new_id
from app.core.resources import Resources
from app.features.orders import service
from app.features.orders.schemas import OrderClose
from app.models import CloseReason, SubjectKind
from tests.factories.files import Files
from tests.factories.orders import Market
from tests.features.orders.test_endpoints import BODY

type NewClient = Callable[[], Awaitable[httpx.AsyncClient]]
LIST = "/api/v1/orders"


async def test_files_follow_their_order(
    market: Market, client: httpx.AsyncClient, new_client: NewClient, resources: Resources
) -> None:
    customer = await market.person()
    await market.sign_in(client, customer)
    files = Files(resources)
    first, second = [await files.make(customer, name=f"{name}.txt") for name in ("Задание", "Макет")]
    order = (await client.post(LIST, json=BODY | {"files": [str(first.id)]})).json()
    assert [item["name"] for item in order["files"]] == ["Задание.txt"]
    await client.post(f"{LIST}/{order['id']}/publish")
    same = await client.patch(f"{LIST}/{order['id']}", json={"files": [str(first.id)]})
    assert same.json()["version"] == 1
    more = await client.patch(f"{LIST}/{order['id']}", json={"files": [str(second.id), str(first.id)]})
    assert (more.json()["version"], [item["name"] for item in more.json()["files"]]) == (
        2,
        ["Макет.txt", "Задание.txt"],
    )
    guest = await new_client()
    seen = (await guest.get(f"{LIST}/{order['id']}")).json()["files"]
    assert (await guest.get(seen[0]["url"])).status_code == 200
    assert "Макет.txt" in (await guest.get(f"/orders/{order['id']}")).text
    hidden = await client.patch(f"{LIST}/{order['id']}", json={"visibility": "invited"})
    assert hidden.status_code == 200
    assert (await guest.get(f"{LIST}/{order['id']}")).status_code == 404


async def test_files_of_somebody_else_are_refused(
    market: Market, client: httpx.AsyncClient, resources: Resources
) -> None:
    files = Files(resources)
    foreign = await files.make(await market.person())
    other_kind = await files.make(customer := await market.person(), kind=SubjectKind.PROPOSAL)
    await market.sign_in(client, customer)
    for file in (foreign, other_kind):
        refused = await client.post(LIST, json=BODY | {"files": [str(file.id)]})
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid-files")
    assert (await client.get(f"{LIST}/mine")).json()["items"] == []


async def test_the_editor_takes_files_without_a_script(market: Market, client: httpx.AsyncClient) -> None:
    customer = await market.person()
    await market.sign_in(client, customer)
    form = {"title": "Каталог для пекарни", "description": "Всё в файле.", "budget_kind": "open", "step": "draft"}
    sent = {"files_new": ("Задание.txt", b"What to do.", "text/plain")}
    saved = await client.post("/orders/new", data=form, files=sent)
    assert saved.status_code == 303, saved.text
    assert "Задание.txt" in (await client.get(saved.headers["location"])).text
    edit = f"{saved.headers['location'].split('?')[0]}/edit"
    assert "Задание.txt" in (await client.get(edit)).text
    wrong = await client.post(edit, data=form | {"title": ""}, files=sent)
    assert wrong.status_code == 422


@pytest.mark.parametrize(
    ("case", "status"), [("nobody's", 404), ("another draft", 404), ("another order", 403), ("own, closed", 409)]
)
async def test_a_file_for_an_order_that_cannot_be_edited_is_not_stored(
    market: Market, client: httpx.AsyncClient, case: str, status: int
) -> None:
    customer = await market.person()
    own = await market.order(customer)
    async with market.uow() as work:
        await service.close_order(work, customer, own.id, OrderClose(reason=CloseReason.NOT_NEEDED))
    orders = {
        "nobody's": new_id(),
        "another draft": (await market.draft(await market.person())).id,
        "another order": (await market.order()).id,
        "own, closed": own.id,
    }
    await market.sign_in(client, customer)
    form = {"title": "A shop", "description": "All of it.", "budget_kind": "open", "step": "save"}
    sent = {"files_new": ("task.txt", b"What to do.", "text/plain")}
    assert (await client.post(f"/orders/{orders[case]}/edit", data=form, files=sent)).status_code == status
    assert (await client.get("/api/v1/files")).json()["items"] == []

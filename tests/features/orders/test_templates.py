"""Copies of orders with their files, order templates, and the differences of an edit, field by field."""

from datetime import timedelta

import httpx
from sqlalchemy import update

from app.core.clock import utc_now
from app.core.resources import Resources
from app.features.orders import service
from app.features.orders.service.templates import MAX_TEMPLATES
from app.models import Category, Order
from tests.factories.files import Files
from tests.factories.orders import Market, rub
from tests.features.proposals.test_pages import NewClient, Visitor, words

API = "/api/v1"
FIELDS = {
    "category": "web-development",
    "skills": ["python", "выпечка"],
    "questions": ["Когда начнёте?"],
    "proposals_limit": 9,
    "budget_max": rub(90_000),
}


async def test_a_copy_says_the_same(market: Market, client: httpx.AsyncClient, resources: Resources) -> None:
    customer = await market.person()
    file = await Files(resources).make(customer, name="Задание.txt")
    day = utc_now().date() + timedelta(days=9)
    order = await market.order(customer, **FIELDS, files=[file.id], deadline=day)
    await market.sign_in(client, customer)
    made = await client.post(f"{API}/orders/{order.id}/copy")
    assert made.status_code == 201, made.text
    first, second = (await client.get(f"{API}/orders/{order.id}")).json(), made.json()
    own = {
        "id",
        "status",
        "created_at",
        "updated_at",
        "published_at",
        "expires_at",
        "if_nobody_acts",
        "actions",
        "files",
    }
    assert {key: value for key, value in second.items() if key not in own} == {
        key: value for key, value in first.items() if key not in own
    }
    assert (second["status"], [item["name"] for item in second["files"]]) == ("draft", ["Задание.txt"])
    async with resources.sessions() as session, session.begin():
        await session.execute(update(Order).where(Order.id == order.id).values(deadline=day - timedelta(days=99)))
    assert (await client.post(f"{API}/orders/{order.id}/copy")).json()["deadline"] is None


async def test_templates_are_kept_used_renamed_and_deleted(
    market: Market, client: httpx.AsyncClient, resources: Resources
) -> None:
    customer = await market.person()
    order = await market.order(customer, **FIELDS)
    await market.sign_in(client, customer)
    kept = (await client.post(f"{API}/orders/{order.id}/template", json={"name": "Сайты"})).json()
    assert (kept["name"], kept["title"]) == ("Сайты", order.title)
    renamed = await client.patch(f"{API}/order-templates/{kept['id']}", json={"name": "Магазины"})
    assert renamed.json()["name"] == "Магазины"
    draft = (await client.post(f"{API}/order-templates/{kept['id']}/use")).json()
    assert (draft["status"], draft["skills"], draft["tags"]) == ("draft", ["python"], ["выпечка"])
    assert draft["budget_max"] == {"amount": 9_000_000, "currency": "RUB"}
    async with resources.sessions() as session, session.begin():
        await session.execute(update(Category).where(Category.slug == "web-development").values(slug="elsewhere"))
    async with market.uow() as work:
        await market.catalogue()
        again = await service.create_order_from_template(work, customer, kept["id"])
    assert again.title == order.title
    for number in range(MAX_TEMPLATES - 1):
        assert (await client.post(f"{API}/orders/{order.id}/template", json={"name": f"{number}"})).status_code == 201
    full = await client.post(f"{API}/orders/{order.id}/template", json={"name": "Ещё"})
    assert (full.status_code, full.json()["code"]) == (409, "too-many-templates")
    assert (await client.delete(f"{API}/order-templates/{kept['id']}")).status_code == 204
    gone = await client.delete(f"{API}/order-templates/{kept['id']}")
    assert (gone.status_code, gone.json()["code"]) == (404, "template-not-found")
    assert len((await client.get(f"{API}/order-templates")).json()["items"]) == MAX_TEMPLATES - 1


async def test_the_same_by_clicks(market: Market, new_client: NewClient) -> None:
    baker = await market.person("bakery")
    order = await market.order(baker)
    customer = Visitor(await market.sign_in(await new_client(), baker))
    page = await customer.get(f"/orders/{order.id}")
    editor = await customer.send(page, f"/orders/{order.id}/copy")
    assert "This is a copy." in words(editor)
    assert editor.select_one('input[name="title"][value="Интернет-магазин для пекарни"]')
    form = await customer.get(f"/orders/{order.id}/template")
    wrong = await customer.send(form, f"/orders/{order.id}/template", 422, name=" ")
    assert wrong.select(".summary")
    listed = await customer.send(wrong, f"/orders/{order.id}/template", name="Сайты")
    assert "The template is kept." in words(listed)
    action = str(listed.select_one('form[action$="/rename"]')["action"])  # type: ignore[index]  # it is there
    refused = await customer.send(listed, action, name=" ")
    assert "new name" not in words(refused).lower().replace("new name of", "")
    renamed = await customer.send(refused, action, name="Магазины")
    assert "Магазины" in words(renamed)
    draft = await customer.send(renamed, action.replace("rename", "use"))
    assert "This draft began with your template." in words(draft)
    empty = await customer.send(renamed, action.replace("rename", "delete"))
    assert "No templates yet" in words(empty)


async def test_an_edit_is_shown_field_by_field(
    market: Market, client: httpx.AsyncClient, new_client: NewClient
) -> None:
    baker = await market.person("bakery")
    order = await market.order(baker, questions=["Когда начнёте?"])
    await market.sign_in(client, baker)
    address = f"{API}/orders/{order.id}"
    changed = {
        "title": "Интернет-магазин для булочной",
        "budget": {"amount": 9_000_000, "currency": "RUB"},
        "category": "web-development",
        "skills": ["python", "выпечка"],
        "deadline": "2100-01-01",
        "experience": "expert",
        "proposals_limit": 5,
        "questions": [],
        "visibility": "link",
    }
    assert (await client.patch(address, json=changed)).status_code == 200
    assert (await client.patch(address, json={"budget_kind": "hourly", "weekly_hours": 20})).status_code == 200
    items = (await client.get(f"{address}/revisions")).json()["items"]
    assert [[change["field"] for change in item["changes"]] for item in items] == [
        ["budget_kind", "weekly_hours"],
        [
            *("title", "category_id", "skills", "tags", "budget_amount", "deadline", "visibility", "experience"),
            *("questions", "proposals_limit"),
        ],
    ]
    title = items[1]["changes"][0]
    assert (title["before"], title["after"]) == (order.title, changed["title"])
    page = await Visitor(await market.sign_in(await new_client(), baker)).get(f"/orders/{order.id}")
    assert "Edited 2 times: what changed" in words(page)
    taken = [item.text.strip() for item in page.select("del")]
    put = [item.text.strip() for item in page.select("ins")]
    assert {"₽80,000", "пекарни", "Когда начнёте?", "Everybody"} <= set(taken)
    assert {"₽90,000", "булочной", "Python, выпечка", "January 1, 2100", "5", "20", "₽90,000 an hour"} <= set(put)

"""Pages and JSON without fast paths against their own statements over asyncpg with the same template or JSON."""

import asyncio
import json
import urllib.request
from typing import Any

import asyncpg

from bench.environment import Person, Served, World
from bench.load import Target, compare
from bench.report import Section, at_least, figures
from bench.run import Run

HTML = {"Accept": "text/html", "Accept-Language": "ru"}
MESSAGES = 20
OWN_ORDERS = 30
NOTICES = 30
TITLE = "Интернет-магазин для небольшой пекарни"
GOAL = 0.6


def measure(run: Run) -> list[Section]:
    """Compare each address with its baseline, in turn."""
    sections: list[Section] = []
    with run.world.iplance() as web:
        entries = addresses(run.world, web)
        with run.world.replay(entries) as least:
            for number, entry in enumerate(entries):
                base = Target(f"{entry['name']}: baseline", least.port, (f"/{number}",), {}, least.pid)
                ours = Target(f"{entry['name']}: ipLance", web.port, (entry["path"],), entry["headers"], web.pid)
                found = compare([base, ours], rounds=run.rounds, seconds=run.seconds)
                section = figures("Plain pages", found, how=run.how())
                section.goals = [at_least(entry["name"], found[1].against(found[0]), GOAL, clean=not found[1].bad)]
                sections.append(section)
    whole = sections[0]
    for section in sections[1:]:
        whole.rows += section.rows
        whole.goals += section.goals
    return [whole]


def addresses(world: World, web: Served) -> list[dict[str, Any]]:
    """Create the data of the pages once for all runs; return the addresses and who requests them."""
    customer, *freelancers = world.people(web)
    order = _order(web, customer)
    proposals = [_proposal(web, person, order) for person in freelancers]
    conversation = _conversation(web, customer, freelancers[0], proposals[0])
    asyncio.run(_rows(world, customer))
    profile = f"@{freelancers[0].username}"

    def page(name: str, path: str, reader: Person | None) -> dict[str, Any]:
        return {"name": name, "path": path, "headers": HTML | (reader.cookie if reader else {})}

    def data(name: str, path: str, reader: Person) -> dict[str, Any]:
        return {"name": f"{name} as JSON", "path": f"/api/v1{path}", "headers": reader.bearer}

    return [
        page("order, for its customer", f"/orders/{order}", customer),
        page("order, for a freelancer", f"/orders/{order}", freelancers[0]),
        page("order, for a guest", f"/orders/{order}", None),
        page("catalogue", "/freelancers", customer),
        page("profile", f"/{profile}", customer),
        page("proposals of an order", f"/orders/{order}?sort=price", customer),
        page("conversation", f"/messages/{conversation}", customer),
        page("list of messages", "/messages", customer),
        page("notifications", "/notifications", customer),
        page("my orders", "/my/orders", customer),
        data("order", f"/orders/{order}", customer),
        data("profile", f"/profiles/{freelancers[0].username}", customer),
        data("proposals", f"/orders/{order}/proposals", customer),
        data("conversation", f"/conversations/{conversation}", customer),
    ]


def _ask(web: Served, person: Person, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    request = urllib.request.Request(
        f"http://127.0.0.1:{web.port}/api/v1{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **person.bearer},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def _order(web: Served, customer: Person) -> str:
    for item in _ask(web, customer, "GET", "/orders/mine?limit=50")["items"]:
        if item["title"] == TITLE:
            return str(item["id"])
    text = "Каталог, корзина и доставка по районам. " * 30
    budget = {"amount": 15_000_000, "currency": "RUB"}
    skills = ["python", "fastapi", "postgresql"]
    made = _ask(
        web, customer, "POST", "/orders", {"title": TITLE, "description": text, "budget": budget, "skills": skills}
    )
    _ask(web, customer, "POST", f"/orders/{made['id']}/publish")
    return str(made["id"])


def _proposal(web: Served, person: Person, order: str) -> str:
    for item in _ask(web, person, "GET", "/proposals/mine")["items"]:
        if item["order"]["id"] == order:
            return str(item["id"])
    letter = f"{person.username}: сделаю за две недели, вот как. " * 12
    price = {"amount": 7_000_000, "currency": "RUB"}
    made = _ask(web, person, "POST", f"/orders/{order}/proposals", {"price": price, "term_days": 14, "letter": letter})
    skills = [{"skill": name, "level": "expert"} for name in ("python", "fastapi", "postgresql")]
    profile = {"headline": "Разработчик на Python", "about": letter, "skills": skills, "listed": True}
    _ask(web, person, "PATCH", "/profiles/me", profile)
    return str(made["id"])


def _conversation(web: Served, customer: Person, freelancer: Person, proposal: str) -> str:
    known = _ask(web, customer, "GET", "/conversations")["items"]
    if known:
        return str(known[0]["id"])
    for number in range(MESSAGES):
        text = {"text": f"Вопрос {number}: сколько районов и когда начинать?"}
        _ask(web, freelancer if number % 3 == 1 else customer, "POST", f"/proposals/{proposal}/messages", text)
    return str(_ask(web, customer, "GET", "/conversations")["items"][0]["id"])


async def _rows(world: World, customer: Person) -> None:
    """Insert older orders and notifications of the customer, which the API cannot create in bulk."""
    connection = await asyncpg.connect(world.dsn)
    try:
        await connection.execute(
            "UPDATE orders SET customer_id = $1 WHERE id IN "
            "(SELECT id FROM orders WHERE status = 'expired' ORDER BY id LIMIT $2)",
            customer.id,
            OWN_ORDERS,
        )
        await connection.execute(
            "INSERT INTO notifications (id, user_id, kind, params, message_id) "
            "SELECT gen_random_uuid(), $1, 'password_changed', '{}', n FROM generate_series(1, $2) AS n "
            "ON CONFLICT DO NOTHING",
            customer.id,
            NOTICES,
        )
    finally:
        await connection.close()

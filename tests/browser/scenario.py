"""Two people, an order and proposals, created over the API in the browser's own contexts."""

from dataclasses import dataclass
from itertools import count
from typing import Any, cast

from playwright.async_api import Browser, BrowserContext

from tests.browser.chromium import DESKTOP
from tests.e2e.mail import MailSink, code_of

MAILS: dict[str, MailSink] = {}
"""The mail server of each site, by its origin."""
_numbers = count(1)
PASSWORD = "Лошадь-и-копьё-2026"  # noqa: S105 - of accounts that exist only in the test


@dataclass(frozen=True, slots=True)
class Person:
    """A signed-in person with a browser context of their own."""

    name: str
    origin: str
    context: BrowserContext
    locale: str

    async def call(self, path: str, body: dict[str, Any] | None = None, method: str = "POST") -> dict[str, Any]:
        """Send one request to the API as the scripts of the page would."""
        cookies = {cookie.get("name"): cookie.get("value", "") for cookie in await self.context.cookies()}
        headers = {"Origin": self.origin, "Accept-Language": self.locale, "X-CSRF-TOKEN": cookies.get("csrf_token", "")}
        answer = await self.context.request.fetch(
            f"{self.origin}/api/v1{path}", method=method, data=body or {}, headers=headers
        )
        assert answer.ok, f"{path}: {answer.status} {await answer.text()}"
        return cast("dict[str, Any]", await answer.json())


@dataclass(frozen=True, slots=True)
class World:
    """The people and what they created."""

    customer: Person
    freelancer: Person
    order_id: str
    draft_id: str
    proposal_id: str
    report_id: str
    search_id: str
    item_id: str
    offered_id: str
    offer_id: str
    offered_proposal_id: str
    talk_id: str
    deal_id: str


async def new_person(browser: Browser, origin: str, name: str, locale: str) -> Person:
    """Register an account and confirm its address."""
    context = await browser.new_context(locale=locale, viewport=DESKTOP, reduced_motion="reduce")  # type: ignore[arg-type]  # a size
    person = Person(f"{name}{next(_numbers)}", origin, context, locale)
    await person.call(
        "/auth/register", {"username": person.name, "email": f"{person.name}@example.com", "password": PASSWORD}
    )
    mail = await MAILS[origin].wait(f"{person.name}@example.com")
    await person.call("/auth/confirm-email", {"code": code_of(mail)})
    return person


async def make_world(
    browser: Browser, origin: str, locale: str = "ru-RU", *, category: str | None = None, word: str = ""
) -> World:
    """Let a customer publish an order and a freelancer send a proposal; `word` is in the place of every title."""
    customer = await new_person(browser, origin, "bakery", locale)
    freelancer = await new_person(browser, origin, "timur", locale)
    fields: dict[str, Any] = {
        "title": word or "Интернет-магазин для пекарни: каталог, корзина, доставка по районам",
        "description": "Печём хлеб и продаём его сами.\n\nНужен быстрый сайт, где можно сделать заказ до семи вечера. "
        "Сейчас заказы приходят в чат и теряются: https://example.org/bakery",
        "budget_kind": "fixed",
        "budget": {"amount": 15_000_000, "currency": "RUB"},
    }
    if category:
        fields["category"] = category
        fields["skills"] = ["Python", "PostgreSQL"]
    order = await customer.call("/orders", fields)
    await customer.call(f"/orders/{order['id']}/publish")
    draft = await customer.call("/orders", {"title": word or "Фотографии хлеба для каталога", "budget_kind": "open"})
    proposal = await freelancer.call(
        f"/orders/{order['id']}/proposals",
        {
            "price": {"amount": 14_000_000, "currency": "RUB"},
            "term_days": 21,
            "letter": "Здравствуйте.\n\nДелал похожий магазин для сыроварни, покажу. Начать могу в понедельник.",
        },
    )
    again = "Здравствуйте.\n\nДелал похожий магазин для сыроварни, покажу. Начать могу завтра."
    await freelancer.call(f"/proposals/{proposal['id']}", {"letter": again, "term_days": 20}, method="PATCH")
    about = {"kind": "order", "id": order["id"]}
    report = await freelancer.call("/reports", {"subject": about, "reason": "fraud", "note": "Просит предоплату."})
    wanted = {"q": "магазин", "budget_kind": "fixed", "budget_min": 5_000_000, "currency": "RUB"}
    search = await freelancer.call("/saved-searches", {"name": word[:80] or "Магазины", "filter": wanted})
    work = {
        "title": word[:120] or "Магазин для сыроварни",
        "description": "Каталог и доставка.",
        "skills": [],
        "year": 2025,
    }
    shown = await freelancer.call("/profiles/me/portfolio", work)
    other = await customer.call("/orders", fields | {"title": word or "Фотографии для каталога"})
    await customer.call(f"/orders/{other['id']}/publish")
    terms = {"price": {"amount": 9_000_000, "currency": "RUB"}, "term_days": 14}
    letter = {"letter": "Снимаю при дневном свете, за два утра сделаем всё."}
    offered = await freelancer.call(f"/orders/{other['id']}/proposals", terms | letter)
    terms |= {
        "milestones": [{"title": word or "Съёмка", "amount": 9_000_000, "days": 10}],
        "message": "Успеем к празднику?",
    }
    offer = await customer.call(f"/proposals/{offered['id']}/offers", terms)
    await customer.call(f"/orders/{other['id']}", {"description": "Печём хлеб.", "questions": []}, method="PATCH")
    await customer.call(f"/orders/{order['id']}/template", {"name": word[:100] or "Сайты"})
    await freelancer.call("/letter-templates", {"name": "О магазинах", "letter": "Делал похожие магазины."})
    talk = f"/proposals/{proposal['id']}"
    await customer.call(f"{talk}/messages", {"text": "Успеем к празднику? Пишите на bakery@example.org или сюда."})
    await freelancer.call(f"{talk}/messages", {"text": "Успеем.\n\nhttps://example.org/plan"})
    await customer.call(f"{talk}/messages", {"text": "Тогда ждём набросков. " * 12})
    talked = await customer.call(f"{talk}/conversation", method="GET")
    part = {
        "title": word or "Съёмка",
        "amount": 9_000_000,
        "days": 10,
        "checklist": ["Двенадцать снимков", "Обработка"],
    }
    text = {"title": word or "Фотографии хлеба", "description": "Снимаем в пекарне.", "message": "Успеем к празднику?"}
    direct = await customer.call(
        "/direct-deals",
        text | {"side": "customer", "currency": "RUB", "milestones": [part], "username": freelancer.name},
    )
    made = (order, draft, proposal, report, search, shown, other, offer, offered, talked, direct)
    return World(customer, freelancer, *[item["id"] for item in made])

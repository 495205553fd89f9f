"""Pages for signed-in people: each as its owner sees it, in both languages and themes, on phone and desktop."""

from collections.abc import Callable
from typing import cast

import pytest
from playwright.async_api import Browser, ViewportSize

from tests.browser.chromium import DESKTOP, NARROW, PHONE, Theme, visit
from tests.browser.scenario import Person, World, make_world
from tests.browser.test_appearance import SETTLED, SHIFT, SMALL_TARGETS, TOUCH, violations

PAGES: dict[str, Callable[[World], tuple[Person, str]]] = {
    "own order": lambda w: (w.customer, f"/orders/{w.order_id}"),
    "order with an answer": lambda w: (w.freelancer, f"/orders/{w.order_id}"),
    "orders": lambda w: (w.customer, "/orders"),
    "orders found by nothing": lambda w: (w.customer, "/orders?q=zzzz"),
    "new order": lambda w: (w.customer, "/orders/new"),
    "draft": lambda w: (w.customer, f"/orders/{w.draft_id}"),
    "draft's editor": lambda w: (w.customer, f"/orders/{w.draft_id}/edit"),
    "closing": lambda w: (w.customer, f"/orders/{w.order_id}/close"),
    "orders for you": lambda w: (w.freelancer, "/orders/for-you"),
    "whom to invite": lambda w: (w.customer, f"/orders/{w.order_id}/people"),
    "inviting": lambda w: (w.customer, f"/orders/{w.order_id}/invitations"),
    "my invitations": lambda w: (w.freelancer, "/my/invitations"),
    "order templates, none": lambda w: (w.freelancer, "/my/order-templates"),
    "order templates": lambda w: (w.customer, "/my/order-templates"),
    "keeping a template": lambda w: (w.customer, f"/orders/{w.order_id}/template"),
    "edited order": lambda w: (w.freelancer, f"/orders/{w.offered_id}"),
    "my orders": lambda w: (w.customer, "/my/orders"),
    "my orders, none": lambda w: (w.freelancer, "/my/orders"),
    "my proposals": lambda w: (w.freelancer, "/my/proposals"),
    "proposal's editor": lambda w: (w.freelancer, f"/proposals/{w.proposal_id}/edit"),
    "withdrawing": lambda w: (w.freelancer, f"/proposals/{w.proposal_id}/withdraw"),
    "comparing": lambda w: (w.customer, f"/orders/{w.order_id}/compare?ids={w.proposal_id}"),
    "my letters": lambda w: (w.freelancer, "/my/letters"),
    "my letters, none": lambda w: (w.customer, "/my/letters"),
    "new letter": lambda w: (w.freelancer, "/my/letters/new"),
    "proposal's history": lambda w: (w.freelancer, f"/proposals/{w.proposal_id}/history"),
    "declining several": lambda w: (w.customer, f"/orders/{w.order_id}/decline?ids={w.proposal_id}"),
    "terms, offered": lambda w: (w.customer, f"/offers/{w.offer_id}"),
    "terms, to be answered": lambda w: (w.freelancer, f"/offers/{w.offer_id}"),
    "triage with terms": lambda w: (w.customer, f"/orders/{w.offered_id}"),
    "other terms": lambda w: (w.freelancer, f"/offers/{w.offer_id}/counter"),
    "offering terms": lambda w: (w.customer, f"/proposals/{w.proposal_id}/offer"),
    "choosing": lambda w: (w.customer, f"/proposals/{w.proposal_id}/accept"),
    "declining": lambda w: (w.customer, f"/proposals/{w.proposal_id}/decline"),
    "messages": lambda w: (w.freelancer, "/messages"),
    "messages, all read": lambda w: (w.freelancer, "/messages?unread=1"),
    "proposing a deal": lambda w: (w.customer, "/deals/new"),
    "invitations to deals": lambda w: (w.freelancer, "/deals"),
    "invitations to deals, own": lambda w: (w.customer, "/deals"),
    "invitation to a deal": lambda w: (w.freelancer, f"/deals/{w.deal_id}"),
    "invitation to a deal, own": lambda w: (w.customer, f"/deals/{w.deal_id}"),
    "changing a deal": lambda w: (w.freelancer, f"/deals/{w.deal_id}/counter"),
    "talk": lambda w: (w.customer, f"/messages/{w.talk_id}"),
    "talk, ways around marked": lambda w: (w.freelancer, f"/messages/{w.talk_id}"),
    "first message": lambda w: (w.customer, f"/proposals/{w.offered_proposal_id}/messages"),
    "nothing written yet": lambda w: (w.freelancer, f"/proposals/{w.offered_proposal_id}/messages"),
    "reporting what was written": lambda w: (w.freelancer, f"/report/conversation/{w.talk_id}"),
    "reporting": lambda w: (w.customer, f"/report/proposal/{w.proposal_id}"),
    "my reports": lambda w: (w.freelancer, "/my/reports"),
    "report": lambda w: (w.freelancer, f"/my/reports/{w.report_id}"),
    "no decisions": lambda w: (w.customer, "/my/reports?side=reported"),
    "my searches": lambda w: (w.freelancer, "/my/searches"),
    "my searches, none": lambda w: (w.customer, "/my/searches"),
    "saving a search": lambda w: (w.freelancer, "/my/searches/new?q=%D1%81%D0%B0%D0%B9%D1%82&budget_min=1000"),
    "search's editor": lambda w: (w.freelancer, f"/my/searches/{w.search_id}/edit"),
    "search's end": lambda w: (w.freelancer, f"/my/searches/{w.search_id}/delete"),
    "profile": lambda w: (w.customer, "/settings/profile"),
    "public profile": lambda w: (w.freelancer, "/settings/public-profile"),
    "legal details": lambda w: (w.freelancer, "/settings/legal"),
    "portfolio": lambda w: (w.freelancer, "/settings/portfolio"),
    "files": lambda w: (w.freelancer, "/settings/files"),
    "photo": lambda w: (w.freelancer, "/settings/photo"),
    "piece of work": lambda w: (w.freelancer, f"/settings/portfolio/{w.item_id}"),
    "taking it out": lambda w: (w.freelancer, f"/settings/portfolio/{w.item_id}/remove"),
    "oneself": lambda w: (w.freelancer, f"/@{w.freelancer.name}"),
    "somebody": lambda w: (w.customer, f"/@{w.freelancer.name}"),
    "favourites": lambda w: (w.customer, "/my/favourites"),
    "hidden": lambda w: (w.freelancer, "/my/hidden"),
    "security": lambda w: (w.customer, "/settings/security"),
    "password": lambda w: (w.customer, "/settings/security/password"),
    "e-mail": lambda w: (w.customer, "/settings/security/email"),
    "phone": lambda w: (w.customer, "/settings/security/phone"),
    "account's end": lambda w: (w.customer, "/settings/security/close"),
    "devices": lambda w: (w.customer, "/settings/devices"),
    "notices": lambda w: (w.customer, "/notifications"),
    "confirming": lambda w: (w.customer, "/confirm-email"),
}
# The four combinations are divided between the two languages; the public pages are tested in all of them in both.
LOOKS: dict[str, tuple[tuple[dict[str, int], Theme], ...]] = {
    "ru-RU": ((PHONE, "dark"), (DESKTOP, "light")),
    "en-GB": ((PHONE, "light"), (DESKTOP, "dark")),
}


@pytest.mark.timeout(500)
async def test_a_title_of_one_long_word_breaks_no_page(browser: Browser, site: str) -> None:
    world = await make_world(browser, site, "ru-RU", word="Ш" * 200)
    await world.freelancer.call("/auth/me", {"display_name": "Щ" * 80}, method="PATCH")
    await world.customer.call("/auth/me", {"display_name": "W" * 80}, method="PATCH")
    wrong: list[str] = []
    for name, of in PAGES.items():
        person, path = of(world)
        async with visit(browser, context=person.context) as watched:
            await watched.page.set_viewport_size(cast("ViewportSize", PHONE))
            await watched.page.goto(site + path)
            for size in (PHONE, NARROW):
                await watched.page.set_viewport_size(cast("ViewportSize", size))
                if (more := await watched.overflow()) > 0:
                    wrong.append(f"{name}: {more} wider than {size['width']}")
    assert not wrong, "\n".join(wrong)
    await world.customer.context.close()
    await world.freelancer.context.close()


@pytest.mark.timeout(500)
@pytest.mark.parametrize("locale", ["ru-RU", "en-GB"])
async def test_every_signed_in_page(browser: Browser, site: str, locale: str) -> None:
    world = await make_world(browser, site, locale)
    wrong: list[str] = []
    for name, of in PAGES.items():
        person, path = of(world)
        async with visit(browser, context=person.context) as watched:
            page = watched.page
            await page.set_viewport_size(cast("ViewportSize", PHONE))
            answer = await page.goto(site + path)
            assert answer is not None
            assert answer.status == 200, (name, answer.status)
            assert await page.locator("html").get_attribute("lang") == locale[:2]
            assert await watched.shift() <= SHIFT, name
            wrong += [f"{name}: small: {target}" for target in await page.evaluate(SMALL_TARGETS, TOUCH)]
            for width in (NARROW["width"], 640, 1024):
                await page.set_viewport_size({"width": width, "height": 640})
                if await watched.overflow() > 0:
                    wrong.append(f"{name}: wider than {width}")
            for size, theme in LOOKS[locale]:
                await page.set_viewport_size(cast("ViewportSize", size))
                await page.emulate_media(color_scheme=theme, reduced_motion="reduce")
                await page.evaluate(SETTLED)
                wrong += [f"{name}, {theme}, {size['width']}: {found}" for found in await violations(page)]
            await watched.check()
    assert not wrong, "\n".join(wrong)
    await world.customer.context.close()
    await world.freelancer.context.close()

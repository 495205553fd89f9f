"""The whole journey by clicks: two people sign up, an order finds its freelancer, and a session is ended remotely."""

import re

import pytest
from playwright.async_api import Browser

from tests.e2e.api_clients import PASSWORD, new_name
from tests.e2e.browser_users import DESKTOP, PHONE, visitor
from tests.e2e.mail import text_of
from tests.e2e.stack import Stack

TITLE = "Интернет-магазин для кофейни на набережной"
pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without JavaScript"])
async def test_an_order_finds_its_freelancer(stack: Stack, browser: Browser, script: bool) -> None:
    async with (
        visitor(browser, stack, new_name("anna"), language="ru", size=DESKTOP, script=script) as customer,
        visitor(browser, stack, new_name("boris"), language="en", size=PHONE, script=script) as freelancer,
        visitor(browser, stack, customer.name, language="ru", size=PHONE, script=script) as other,
    ):
        for person in (customer, freelancer):
            await person.sign_up()
            await person.confirm()

        # The customer writes an order, previews the draft and publishes it.
        await customer.page.locator("a[href='/orders/new']").filter(visible=True).first.click()
        await customer.fill(title=TITLE, description="Каталог на двести товаров, корзина и доставка.", budget="80 000")
        await customer.press("Save and preview")
        await customer.sees(TITLE)
        await customer.press("Publish order")
        await customer.sees(TITLE)
        order = re.sub(r"[?#].*", "", customer.page.url)

        # The freelancer finds it by other word forms, and sends a proposal.
        await freelancer.page.locator("a[href='/orders']").filter(visible=True).first.click()
        await freelancer.search("магазины кофейню")
        await freelancer.page.get_by_role("link", name=TITLE).first.click()
        assert freelancer.page.url.startswith(order)
        await freelancer.fill(price="75000", term_days="14", letter="Готов начать завтра, есть похожие работы.")
        await freelancer.press("Send proposal")
        await freelancer.sees("Готов начать завтра")

        # The customer reads it in the other browser and accepts it.
        await customer.page.reload()
        await customer.sees("Готов начать завтра")
        await customer.page.locator("a[href$='/accept']").filter(visible=True).first.click()
        await customer.press("Choose {name}")
        await customer.reads("You have chosen a freelancer. Both sides see it now.")

        # The freelancer sees it on the next page, and gets an e-mail in English.
        await freelancer.page.locator("a[href='/my/proposals']").filter(visible=True).first.click()
        await freelancer.sees(TITLE)
        await freelancer.reads("Chosen")
        told = await stack.mail.wait(freelancer.email, containing=TITLE, seconds=60)
        assert "chosen" in (text_of(told) + str(told["subject"])).lower() or "accepted" in text_of(told).lower()

        # A session is ended from another device: the first device is a guest on its next request.
        await other.sign_in(customer.email)
        await other.open("/settings/devices")
        await other.press("Sign out there")
        if await other.page.locator("input[name='current_password']").count():
            await other.fill(current_password=PASSWORD)
            await other.press("Sign out there")
        await customer.page.locator("a[href='/settings']").filter(visible=True).first.click()
        assert "/sign-in" in customer.page.url
        assert await customer.is_guest()

        await other.sign_out()
        assert await other.is_guest()
        await other.open("/settings")
        assert "/sign-in" in other.page.url

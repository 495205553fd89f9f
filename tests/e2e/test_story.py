"""The whole story by clicks: two people sign up, an order finds its freelancer, and a session ends from elsewhere."""

import pytest
from playwright.async_api import Browser

from tests.e2e.people import PASSWORD, new_name
from tests.e2e.stack import Stack
from tests.e2e.visitors import DESK, PHONE, visitor

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without JavaScript"])
async def test_an_order_finds_its_freelancer(stack: Stack, browser: Browser, script: bool) -> None:
    async with (
        visitor(browser, stack, new_name("anna"), language="ru", size=DESK, script=script) as customer,
        visitor(browser, stack, new_name("boris"), language="en", size=PHONE, script=script) as freelancer,
        visitor(browser, stack, customer.name, language="ru", size=PHONE, script=script) as other,
    ):
        for person in (customer, freelancer):
            await person.sign_up()
            await person.confirm()

        # A session ends from the other device: the first one is a guest on its next click.
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

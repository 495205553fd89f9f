"""The payment page in a browser: a phone, both themes, the confirmation of the bank."""

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # no types in the package
from playwright.async_api import Browser, ViewportSize

from app.core.payment_port import Done
from tests.gateways.payments.provider import Sandbox, value_of

pytestmark = pytest.mark.timeout(240)
SMALLEST: ViewportSize = {"width": 320, "height": 640}


async def test_a_payer_pays_on_a_phone(sandbox: Sandbox, browser: Browser) -> None:
    payment = value_of(await sandbox.payment(15_000))
    assert payment.page_url is not None
    context = await browser.new_context(viewport=SMALLEST, locale="ru-RU", color_scheme="dark")
    page = await context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    await page.goto(payment.page_url)
    assert await page.evaluate("document.documentElement.scrollWidth") <= SMALLEST["width"]
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    await page.get_by_label("Банк просит подтверждение").check()
    await page.get_by_role("button", name="Оплатить").click()
    await page.get_by_role("link", name="English").click()
    await page.get_by_role("button", name="Yes, confirm the payment").click()
    assert await page.get_by_role("status").inner_text() == "The payment has succeeded."
    assert isinstance(await sandbox.adapter.get_payment(payment.id), Done)
    assert [line for line in wrong if "favicon" not in line] == []
    await context.close()

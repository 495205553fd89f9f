"""The pages of deals and money with the demonstration's deals: accessible in every state, and whole without scripts."""

import re
import subprocess
import sys
from collections.abc import Callable
from typing import cast

import pytest
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize

from app.core.config import ROOT
from app.local.demo_accounts import PASSWORD
from tests.browser.chromium import DESKTOP, NARROW, PHONE, Theme, visit
from tests.browser.phone_user import SLOW
from tests.browser.scenario import Person
from tests.browser.test_appearance import SETTLED, SHIFT, SMALL_TARGETS, TOUCH, violations
from tests.e2e.stack import Stack

ROLES = ("web", "worker", "beat", "sandbox")
CLICKS = 8
"""From a contract that waits for its payment to accepted work: pay, card, back; start, submit, send; accept, yes."""
LOOKS: dict[str, tuple[dict[str, int], Theme]] = {"ru-RU": (PHONE, "dark"), "en-GB": (DESKTOP, "light")}
MONEY = tuple(f"/wallet{part}" for part in ("", "/payments", "/withdrawals", "/withdraw", "/statement", "/top-up"))
FINANCE = tuple(f"/finance{part}" for part in ("", "/search?q=anna_dev", "/corrections", "/corrections/new", "/audit"))
PAGES: dict[tuple[str, str], tuple[str, ...]] = {
    ("anna_dev", "ru-RU"): ("/contracts", "/deals", *MONEY, "/transparency", "/transparency/verify"),
    ("pekarnya", "en-GB"): ("/wallet", "/wallet/payments"),
    ("sever_group", "ru-RU"): (),
    ("olga_studio", "en-GB"): (),
    ("sofia_data", "ru-RU"): (),
    ("northwind", "en-GB"): (*FINANCE, "/stuck-money"),
}
"""Who reads in which language; besides these, their contracts and invitations, and what leads on from there."""
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
WORKSPACE = re.compile(rf"/(contracts|deals)/{ID.pattern}")
"""Pages that look different in each state and to each side; of the others one of a kind is enough."""
FURTHER = ", ".join(
    f"main {found}"
    for found in (
        "a[href*='/forms/']",
        "a[href$='/submit']",
        "a[href*='/change']",
        "a[href^='/papers/'][href$='/sign']",
        "h2 a[href^='/wallet/payments/']",
        "h2 a[href^='/wallet/withdrawals/']",
        "h3 a[href^='/finance/']",
    )
)


@pytest.fixture(scope="module")
def demonstration(new_stack: Callable[..., Stack]) -> Stack:
    """A site with the demonstration's deals, one of whose people looks after the money."""
    stack = new_stack(roles=ROLES, settings={"DATABASE_REQUEST_SECONDS": "20"})  # on a busy machine
    for words in (["seed", "--demo", "--reason", "test"], ["set-role", "northwind", "finance", "--reason", "test"]):
        command = [sys.executable, "-m", "app", *words]
        subprocess.run(command, cwd=ROOT, env=stack.environment(), check=True, capture_output=True)  # noqa: S603 - ours
    return stack


async def signed_in(context: BrowserContext, site: str, name: str, locale: str) -> Person:
    """Sign somebody of the demonstration in."""
    person = Person(name, site, context, locale)
    await person.call("/auth/login", {"identifier": name, "password": PASSWORD})
    await person.call("/auth/me", {"locale": locale[:2]}, method="PATCH")
    return person


async def addresses(page: Page, found: str) -> list[str]:
    """Return where the links of a page lead, each once."""
    links = await page.locator(found).evaluate_all("(all) => all.map((link) => link.getAttribute('href'))")
    return list(dict.fromkeys(cast("list[str]", links)))


@pytest.mark.timeout(500)
async def test_every_page_of_deals_and_money(browser: Browser, demonstration: Stack) -> None:
    site, wrong, seen = demonstration.origin, list[str](), set[str]()
    for (name, locale), paths in PAGES.items():
        context = await browser.new_context(locale=locale, reduced_motion="reduce")
        await signed_in(context, site, name, locale)
        async with visit(browser, context=context) as watched:
            page = watched.page
            await page.goto(f"{site}/contracts")
            waiting = [*paths, *await addresses(page, "main h2 a[href^='/contracts/']")]
            await page.goto(f"{site}/deals")
            waiting += (await addresses(page, "main h2 a[href^='/deals/']"))[:2]
        for path in waiting:
            kind = f"{name}: {path}" if WORKSPACE.fullmatch(path) else ID.sub("…", path)
            if kind in seen:
                continue
            seen.add(kind)
            async with visit(browser, context=context) as watched:
                wrong += [f"{name}: {path}: {it}" for it in await problems(watched.page, site + path, locale)]
                if await watched.overflow() > 0:
                    wrong.append(f"{name}: {path}: too wide")
                waiting += await addresses(watched.page, FURTHER)
                await watched.check()
        await context.close()
    assert len(seen) > 35, "pages were not found by their links"
    assert not wrong, "\n".join(wrong)


async def problems(page: Page, address: str, locale: str) -> list[str]:
    """Return what is wrong with a page on a phone and at a desk, and leave it in a narrow window."""
    await page.set_viewport_size(cast("ViewportSize", PHONE))
    answer = await page.goto(address)
    assert answer is not None
    assert answer.status == 200, (address, answer.status)
    assert await page.locator("html").get_attribute("lang") == locale[:2]
    found = [f"small: {target}" for target in await page.evaluate(SMALL_TARGETS, TOUCH)]
    if await page.evaluate("window.__shift ?? 0") > SHIFT:
        found.append("it shifts")
    size, theme = LOOKS[locale]
    await page.set_viewport_size(cast("ViewportSize", size))
    await page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    await page.evaluate(SETTLED)
    found += await violations(page)
    await page.set_viewport_size(cast("ViewportSize", NARROW))
    return found


async def test_paid_submitted_and_accepted_without_scripts(browser: Browser, demonstration: Stack) -> None:
    site, clicks = demonstration.origin, 0

    async def click(page: Page, found: str) -> None:
        nonlocal clicks
        clicks += 1
        await page.locator(found).first.click(timeout=2 * SLOW)

    contexts = [await browser.new_context(locale="en-GB", java_script_enabled=False) for _side in range(2)]
    people = ("pekarnya", "pavel_text")
    for context, name in zip(contexts, people, strict=True):
        await signed_in(context, site, name, "en-GB")
    client, freelancer = [await context.new_page() for context in contexts]
    for page in (client, freelancer):
        await page.goto(f"{site}/contracts")
        await page.get_by_role("link", name="Тексты для раздела").click()
    await click(client, "form[action$='/pay'] button")
    await click(client, "button[value=pay]")
    await click(client, "a.button.primary")
    await client.get_by_text("The money has arrived. It is held until you accept the work.").wait_for(timeout=2 * SLOW)
    await freelancer.reload()
    await click(freelancer, "form[action$='/start'] button")
    await click(freelancer, "a[href$='/submit']")
    await freelancer.locator("textarea[name=answer-0]").fill("https://example.org/bread")
    await click(freelancer, "main form .btn-primary")
    await freelancer.get_by_text("The work is submitted. The client is notified.").wait_for()
    await client.reload()
    await click(client, "summary.btn-primary")
    await click(client, "form[action$='/accept'] button")
    await client.get_by_text("becomes available on").wait_for()
    assert clicks == CLICKS
    for context in contexts:
        await context.close()

"""Takes screenshots of the pages: `python -m tools.screenshots [origin]`.

Every page on phone and desktop, light and dark, Russian and English, into `screenshots/`; the few that the README
shows into `docs/images/`. Without an origin it starts a site with the demonstration data and stops it afterwards.
"""

import asyncio
import json
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, async_playwright

from app.cli.seeding.demo import read_world
from app.local.demo_accounts import PASSWORD
from tools.browser import find_browser
from tools.local_site import ROOT, running_site

PAGES = {
    "landing": "/",
    "orders": "/orders",
    "orders-filtered": "/orders?category=web-development&skills=python&budget_min=1000",
    "orders-match": "/orders?q=%D1%81%D0%B0%D0%B9%D1%82&sort=match",
    "ranking": "/ranking",
    "orders-none": "/orders?q=zzzz",
    "orders-wrong": "/orders?budget_min=x",
    "order": "/orders >",
    "freelancers": "/freelancers?q=Python&sort=match",
    "freelancers-none": "/freelancers?q=%D0%BF%D0%B0%D0%B9%D1%82%D0%BD",
    "person": "/@anna_dev",
    "states": "/states",
    "api": "/docs",
    "caught-mail": "/demo/mail",
    "sign-in": "/sign-in",
    "sign-up": "/sign-up",
    "reset": "/reset",
    "design": "/design",
    "no-subscription": "/unsubscribe/nothing",
    "not-found": "/nothing-here",
}
SIZES = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1280, "height": 900}}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LOCALES = {"ru": "ru-RU", "en": "en-GB"}
# Pages for signed-in people, as people of the demonstration data see them. The last one follows the first link of the
# list.
INSIDE = {
    "customer": {
        "my-orders": "/my/orders",
        "order-templates": "/my/order-templates",
        "no-invitations": "/my/invitations",
        "new-order": "/orders/new",
        "profile": "/settings/profile",
        "public-profile": "/settings/public-profile",
        "portfolio": "/settings/portfolio",
        "photo": "/settings/photo",
        "files": "/settings/files",
        "favourites": "/my/favourites",
        "security": "/settings/security",
        "password": "/settings/security/password",
        "email": "/settings/security/email",
        "phone": "/settings/security/phone",
        "account-end": "/settings/security/close",
        "devices": "/settings/devices",
        "confirm-email": "/confirm-email",
        "confirm-phone": "/confirm-phone",
        "no-proposals": "/my/proposals",
        "own-not-found": "/nothing-here",
        "notices": "/notifications",
        "no-reports": "/my/reports",
        "no-searches": "/my/searches",
        "new-search": "/my/searches/new?q=%D0%BC%D0%B0%D0%B3%D0%B0%D0%B7%D0%B8%D0%BD&skills=python",
        "messages": "/messages",
        "talk": "/messages >",
        "own-order": "/my/orders >",
    },
    "freelancer": {
        "my-proposals": "/my/proposals",
        "my-letters": "/my/letters",
        "new-letter": "/my/letters/new",
        "own-portfolio": "/settings/portfolio",
        "own-photo": "/settings/photo",
        "own-files": "/settings/files",
        "for-you": "/orders/for-you",
        "answered-order": "/my/proposals >",
        "own-messages": "/messages",
        "own-talk": "/messages >",
        "no-orders": "/my/orders",
    },
}
README = {
    ("landing", "desk", "light", "en"): "landing-desktop-light-en.png",
    ("landing", "phone", "dark", "ru"): "landing-phone-dark-ru.png",
    ("orders", "desk", "light", "en"): "orders-desktop-light-en.png",
    ("orders", "desk", "light", "ru"): "orders-desktop-light-ru.png",
    ("own-order", "desk", "dark", "ru"): "order-desktop-dark-ru.png",
    ("freelancers", "desk", "light", "en"): "freelancers-desktop-light-en.png",
    ("freelancers", "desk", "light", "ru"): "freelancers-desktop-light-ru.png",
}
FACES_SECONDS = 60
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@dataclass(frozen=True, slots=True)
class Reader:
    """The device, theme and language of a screenshot."""

    size: str
    theme: Literal["light", "dark"]
    locale: str


async def open_context(browser: Browser, reader: Reader) -> BrowserContext:
    """Open a browser context with the properties of this reader."""
    return await browser.new_context(
        viewport=cast("ViewportSize", SIZES[reader.size]),
        color_scheme=reader.theme,
        locale=LOCALES[reader.locale],
        reduced_motion="reduce",
    )


async def sign_in(page: Page, origin: str, username: str, locale: str) -> None:
    """Sign in a person of the demonstration data by the form and choose the language."""
    await page.goto(f"{origin}/sign-in")
    await page.fill("#field-identifier", username)
    await page.fill("#field-password", PASSWORD)
    await page.press("#field-password", "Enter")
    await page.wait_for_url(lambda url: "/sign-in" not in url)
    async with page.expect_navigation():
        await page.click(f"button[name=locale][value={locale}]")


async def shoot(page: Page, origin: str, pages: dict[str, str], reader: Reader) -> None:
    """Take every page for one kind of reader."""
    for name, path in pages.items():
        await page.goto(origin + path.removesuffix(" >"), wait_until="load")
        if path.endswith(" >"):
            link = await page.locator(".order-card-title a, .talk-who a").first.get_attribute("href")
            await page.goto(f"{origin}{link}", wait_until="load")
        await page.evaluate("document.fonts.ready")
        # Sticky elements would appear in the middle of a full-page screenshot.
        await page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
        target = ROOT / "screenshots" / f"{name}-{reader.size}-{reader.theme}-{reader.locale}.png"
        await page.screenshot(path=target, full_page=True)
        shown = README.get((name, reader.size, reader.theme, reader.locale))
        if shown:
            await page.screenshot(path=ROOT / "docs" / "images" / shown)


async def take(browser: Browser, origin: str, reader: Reader) -> None:
    """Take the public pages, then those for signed-in people."""
    context = await open_context(browser, reader)
    await shoot(await context.new_page(), origin, PAGES, reader)
    await context.close()
    first = read_world().orders[0]
    people = {"customer": first.by, "freelancer": first.proposals[0].by}
    for role, pages in INSIDE.items():
        context = await open_context(browser, reader)
        page = await context.new_page()
        await sign_in(page, origin, people[role], reader.locale)
        await shoot(page, origin, pages, reader)
        await context.close()


def wait_for_faces(origin: str) -> None:
    """Wait until a worker has inspected the pictures of the demonstration data."""
    person = next(person for person in reversed(read_world().people) if person.photo)
    end = time.monotonic() + FACES_SECONDS
    while time.monotonic() < end:
        with urllib.request.urlopen(f"{origin}/api/v1/profiles/{person.username}", timeout=10) as answer:  # noqa: S310 - http
            if json.load(answer)["avatar_url"]:
                return
        time.sleep(1)


async def run(origin: str) -> None:
    """Take all screenshots."""
    for folder in (ROOT / "screenshots", ROOT / "docs" / "images"):
        folder.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
        for size in SIZES:
            for theme in THEMES:
                for locale in LOCALES:
                    await take(browser, origin, Reader(size, theme, locale))
        await browser.close()


def main() -> int:
    """Take screenshots of the given site, or of one that is started for the purpose."""
    if len(sys.argv) > 1:
        asyncio.run(run(sys.argv[1].rstrip("/")))
    else:
        with tempfile.TemporaryDirectory() as folder, running_site(Path(folder)) as origin:
            wait_for_faces(origin)
            asyncio.run(run(origin))
    print("Pictures: screenshots/, and docs/images/ for the README")
    return 0


if __name__ == "__main__":
    sys.exit(main())

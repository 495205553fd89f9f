"""Takes pictures of the pages: `python -m tools.screenshots [origin]`.

Every page as a phone and as a desk, light and dark, Russian and English, into `screenshots/`; the few that the README
shows into `docs/images/`. Without an address it starts a site with the demonstration world and ends it afterwards.
"""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Literal, cast

from playwright.async_api import Browser, ViewportSize, async_playwright

from tools.browser import find_browser
from tools.site import ROOT, running_site

PAGES = {
    "landing": "/",
    "orders": "/orders",
    "sign-in": "/sign-in",
    "sign-up": "/sign-up",
    "reset": "/reset",
    "design": "/design",
    "not-found": "/nothing-here",
}
SIZES = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1280, "height": 900}}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LOCALES = {"ru": "ru-RU", "en": "en-GB"}
README = {
    ("landing", "desk", "light", "en"): "landing.png",
    ("landing", "phone", "dark", "ru"): "landing-phone.png",
    ("orders", "desk", "dark", "en"): "orders.png",
}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


async def shoot(browser: Browser, origin: str, size: str, theme: Literal["light", "dark"], locale: str) -> None:
    """Take every page for one kind of reader."""
    context = await browser.new_context(
        viewport=cast("ViewportSize", SIZES[size]),
        color_scheme=theme,
        locale=LOCALES[locale],
        reduced_motion="reduce",
        extra_http_headers={"Accept-Language": locale},
    )
    page = await context.new_page()
    for name, path in PAGES.items():
        await page.goto(origin + path, wait_until="load")
        await page.evaluate("document.fonts.ready")
        target = ROOT / "screenshots" / f"{name}-{size}-{theme}-{locale}.png"
        await page.screenshot(path=target, full_page=True)
        shown = README.get((name, size, theme, locale))
        if shown:
            await page.screenshot(path=ROOT / "docs" / "images" / shown)
    await context.close()


async def run(origin: str) -> None:
    """Take all pictures."""
    for folder in (ROOT / "screenshots", ROOT / "docs" / "images"):
        folder.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
        for size in SIZES:
            for theme in THEMES:
                for locale in LOCALES:
                    await shoot(browser, origin, size, theme, locale)
        await browser.close()


def main() -> int:
    """Take pictures of a given site, or of one that is started for it."""
    if len(sys.argv) > 1:
        asyncio.run(run(sys.argv[1].rstrip("/")))
    else:
        with tempfile.TemporaryDirectory() as folder, running_site(Path(folder)) as origin:
            asyncio.run(run(origin))
    print("Pictures: screenshots/, and docs/images/ for the README")
    return 0


if __name__ == "__main__":
    sys.exit(main())

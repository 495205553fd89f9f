"""Every page in both languages and themes, on phone and desktop: accessible, fits the window, without errors."""

from typing import Any, cast

import pytest
from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]  # no types in the package
from playwright.async_api import Browser, Page, ViewportSize

from tests.browser.chromium import DESKTOP, NARROW, PHONE, Theme, visit

PUBLIC = [
    "/",
    "/orders",
    "/orders?q=%D1%81%D0%B0%D0%B9%D1%82&sort=match",
    "/ranking",
    "/freelancers",
    "/sign-in",
    "/sign-up",
    "/reset",
    "/design",
    "/states",
    "/unsubscribe/nothing",
    "/nothing-here",
]
LOCALES = ["ru-RU", "en-GB"]
AXE_OPTIONS = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    },
    "resultTypes": ["violations"],
}
TOUCH = 44
SHIFT = 0.02

SMALL_TARGETS = """(least) => [...document.querySelectorAll('a[href], button, input, select, textarea, summary')]
  .filter((e) => e.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && !e.closest('.skip, .sr'))
  .filter((e) => !(e.tagName === 'A' && getComputedStyle(e).display === 'inline'))
  .filter((e) => !e.matches('.order-card-title a, .talk-who a, .summary a'))
  .map((e) => {
    const target = ['checkbox', 'radio'].includes(e.type) ? e.closest('label') ?? e : e;
    return { e, box: target.getBoundingClientRect() };
  })
  .filter(({ box }) => box.height < least - 0.5)
  .map(({ e, box }) => `${e.outerHTML.slice(0, 120)} ${Math.round(box.width)}x${Math.round(box.height)}`)"""

# Sticky bars would cover what axe measures below them.
SETTLED = """async () => {
  for (const bar of document.querySelectorAll('.topbar, .tabbar')) bar.style.position = 'static';
  window.scrollTo(0, 0);
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""

NEXT_STOP = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  window.__stops ??= new Map();
  if (!window.__stops.has(e)) window.__stops.set(e, window.__stops.size);
  const box = e.getBoundingClientRect();
  const ringed = (it) => {
    const style = getComputedStyle(it);
    return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  };
  const around = e.closest('.order-card, .radio-card');
  return {
    id: window.__stops.get(e),
    html: e.outerHTML.slice(0, 120),
    ring: ringed(e) || Boolean(around && ringed(around)),
    inside: box.width > 0 && box.bottom > 0 && box.top < innerHeight,
  };
}"""

REACHABLE = """() => [...document.querySelectorAll(
    'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')]
  .filter((e) => e.checkVisibility() && !e.disabled && !e.closest('dialog:not([open])'))
  .filter((e) => e.type !== 'radio' || e.checked || !document.querySelector(`input[name="${e.name}"]:checked`))
  .length"""


async def violations(page: Page) -> list[str]:
    """Return the violations that axe found, in short."""
    if not await page.evaluate("'axe' in window"):  # its source has half a megabyte: once for each page is enough
        await page.evaluate(AXE_SCRIPT)
    results = await page.evaluate("async (options) => (await axe.run(options)).violations", AXE_OPTIONS)
    told: list[str] = []
    for found in cast("list[dict[str, Any]]", results):
        for node in found["nodes"]:
            near = [other["html"][:160] for check in node["any"] for other in check["relatedNodes"]]
            told.append(f"{found['id']}: {node['target']} {node.get('failureSummary', '')[:200]} {near}")
    return told


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("path", PUBLIC)
async def test_public_pages(browser: Browser, site: str, path: str, locale: str) -> None:
    themes: tuple[Theme, ...] = ("light", "dark")
    async with visit(browser, locale=locale, viewport=PHONE) as watched:
        page = watched.page
        answer = await page.goto(site + path, wait_until="load")
        assert answer is not None
        assert answer.status in (200, 404)
        await page.wait_for_timeout(150)
        assert await watched.shift() <= SHIFT
        assert await page.locator("html").get_attribute("lang") == locale[:2]
        for size in (PHONE, DESKTOP):
            await page.set_viewport_size(cast("ViewportSize", size))
            for theme in themes:
                await page.emulate_media(color_scheme=theme, reduced_motion="reduce")
                await page.evaluate(SETTLED)
                assert await violations(page) == [], (path, locale, theme, size["width"])
        await watched.check()


@pytest.mark.parametrize("path", PUBLIC)
@pytest.mark.parametrize("locale", LOCALES)
async def test_nothing_is_lost_on_narrow_windows(browser: Browser, site: str, path: str, locale: str) -> None:
    async with visit(browser, locale=locale, viewport=NARROW) as watched:
        await watched.page.goto(site + path)
        assert await watched.overflow() <= 0
        for width in (640, 900, 1024):  # 640 is 200 % zoom on a desktop
            await watched.page.set_viewport_size({"width": width, "height": 600})
            assert await watched.overflow() <= 0, width
        await watched.page.set_viewport_size(cast("ViewportSize", PHONE))
        assert await watched.page.evaluate(SMALL_TARGETS, TOUCH) == []


@pytest.mark.parametrize("path", PUBLIC)
async def test_everything_is_reached_by_keyboard(browser: Browser, site: str, path: str) -> None:
    async with visit(browser) as watched:
        page = watched.page
        await page.goto(site + path)
        await page.evaluate("document.activeElement?.blur()")
        expected = int(await page.evaluate(REACHABLE))
        seen: set[int] = set()
        for _turn in range(expected + 5):
            await page.keyboard.press("Tab")
            stop = await page.evaluate(NEXT_STOP)
            if stop is None:  # after the last element the focus returns to the first one
                continue
            seen.add(stop["id"])
            assert stop["ring"], f"no focus ring: {stop['html']}"
            assert stop["inside"], f"focus out of sight: {stop['html']}"
        assert len(seen) >= expected


@pytest.mark.parametrize("path", PUBLIC)
async def test_pages_work_without_a_script(browser: Browser, site: str, path: str) -> None:
    async with visit(browser, script=False, viewport=PHONE) as watched:
        await watched.page.goto(site + path)
        assert await watched.page.locator("h1").count() == 1
        assert await watched.page.locator(".only-js").filter(visible=True).count() == 0
        assert watched.wrong == []


async def test_the_theme_is_switched_with_and_without_a_script(browser: Browser, site: str) -> None:
    async with visit(browser) as watched:
        await watched.page.goto(site)
        async with watched.page.expect_response("**/preferences"):
            await watched.page.locator("button[name=theme][value=dark]").click()
        assert await watched.page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
        await watched.page.reload()
        assert await watched.page.locator("html").get_attribute("data-theme") == "dark"
        await watched.check()
    async with visit(browser, script=False) as watched:
        await watched.page.goto(site + "/design")
        await watched.page.locator("button[name=theme][value=dark]").click()
        await watched.page.wait_for_url("**/design")
        assert await watched.page.locator("html").get_attribute("data-theme") == "dark"


async def test_the_language_is_switched(browser: Browser, site: str) -> None:
    async with visit(browser, locale="en-GB", script=False) as watched:
        await watched.page.goto(site + "/design?x=1")
        await watched.page.get_by_role("button", name="Русский").click()
        await watched.page.wait_for_url("**/design?x=1")
        assert await watched.page.locator("html").get_attribute("lang") == "ru"


async def test_the_api_reference_runs_under_our_policy(browser: Browser, site: str) -> None:
    async with visit(browser) as watched:
        await watched.page.goto(site + "/docs")
        await watched.page.locator(".swagger-ui .info").wait_for()
        await watched.check()

"""Chromium for the tests: how it is started, and a page that records every error."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, Response

from tools.browser import find_browser

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
NARROW = {"width": 320, "height": 640}
type Theme = Literal["light", "dark"]

# Counts layout shifts and violations of the Content-Security-Policy from the start of the page.
WATCH = """
window.__shift = 0; window.__violations = [];
new PerformanceObserver((list) => {
  for (const e of list.getEntries()) if (!e.hadRecentInput) window.__shift += e.value;
}).observe({ type: "layout-shift", buffered: true });
document.addEventListener("securitypolicyviolation", (e) => {
  window.__violations.push(`${e.violatedDirective} ${e.blockedURI}`);
});
"""


@lru_cache
def executable() -> str:
    """Return the browser that `bin/browser` found or installed."""
    found = find_browser()
    assert found, "no browser: run `bin/browser`"
    return found


async def launch(playwright: Playwright) -> Browser:
    """Start Chromium without its background network requests."""
    return await playwright.chromium.launch(executable_path=executable(), args=FLAGS)


@dataclass
class Watched:
    """A page and its errors."""

    page: Page
    wrong: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()

    def listen(self) -> None:
        """Record errors of the console, of scripts and of the network."""
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.wrong.append(f"script: {error}"))
        self.page.on("requestfailed", lambda request: self._failed(request.url, str(request.failure)))
        self.page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            self.wrong.append(f"console: {message.text}")

    def _failed(self, url: str, failure: str) -> None:
        if "ERR_ABORTED" not in failure:
            self.wrong.append(f"failed: {url} {failure}")

    def _response(self, response: Response) -> None:
        if response.request.resource_type != "document" and response.status >= 400:
            self.wrong.append(f"{response.status}: {urlsplit(response.url).path}")

    async def check(self) -> None:
        """Fail if there were errors, violations of the policy or layout shifts."""
        violations = await self.page.evaluate("window.__violations ?? []")
        assert [*self.wrong, *violations] == [], self.page.url

    async def shift(self) -> float:
        """Return the layout shift so far."""
        return float(await self.page.evaluate("window.__shift ?? 0"))

    async def overflow(self) -> int:
        """Return by how many pixels the page is wider than the window."""
        # The window of a phone grows with content that does not fit; the element's own width stays that of the screen.
        root = "document.documentElement"
        return int(await self.page.evaluate(f"{root}.scrollWidth - {root}.clientWidth"))


@asynccontextmanager
async def visit(
    browser: Browser,
    *,
    locale: str = "en-GB",
    theme: Theme = "light",
    viewport: dict[str, int] | None = None,
    script: bool = True,
    context: BrowserContext | None = None,
) -> AsyncGenerator[Watched]:
    """Open a page of a new visitor, or of one whose context is given."""
    own = context or await browser.new_context(
        locale=locale,
        color_scheme=theme,
        viewport=viewport or DESKTOP,  # type: ignore[arg-type]  # a size
        java_script_enabled=script,
        reduced_motion="reduce",
    )
    page = await own.new_page()
    if script:
        await page.add_init_script(WATCH)
    watched = Watched(page)
    watched.listen()
    try:
        yield watched
    finally:
        await page.close()
        if context is None:
            await own.close()

"""People who use the running site with a browser, by the visible texts only."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from playwright.async_api import Browser, Locator, Page, ViewportSize, expect

from app.core.i18n import translations
from tests.e2e.api_clients import PASSWORD
from tests.e2e.mail import links_of
from tests.e2e.stack import Stack

PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
LOCALES = {"ru": "ru-RU", "en": "en-GB"}


@dataclass
class Visitor:
    """One browser of one person."""

    page: Page
    stack: Stack
    language: str
    name: str

    @property
    def email(self) -> str:
        """The e-mail address of the person."""
        return f"{self.name}@example.com"

    def say(self, text: str) -> str:
        """Return a text of the site in the visitor's language."""
        return translations(self.language).gettext(text)

    def named(self, text: str) -> re.Pattern[str]:
        """Match a label that begins with this text, whatever hint follows it."""
        said = re.sub(r"\{.*", "", self.say(text))  # up to the first placeholder
        return re.compile(rf"^\s*{re.escape(said)}")

    async def open(self, path: str = "/") -> None:
        """Open an address."""
        await self.page.goto(f"{self.stack.origin}{path}")

    async def follow(self, text: str) -> None:
        """Click a visible link."""
        await self.page.get_by_role("link", name=self.say(text), exact=True).filter(visible=True).first.click()

    async def press(self, text: str, *, within: Locator | None = None) -> None:
        """Click a button."""
        where = within or self.page.locator("main")
        await where.get_by_role("button", name=self.named(text)).filter(visible=True).first.click()

    async def fill(self, **fields: str) -> None:
        """Fill fields by their names."""
        for field, value in fields.items():
            await self.page.locator(f"main [name='{field}']").filter(visible=True).first.fill(value)

    async def search(self, words: str) -> None:
        """Type into the search field and submit it by keyboard."""
        box = self.page.locator("input[name='q']").filter(visible=True).first
        await box.fill(words)
        await box.press("Enter")
        await self.page.wait_for_url(re.compile(r"[?&]q="))

    async def sees(self, text: str) -> None:
        """Expect a text on the page."""
        await expect(self.page.locator("body")).to_contain_text(text)

    async def reads(self, text: str) -> None:
        """Expect a text of the site on the page, in the visitor's language."""
        await self.sees(self.say(text))

    async def sign_up(self) -> None:
        """Register by clicks, starting on the landing page."""
        await self.open()
        doors = self.page.locator("a[href^='/sign-up']").filter(visible=True)
        if not await doors.count():
            await self.page.locator("a[href^='/sign-in']").filter(visible=True).first.click()
        await doors.first.click()
        await self.fill(username=self.name, email=self.email, password=PASSWORD)
        await self.press("Create account")
        await expect(self.page).not_to_have_url(re.compile("sign-up"))

    async def confirm(self) -> None:
        """Open the link of the e-mail that arrived, and press the button there."""
        mail = await self.stack.mail.wait(self.email, seconds=60)
        link = next(link for link in links_of(mail) if "confirm-email" in link)
        await self.page.goto(link)
        await self.press("Confirm")
        await expect(self.page.get_by_role("button", name=self.named("Confirm"))).to_have_count(0)

    async def sign_in(self, identifier: str) -> None:
        """Sign in on this browser."""
        await self.open("/sign-in")
        await self.fill(identifier=identifier, password=PASSWORD)
        await self.press("Sign in")
        await expect(self.page).not_to_have_url(re.compile("sign-in"))

    async def sign_out(self) -> None:
        """Sign out by the menu that every page has."""
        await self.page.locator("details.menu > summary").click()
        await self.press("Sign out", within=self.page.locator("details.menu"))

    async def is_guest(self) -> bool:
        """Tell whether the current page was rendered for a guest."""
        return await self.page.locator("details.menu").count() == 0


@asynccontextmanager
async def visitor(
    browser: Browser, stack: Stack, name: str, *, language: str, size: ViewportSize, script: bool
) -> AsyncGenerator[Visitor]:
    """Open a new browser context without cookies."""
    context = await browser.new_context(
        locale=LOCALES[language],
        viewport=size,
        java_script_enabled=script,
        reduced_motion="reduce",
        is_mobile=size == PHONE,
        has_touch=size == PHONE,
    )
    context.set_default_timeout(15_000)
    try:
        yield Visitor(await context.new_page(), stack, language, name)
    finally:
        await context.close()

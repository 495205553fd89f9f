"""A person with a phone: clicks what is visible and reads what the page shows, in their language."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from playwright.async_api import Browser, FilePayload, Locator, Page, expect

from app.core.i18n import translations
from tests.browser.chromium import PHONE, Watched, visit
from tests.browser.scenario import Person, new_person

LOCALES = ["ru-RU", "en-GB"]
SLOW = 15_000


@dataclass
class PhoneUser:
    """One person on a phone, signed in."""

    person: Person
    watched: Watched

    @property
    def page(self) -> Page:
        """The current page."""
        return self.watched.page

    def say(self, text: str, **values: object) -> str:
        """Return a text of the site in the person's language."""
        said = translations(self.person.locale[:2]).gettext(text)
        return said.format(**values) if values else said

    def _begins(self, text: str) -> re.Pattern[str]:
        """Match a name that begins with this text, with any values in its placeholders."""
        parts = [re.escape(part) for part in re.split(r"\{\w+\}", self.say(text))]
        return re.compile(rf"^\s*{'.*'.join(parts)}")

    async def follow(self, text: str, within: Locator | None = None) -> None:
        """Click a visible link, by its translated name."""
        where = within or self.page.locator("body")
        await where.get_by_role("link", name=self._begins(text)).filter(visible=True).first.click()
        await self.arrive()

    async def open(self, text: str) -> None:
        """Click a link whose text a person wrote, such as the title of an order."""
        await self.page.locator("main").get_by_role("link", name=text).filter(visible=True).first.click()
        await self.arrive()

    async def press(self, text: str, within: Locator | None = None) -> None:
        """Click a button of the page, by its translated name."""
        where = within or self.page.locator("main")
        await where.get_by_role("button", name=self._begins(text)).filter(visible=True).first.click()
        await self.arrive()

    async def unfold(self, text: str) -> None:
        """Open a collapsed part of the page."""
        await self.page.locator("main summary").filter(has_text=self._begins(text)).first.click()

    async def account(self, text: str) -> None:
        """Open the account menu and choose an entry."""
        menu = self.page.locator("details.menu[data-menu]").first
        await menu.locator("summary").click()
        await self.follow(text, menu)

    async def more(self, text: str) -> None:
        """Open the menu of an order and choose an entry."""
        menu = self.page.locator("main details.menu").first
        await menu.locator("summary").click()
        box, window = await menu.locator(".menu-list").bounding_box(), self.page.viewport_size
        assert box
        assert window
        assert box["x"] >= 0, "the menu begins outside the window"
        assert box["x"] + box["width"] <= window["width"], "the menu ends outside the window"
        known = self._begins(text)
        both = menu.get_by_role("link", name=known).or_(menu.get_by_role("button", name=known))
        await both.first.click()
        await self.arrive()

    async def fill(self, label: str, value: str, *, nth: int = 0) -> None:
        """Type into a field, by its translated label."""
        await self.page.locator("main").get_by_label(self._begins(label)).filter(visible=True).nth(nth).fill(value)

    async def choose(self, label: str, option: str) -> None:
        """Choose an option of a select by both translated names."""
        field = self.page.locator("main").get_by_label(self._begins(label)).filter(visible=True).first
        await field.select_option(label=self.say(option))

    async def tick(self, label: str) -> None:
        """Tick a checkbox or a card by its translated label."""
        await self.page.locator("main").get_by_label(self._begins(label)).first.check(force=True)

    async def attach(self, *files: FilePayload) -> None:
        """Add files, and wait until each was inspected."""
        await self.page.set_input_files("main input[type=file]", list(files))
        ready = self.page.locator("[data-file][data-state=ready]")
        await expect(ready).to_have_count(len(files), timeout=30_000)

    async def search(self, words: str) -> None:
        """Type into the search field that every page has."""
        box = self.page.locator(".topbar input[name=q]")
        await box.fill(words)
        await box.press("Enter")
        await self.page.wait_for_url(re.compile(r"[?&]q="))
        await self.arrive()

    async def sees(self, *texts: str) -> None:
        """Expect texts that a person wrote."""
        for text in texts:
            await expect(self.page.locator("main")).to_contain_text(text)

    async def reads(self, *texts: str) -> None:
        """Expect texts of the site, with any values in their placeholders."""
        for text in texts:
            anywhere = re.compile(self._begins(text).pattern.removeprefix(r"^\s*"), re.DOTALL)
            await expect(self.page.locator("main")).to_contain_text(anywhere)

    async def misses(self, text: str) -> None:
        """Expect that the page does not contain the text."""
        await expect(self.page.locator("main")).not_to_contain_text(text)

    async def arrive(self) -> None:
        """Check that the current page fits a phone."""
        await self.page.wait_for_load_state("domcontentloaded")
        assert await self.watched.overflow() <= 0, self.page.url


@asynccontextmanager
async def phone_user(browser: Browser, site: str, name: str, locale: str) -> AsyncGenerator[PhoneUser]:
    """Open the site as a new visitor."""
    person = await new_person(browser, site, name, locale)
    person.context.set_default_timeout(SLOW)
    async with visit(browser, context=person.context) as watched:
        await watched.page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a size
        await watched.page.goto(site)
        yield PhoneUser(person, watched)
        await watched.check()
    await person.context.close()

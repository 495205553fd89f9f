"""A deal by clicks: a client at a big screen and a freelancer with a phone, from the choice to checked bundles."""

import asyncio
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.chromium import DESKTOP
from tests.browser.phone_user import SLOW, PhoneUser, phone_user
from tests.browser.scenario import MAILS
from tests.e2e.mail import code_of
from tests.e2e.stack import Stack
from tests.features.transparency.bundles import checked

TITLE = "Тексты о хлебе для витрины пекарни"
EXTRA = "Перевод текстов на английский"
TAX_NUMBER = "123456789047"
AVAILABLE = r"Available to you\s+₽30,000"
CARD = "4242 4242 4242 4242"


@pytest.fixture(scope="module")
def paid_stack(new_stack: Callable[..., Stack]) -> Stack:
    """A site with the provider of trial payments beside it."""
    roles = ("web", "worker", "beat", "sandbox")
    stack = new_stack(roles=roles, settings={"DATABASE_REQUEST_SECONDS": "20"})  # on a busy machine
    MAILS[stack.origin] = stack.mail
    return stack


async def test_a_deal_from_the_choice_to_the_checked_bundles(
    browser: Browser, paid_stack: Stack, tmp_path: Path
) -> None:
    site = paid_stack.origin
    async with (
        phone_user(browser, site, "klara", "ru-RU") as client,
        phone_user(browser, site, "fedor", "en-GB") as freelancer,
    ):
        await client.page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]  # a size
        contract = await _chooses(client, freelancer)
        await _pays(client)
        await freelancer.page.goto(contract)
        await freelancer.press("Start work")
        await _submits(freelancer, "https://example.org/bread")
        await client.page.goto(contract)
        await _asks_for_changes(client)
        await freelancer.page.reload()
        await _submits(freelancer, "https://example.org/bread-2")
        await client.page.reload()
        await _accepts_a_part(client)
        await _agree_on_more(client, freelancer)
        await _pays(client, nth=1)
        await _refunds(client, freelancer)
        await _silence_accepts(client, freelancer, contract)
        await _signs(freelancer, contract)
        await _withdraws(freelancer)
        bundles = [await _proves(person, tmp_path) for person in (client, freelancer)]
        paid_stack.processes["web"].stop()
        for folder, size in bundles:
            code, said = await checked(folder, size)
            assert (code, said.startswith("HOLDS")) == (0, True), said


async def _chooses(client: PhoneUser, freelancer: PhoneUser) -> str:
    """Choose a proposal; the choice leads to the contract, which says what is next."""
    money = {"amount": 3_000_000, "currency": "RUB"}
    order = await client.person.call("/orders", {"title": TITLE, "description": "Пять текстов.", "budget": money})
    await client.person.call(f"/orders/{order['id']}/publish")
    sent = {"price": money, "term_days": 10, "letter": "I write about bread."}
    await freelancer.person.call(f"/orders/{order['id']}/proposals", sent)
    await client.page.goto(f"{client.person.origin}/my/orders")
    await client.open(TITLE)
    await client.follow("Choose this one")
    await client.press("Choose {name}")
    await client.reads("You have chosen a freelancer. Both sides see it now.", "How the safe deal works")
    return client.page.url


async def _pays(client: PhoneUser, nth: int = 0) -> None:
    """Pay on the page of the provider, and come back to the contract without reloading a page."""
    milestone = client.page.locator("main article.card").nth(nth)
    await milestone.locator("form[action$='/pay'] button").click()
    await expect(client.page.locator("h1")).to_contain_text(TITLE, timeout=SLOW)
    await client.page.locator("button[value=pay]").click()
    await client.page.locator("a.button.primary").click()
    said = client.say("The money has arrived. It is held until you accept the work.")
    await expect(client.page.locator("main")).to_contain_text(said, timeout=SLOW)
    await expect(milestone).to_contain_text(client.say("Held now"))
    await expect(client.page.locator("main")).to_contain_text(client.say("Ask for a refund"))


async def _submits(freelancer: PhoneUser, answer: str) -> None:
    await freelancer.follow("Submit work")
    await freelancer.page.locator("textarea[name=answer-0]").fill(answer)
    await freelancer.press("Submit work")
    await freelancer.reads("The work is submitted. The client is notified.")
    await freelancer.sees(answer)


async def _asks_for_changes(client: PhoneUser) -> None:
    await client.follow("Request changes")
    await client.page.locator("textarea[name=line-0]").fill("Нет текста о закваске.")
    await client.page.locator("main form .btn-primary").click()
    await client.sees("Нет текста о закваске.")


async def _accepts_a_part(client: PhoneUser) -> None:
    await client.follow("Accept a part")
    await client.page.locator("[name=amount]").fill("10 000")
    await client.page.locator("main form .btn-primary").click()
    await client.reads("{amount} becomes available on {date}.")
    await expect(client.page.get_by_role("button", name=client.say("Pause the contract"))).to_have_count(0)


async def _agree_on_more(client: PhoneUser, freelancer: PhoneUser) -> None:
    """Both sign another milestone."""
    await client.follow("Propose another milestone")
    for name, value in (("title", EXTRA), ("amount", "5000"), ("days", "4"), ("checklist", "Перевод\nВычитка")):
        await client.page.locator(f"main [name={name}]").fill(value)
    await client.press("Propose the change")
    await freelancer.page.reload()
    await freelancer.press("Sign")
    await client.page.reload()
    await client.sees(EXTRA)


async def _refunds(client: PhoneUser, freelancer: PhoneUser) -> None:
    """Ask for what is held for the second milestone; the freelancer agrees, and it is in the wallet."""
    await client.follow("Ask for a refund", client.page.locator("main article.card").nth(1))
    await client.page.locator("[name=reason]").fill("Перевод сделаем сами.")
    await client.page.locator("main form .btn-primary").click()
    await freelancer.page.reload()
    await freelancer.sees("Перевод сделаем сами.")
    await freelancer.unfold("Agree to the refund")
    await freelancer.press("Yes, agree to the refund")
    await client.page.goto(f"{client.person.origin}/wallet")
    await expect(client.page.locator("main .stats")).to_contain_text(re.compile(r"5\s000\s₽"))


async def _silence_accepts(client: PhoneUser, freelancer: PhoneUser, contract: str) -> None:
    """Turn the clock over the review and the security period, once the reminders have arrived."""
    await _turn(freelancer, "13d")
    reminded = client.say("Work waits for your review")
    await MAILS[client.person.origin].wait(f"{client.person.name}@example.com", containing=reminded)
    for step, expected in (("2d", r"Held now\s+₽0"), ("6d", AVAILABLE), ("6d", AVAILABLE)):
        await _turn(freelancer, step)
        await freelancer.page.goto(contract)
        if await _shows(freelancer, expected) and expected == AVAILABLE:
            break
    await client.page.goto(contract)
    await client.reads("The contract is finished")


async def _turn(person: PhoneUser, step: str) -> None:
    await person.page.goto(f"{person.person.origin}/demo/clock")
    await person.page.fill("#field-by", step)
    await person.press("Turn the clock")


async def _shows(person: PhoneUser, pattern: str) -> bool:
    """Reload until the card of the money matches; what is due happens within seconds of a turn."""
    money = person.page.locator("section.card").first
    for _attempt in range(30):
        if re.search(pattern, await money.inner_text()):
            return True
        await asyncio.sleep(0.5)
        await person.page.reload()
    return False


async def _signs(freelancer: PhoneUser, contract: str) -> None:
    """Download and sign a document with the code of an e-mail."""
    await freelancer.page.goto(contract)
    async with freelancer.page.expect_download() as downloading:
        await freelancer.page.locator("main a[href^='/papers/']", has_text="Download").first.click()
    assert (await (await downloading.value).path()).read_bytes().startswith(b"%PDF-")
    await freelancer.follow("Sign")
    await freelancer.press("Send me a code")
    address = f"{freelancer.person.name}@example.com"
    mail = await MAILS[freelancer.person.origin].wait(address, containing="SHA-256")
    await freelancer.page.locator("[name=code]").fill(code_of(mail))
    await freelancer.press("Sign")
    await freelancer.reads("signed by the freelancer")


async def _withdraws(freelancer: PhoneUser) -> None:
    """Withdraw as a self-employed person: the details, the permission at the provider, the card."""
    await freelancer.page.goto(f"{freelancer.person.origin}/wallet")
    await freelancer.follow("Withdraw to the card")
    await freelancer.follow("Fill in the legal details")
    details = {"legal_name": "Фёдор Ильин", "tax_number": TAX_NUMBER, "address": "160000, г. Вологда, ул. Мира, д. 1"}
    for name, value in details.items():
        await freelancer.page.locator(f"[name={name}]").fill(value)
    await freelancer.press("Save")
    await freelancer.page.goto(f"{freelancer.person.origin}/wallet/withdraw")
    await freelancer.page.get_by_role("link", name=freelancer.say("Give the permission")).click()
    await freelancer.page.locator("button[value=allow]").click()
    await freelancer.page.locator("a.button.primary").click()
    await expect(freelancer.page.locator("[name=kind][value=self_employed]")).to_be_checked()
    await freelancer.page.locator("[name=amount]").fill("30 000")
    await freelancer.page.locator("[name=card]").fill(CARD)
    await freelancer.press("Withdraw to the card")
    await expect(freelancer.page.locator("main")).to_contain_text(freelancer.say("Paid out"), timeout=SLOW)


async def _proves(person: PhoneUser, folder: Path) -> tuple[Path, int]:
    """Download the bundle and check it in the browser; return its folder and the size of its newest checkpoint."""
    await person.page.goto(f"{person.person.origin}/transparency")
    async with person.page.expect_download() as downloading:
        await person.press("Download my bundle")
    bundle = folder / f"{person.person.name}.zip"
    await (await downloading.value).save_as(bundle)
    await person.page.goto(f"{person.person.origin}/transparency/verify")
    await person.page.set_input_files("#bundle", bundle)
    await person.press("Check the bundle")
    await expect(person.page.locator("output[data-result]")).not_to_have_attribute("data-result", "broken")
    own = folder / person.person.name
    zipfile.ZipFile(bundle).extractall(own)
    sizes = [int(path.stem) for path in (own / "bundle" / "checkpoints").glob("*.txt")]
    return own / "bundle", max(sizes)

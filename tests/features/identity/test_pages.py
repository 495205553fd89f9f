"""Accounts as pages: everything works by forms, without scripts."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
import time_machine
from bs4 import BeautifulSoup

from app.core.clock import utc_now
from app.core.config import Settings
from tests.conftest import SignIn
from tests.factories.users import PASSWORD
from tests.features.identity.test_endpoints import OpenUow, challenge_message, last_challenge


@pytest.fixture
def browser(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client that asks for pages."""
    client.headers["Accept"] = "text/html"
    return client


def parsed(answer: httpx.Response) -> BeautifulSoup:
    return BeautifulSoup(answer.text, "html.parser")


async def submit(
    browser: httpx.AsyncClient, page: str, action: str, button: tuple[str, str] = ("", ""), **typed: Any
) -> httpx.Response:
    """Open a page, fill in its form, and send it as a browser without JavaScript does."""
    shown = await browser.get(page)
    assert shown.status_code == 200, shown.headers
    form = parsed(shown).find("form", {"action": action})
    assert form is not None, f"no form {action} on {page}"
    fields = {
        str(item["name"]): str(item.get("value", ""))
        for item in form.find_all("input")
        if item.get("name") and item.get("type") not in ("checkbox", "radio")
    }
    assert set(typed) <= set(fields) | {str(item["name"]) for item in form.find_all("select")}, "a field is missing"
    pressed = {button[0]: button[1]} if button[0] else {}
    return await browser.post(action, data=fields | typed | pressed)


def errors(answer: httpx.Response) -> list[str]:
    return [item.get_text(strip=True) for item in parsed(answer).select(".summary li")]


async def test_signing_up_in_and_out_by_forms(browser: httpx.AsyncClient) -> None:
    done = await submit(
        browser, "/sign-up?next=/settings", "/sign-up", username="Vera", email="vera@example.com", password=PASSWORD
    )
    assert (done.status_code, done.headers["location"]) == (303, "/settings")
    assert (await browser.get("/sign-in")).headers["location"] == "/orders"
    assert (await browser.get("/settings")).headers["location"] == "/settings/profile"
    out = await submit(browser, "/settings/profile", "/sign-out")
    assert (out.status_code, out.headers["location"]) == (303, "/")
    asked = await browser.get("/settings/devices")
    assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in?next=%2Fsettings%2Fdevices")
    back = await submit(browser, "/sign-in?next=/settings/devices", "/sign-in", identifier="VERA", password=PASSWORD)
    assert (back.status_code, back.headers["location"]) == (303, "/settings/devices")
    assert "This device" in (await browser.get("/settings/devices")).text


async def test_a_refused_form_keeps_what_was_typed_but_no_password(browser: httpx.AsyncClient) -> None:
    answer = await submit(browser, "/sign-up", "/sign-up", username="a", email="vera@example.com", password=PASSWORD)
    assert answer.status_code == 422
    assert errors(answer) == ["User name: A name has 3 to 32 characters."]
    form = parsed(answer).find("form", {"action": "/sign-up"})
    assert form is not None
    assert [item["value"] for item in form.find_all("input", {"name": ["username", "email"]})] == [
        "a",
        "vera@example.com",
    ]
    assert PASSWORD not in answer.text


async def test_a_taken_name_is_said_beside_its_field(browser: httpx.AsyncClient, sign_in: SignIn) -> None:
    user = await sign_in(browser)
    browser.cookies.clear()
    answer = await submit(
        browser, "/sign-up", "/sign-up", username=user.username, email="other@example.com", password=PASSWORD
    )
    assert answer.status_code == 409
    assert errors(answer) == ["User name: This name is taken. Choose another one."]


async def test_the_profile_is_changed(browser: httpx.AsyncClient, sign_in: SignIn) -> None:
    await sign_in(browser)
    await submit(browser, "/settings/profile", "/settings/profile", display_name="Vera P.", locale="en")
    shown = parsed(await browser.get("/settings/profile"))
    assert shown.find("input", {"name": "display_name"})["value"] == "Vera P."  # type: ignore[index]
    wrong = await submit(browser, "/settings/profile", "/settings/profile", display_name="V" * 81)
    assert errors(wrong) == ["Name shown to others: At most 80 characters, please."]


async def test_a_password_is_reset_through_the_pages(
    browser: httpx.AsyncClient, sign_in: SignIn, uow: OpenUow, settle: Callable[..., Awaitable[object]]
) -> None:
    user = await sign_in(browser)
    browser.cookies.clear()
    known = await submit(browser, "/reset", "/reset", identifier=user.username)
    unknown = await submit(browser, "/reset", "/reset", identifier="somebody_else_entirely")
    assert known.text.replace(user.username, "X") == unknown.text.replace("somebody_else_entirely", "X")
    await settle()
    token = (await challenge_message(uow, await last_challenge(uow))).token
    shown = await browser.get("/reset/confirm", params={"token": token})
    assert shown.headers["referrer-policy"] == "no-referrer"
    page = f"/reset/confirm?token={token}"
    short = await submit(browser, page, "/reset/confirm", password="short")  # noqa: S106 - too short
    assert errors(short) == ["New password: At least 8 characters, please; 15 are better."]
    done = await submit(browser, page, "/reset/confirm", password="another long password")  # noqa: S106 - of a test
    assert done.headers["location"] == "/sign-in"
    again = await submit(browser, page, "/reset/confirm", password="another long password")  # noqa: S106 - of a test
    assert again.status_code == 422
    bare = await browser.get("/reset/confirm")
    assert parsed(bare).find("input", {"name": "code"}) is not None


async def test_opening_a_link_changes_nothing_and_one_click_confirms(browser: httpx.AsyncClient, uow: OpenUow) -> None:
    await submit(browser, "/sign-up", "/sign-up", username="Vera", email="vera@example.com", password=PASSWORD)
    token = (await challenge_message(uow, await last_challenge(uow))).token
    await browser.get("/confirm-email", params={"token": token})
    assert "Not confirmed" in (await browser.get("/settings/security")).text
    done = await submit(browser, f"/confirm-email?token={token}", "/confirm-email")
    assert done.headers["location"] == "/settings/security"
    assert "Not confirmed" not in (await browser.get("/settings/security")).text
    resent = await browser.post("/confirm-email/resend", data={"csrf_token": browser.cookies["csrf_token"]})
    assert resent.headers["location"] == "/settings/security"


async def test_codes_are_entered_on_their_pages(browser: httpx.AsyncClient, uow: OpenUow) -> None:
    await submit(
        browser,
        "/sign-up",
        "/sign-up",
        username="Vera",
        email="vera@example.com",
        phone="89991112233",
        password=PASSWORD,
    )
    for kind in ("email", "phone"):
        assert (await submit(browser, f"/confirm-{kind}", f"/confirm-{kind}/resend")).headers[
            "location"
        ] == f"/confirm-{kind}"
        wrong = await submit(browser, f"/confirm-{kind}", f"/confirm-{kind}", code="")
        assert wrong.status_code == 422
        code = (await challenge_message(uow, await last_challenge(uow))).code
        done = await submit(browser, f"/confirm-{kind}", f"/confirm-{kind}", code=code)
        assert done.headers["location"] == "/settings/security"
    assert (await browser.get("/settings/security")).text.count("Not confirmed") == 0
    nothing = await browser.post("/confirm-phone/resend", data={"csrf_token": browser.cookies["csrf_token"]})
    assert nothing.headers["location"] == "/settings/security"
    browser.cookies.clear()
    assert "sign in first" in (await browser.get("/confirm-email")).text


async def test_the_password_is_changed_on_its_page(browser: httpx.AsyncClient, sign_in: SignIn) -> None:
    await sign_in(browser)
    page = "/settings/security/password"
    wrong = await submit(browser, page, page, current_password="wrong", new_password="another long password")  # noqa: S106 - wrong
    assert wrong.status_code == 403
    done = await submit(browser, page, page, current_password=PASSWORD, new_password="another long password")  # noqa: S106 - of a test
    assert done.headers["location"] == "/settings/security"


async def test_contacts_are_changed_on_their_pages(
    browser: httpx.AsyncClient, sign_in: SignIn, settings: Settings
) -> None:
    await sign_in(browser)
    for kind, good, bad in (("email", "new@example.com", "nobody"), ("phone", "89991112233", "12")):
        page = f"/settings/security/{kind}"
        typed: list[dict[str, Any]] = [{kind: bad}, {kind: good}]
        assert (await submit(browser, page, page, **typed[0])).status_code == 422
        assert (await submit(browser, page, page, **typed[1])).headers["location"] == f"/confirm-{kind}"
    shown = (await browser.get("/settings/security")).text
    assert "Waits for confirmation: new@example.com" in shown
    assert "Waits for confirmation: +79991112233" in shown
    with time_machine.travel(utc_now() + timedelta(minutes=settings.reauthentication_minutes, seconds=5)):
        page = "/settings/security/email"
        refused = await submit(browser, page, page, email="newer@example.com", current_password="wrong")  # noqa: S106 - wrong
        assert refused.status_code == 403
        assert (
            await submit(browser, page, page, email="newer@example.com", current_password=PASSWORD)
        ).status_code == 303


async def test_an_account_is_closed_on_its_page(browser: httpx.AsyncClient, sign_in: SignIn) -> None:
    await sign_in(browser)
    page = "/settings/security/close"
    assert (await submit(browser, page, page, current_password="wrong")).status_code == 403  # noqa: S106 - wrong
    assert (await submit(browser, page, page, current_password=PASSWORD)).headers["location"] == "/"
    assert (await browser.get("/settings/profile")).headers["location"].startswith("/sign-in")


async def test_the_strength_of_a_password_is_shown_while_typing(browser: httpx.AsyncClient) -> None:
    weak = await browser.post("/password-strength", data={"password": "password1"})
    meter = parsed(weak).find("meter")
    assert meter is not None
    assert meter["value"] == "0"
    strong = await browser.post("/password-strength", data={"password": "лошадь верно скрепка батарея"})
    assert parsed(strong).find("meter")["value"] == "4"  # type: ignore[index]


async def test_password_fields_let_managers_and_pasting_work(browser: httpx.AsyncClient, sign_in: SignIn) -> None:
    pages = {"/sign-up": ["new-password"], "/sign-in": ["current-password"], "/reset/confirm": ["new-password"]}
    for page, wanted in pages.items():
        fields = parsed(await browser.get(page)).find_all("input", {"name": ["password", "new_password"]})
        assert [field["type"] for field in fields] == ["password"]
        assert [field["autocomplete"] for field in fields] == wanted
        assert not any(name.startswith("on") for field in fields for name in field.attrs)
    await sign_in(browser)
    fields = parsed(await browser.get("/settings/security/password")).find_all("input", {"type": "password"})
    assert [field["autocomplete"] for field in fields] == ["current-password", "new-password"]

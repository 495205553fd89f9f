"""Sign-in, devices and the security history as pages, without scripts."""

from datetime import timedelta

import httpx
import pytest
import time_machine

from app.core.clock import utc_now
from app.core.config import Settings
from tests.conftest import SignIn
from tests.factories.users import PASSWORD
from tests.features.identity.test_endpoints import NewClient
from tests.features.identity.test_pages import errors, parsed, submit


@pytest.fixture
def browser(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client that asks for pages."""
    client.headers["Accept"] = "text/html"
    return client


async def test_a_wrong_password_shows_the_form_again_and_counts(browser: httpx.AsyncClient, sign_in: SignIn) -> None:
    user = await sign_in(browser)
    browser.cookies.clear()
    for _ in range(5):
        answer = await submit(browser, "/sign-in", "/sign-in", identifier=user.username, password="wrong")  # noqa: S106 - wrong
        assert answer.status_code == 422
        assert errors(answer) == ["Check both and try again, or reset the password."]
    answer = await submit(browser, "/sign-in", "/sign-in", identifier=user.username, password=PASSWORD)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1


@pytest.mark.parametrize(
    "target", ["//evil.example", "https:evil.example", "/\\evil.example", "https://evil@x", "javascript:x"]
)
async def test_next_never_leaves_the_site(browser: httpx.AsyncClient, target: str, sign_in: SignIn) -> None:
    user = await sign_in(browser)
    browser.cookies.clear()
    shown = await browser.get("/sign-in", params={"next": target})
    assert parsed(shown).find("input", {"name": "next"})["value"] == "/orders"  # type: ignore[index]
    done = await browser.post("/sign-in", data={"identifier": user.username, "password": PASSWORD, "next": target})
    assert done.headers["location"] == "/orders"


async def test_a_form_from_elsewhere_is_refused(browser: httpx.AsyncClient, sign_in: SignIn) -> None:
    user = await sign_in(browser)
    del browser.headers["X-CSRF-TOKEN"]
    bare = await browser.post("/settings/profile", data={"display_name": "Mallory"})
    assert bare.status_code == 403
    browser.cookies.clear()
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        answer = await browser.post(
            "/sign-in", data={"identifier": user.username, "password": PASSWORD}, headers=headers
        )
        assert answer.status_code == 403, headers
    del browser.headers["Origin"]
    answer = await browser.post("/sign-in", data={"identifier": user.username, "password": PASSWORD})
    assert answer.status_code == 403


async def test_a_page_renews_a_lapsed_sign_in_whatever_it_does(
    browser: httpx.AsyncClient, sign_in: SignIn, settings: Settings
) -> None:
    await sign_in(browser)
    del browser.headers["X-CSRF-TOKEN"]
    with time_machine.travel(utc_now() + timedelta(minutes=settings.access_token_expire_minutes, seconds=5)):
        browser.cookies.delete("__Host-access_token")
        csrf = browser.cookies["csrf_token"]
        done = await browser.post(
            "/settings/profile", data={"display_name": "Vera", "locale": "ru", "csrf_token": csrf}
        )
        assert (done.status_code, done.headers["location"]) == (303, "/settings/profile")
        assert "__Host-access_token" in browser.cookies


async def test_devices_are_signed_out_one_by_one_and_together(
    browser: httpx.AsyncClient, new_client: NewClient, sign_in: SignIn, settings: Settings
) -> None:
    user = await sign_in(browser)
    others = [await new_client(), await new_client(), await new_client()]
    for other in others:
        await sign_in(other, user)
    page, action = "/settings/devices", "/settings/devices/end"
    listed = parsed(await browser.get(page)).find_all("button", {"name": "session"})
    assert len(listed) == 4  # three devices and "everywhere else"
    done = await submit(browser, page, action, button=("session", str(listed[0]["value"])))
    assert done.headers["location"] == page
    assert [(await other.get("/api/v1/auth/me")).status_code for other in others] == [200, 200, 401]
    assert (await submit(browser, page, action, button=("session", "nonsense"))).status_code == 422
    with time_machine.travel(utc_now() + timedelta(minutes=settings.reauthentication_minutes, seconds=5)):
        refused = await submit(browser, page, action, button=("session", "others"))
        assert refused.status_code == 403
        assert errors(refused) == ["This change needs your password once more."]
        await submit(browser, page, action, button=("session", "others"), current_password=PASSWORD)
    assert [(await other.get("/api/v1/auth/me")).status_code for other in others] == [401, 401, 401]


async def test_the_history_is_shown_in_words(browser: httpx.AsyncClient, sign_in: SignIn) -> None:
    user = await sign_in(browser)
    for _ in range(22):
        await sign_in(browser, user)
    shown = await browser.get("/settings/security")
    assert "Signed in" in shown.text
    older = parsed(shown).find("a", {"rel": "next"})
    assert older is not None
    assert (await browser.get(str(older["href"]))).status_code == 200

"""An operator ends sessions, bans and lifts bans: it holds at once, is told to the right people and is written down."""

from collections.abc import Awaitable, Callable
from functools import partial

import httpx
import pytest
from sqlalchemy import select

from app.core.resources import Resources
from app.models.session import AuthSession, SessionEnd
from app.models.user import User, UserStatus
from app.scripts import people
from app.scripts.people import PersonError, do_with
from app.scripts.superuser import appoint_with
from tests.factories.users import PASSWORD
from tests.security.people import API, OpenUow, Settle, cookies_of, kinds, login, post, register, topics, wear

type NewClient = Callable[[], Awaitable[httpx.AsyncClient]]
ban = partial(people.ban, reason="Sold what was not hers.")
NAMES = ("vera", "VERA@example.com", "+7 999 123-45-67")


async def reasons(uow: OpenUow) -> set[SessionEnd | None]:
    async with uow() as work:
        return set((await work.session.execute(select(AuthSession.revoked_reason))).scalars())


@pytest.mark.parametrize("name", NAMES)
async def test_ended_sessions_are_dead_at_once_and_the_person_may_come_back(
    client: httpx.AsyncClient, new_client: NewClient, resources: Resources, uow: OpenUow, name: str
) -> None:
    await register(client)
    other = await new_client()
    assert (await login(other)).status_code == 200
    told = await do_with(resources, name, people.end_sessions)
    assert told == "Vera is signed out everywhere (2 sessions ended)."
    for browser in (client, other):
        held = cookies_of(browser)
        assert (await browser.get(f"{API}/me")).status_code == 401
        wear(browser, held)
        assert (await browser.post(f"{API}/refresh")).status_code == 401
    assert await reasons(uow) == {SessionEnd.ENDED_BY_OPERATOR}
    assert "sessions_ended_by_operator" in await kinds(uow)
    browser = await new_client()
    assert (await login(browser)).status_code == 200
    shown = await browser.get("/settings/security", headers={"Accept": "text/html"})
    assert "The operator signed this account out everywhere" in shown.text


async def test_a_ban_ends_everything_and_only_the_right_password_learns_of_it(
    client: httpx.AsyncClient, new_client: NewClient, resources: Resources, uow: OpenUow, settle: Settle
) -> None:
    await register(client)
    told = await do_with(resources, "Vera", ban)
    assert told == "Vera is banned: 1 session ended, and nobody signs in to the account any more."
    held = cookies_of(client)
    assert (await client.get(f"{API}/me")).status_code == 401
    wear(client, held)
    assert (await client.post(f"{API}/refresh")).status_code == 401
    assert await reasons(uow) == {SessionEnd.BANNED}

    browser = await new_client()
    wrong = await login(browser, "not her password at all")
    assert (wrong.status_code, wrong.json()["code"]) == (401, "wrong-credentials")
    for names in ({"username": "vera"}, {"email": "vera@example.com"}, {"phone": "+79991234567"}):
        right = await login(browser, **names)
        assert (right.status_code, right.json()["code"]) == (403, "account-banned")
        assert not right.headers.get_list("set-cookie")
    russian = await browser.post(
        f"{API}/login", json={"username": "vera", "password": PASSWORD}, headers={"Accept-Language": "ru"}
    )
    assert russian.json()["title"] == "Учётная запись заблокирована"
    page = await browser.post(
        "/sign-in", data={"identifier": "vera", "password": PASSWORD}, headers={"Accept": "text/html"}
    )
    assert page.status_code == 403
    assert "The operator of this site has blocked it." in page.text

    assert (await post(browser, "password/reset", identifier="vera")).status_code == 202
    await settle()
    assert "password_reset_asked" not in await kinds(uow)
    taken = await post(browser, "register", username="Vera", email="new@example.com", password=PASSWORD)
    assert taken.json()["code"] == "username-taken"


async def test_a_lifted_ban_opens_the_door_and_brings_no_session_back(
    client: httpx.AsyncClient, resources: Resources, uow: OpenUow
) -> None:
    await register(client)
    held = cookies_of(client)
    await do_with(resources, "Vera", ban)
    with pytest.raises(PersonError, match="Say why in 1 to 500 characters"):
        await do_with(resources, "Vera", partial(people.ban, reason="  "))
    with pytest.raises(PersonError, match="Vera is banned already"):
        await do_with(resources, "Vera", ban)
    assert await do_with(resources, "Vera", people.unban) == "The ban of Vera is lifted; they may sign in again."
    with pytest.raises(PersonError, match="Vera is not banned"):
        await do_with(resources, "Vera", people.unban)
    wear(client, held)
    assert (await client.get(f"{API}/me")).status_code == 401
    wear(client, {})
    assert (await login(client)).status_code == 200
    said = await kinds(uow)
    assert (said.count("banned"), said.count("ban_lifted")) == (1, 1)
    assert {"account_banned", "account_unbanned"} <= set(await topics(uow))


async def test_what_its_owner_closed_stays_closed_after_a_ban(
    client: httpx.AsyncClient, resources: Resources, uow: OpenUow
) -> None:
    await register(client)
    assert (await post(client, "deactivate", password=PASSWORD)).status_code == 200
    await do_with(resources, "Vera", ban)
    assert (await do_with(resources, "Vera", people.unban)).endswith("stays closed, as its owner left it.")
    async with uow() as work:
        assert (await work.session.execute(select(User.status))).scalar_one() is UserStatus.DEACTIVATED
    wear(client, {})
    assert (await login(client)).json()["code"] == "wrong-credentials"


async def test_an_account_nobody_can_sign_in_to_becomes_no_administrators(
    client: httpx.AsyncClient, resources: Resources
) -> None:
    assert not await appoint_with(resources, "Vera")
    await register(client)
    await do_with(resources, "Vera", ban)
    with pytest.raises(PersonError, match="Vera is banned: lift it first with `python -m app unban Vera`"):
        await appoint_with(resources, "vera")
    await do_with(resources, "Vera", people.unban)
    assert await appoint_with(resources, "vera")
    wear(client, {})
    assert (await login(client)).json()["role"] == "admin"
    assert (await post(client, "deactivate", password=PASSWORD)).status_code == 200
    with pytest.raises(PersonError, match="Vera was closed by its owner"):
        await appoint_with(resources, "vera")


async def test_nobody_is_said_to_be_nobody(resources: Resources) -> None:
    with pytest.raises(PersonError, match="Nobody has the user name, e-mail address or phone number %"):
        await do_with(resources, "%", ban)


async def test_who_rests_after_wrong_passwords_is_not_told_of_a_ban(
    client: httpx.AsyncClient, new_client: NewClient, resources: Resources
) -> None:
    await register(client)
    await do_with(resources, "Vera", ban)
    guesser = await new_client()
    for _ in range(5):
        await login(guesser, "not her password at all")
    assert (await login(guesser)).status_code == 429

"""An operator ends sessions, bans and unbans: effective at once, with notifications and an audit entry."""

from collections.abc import Awaitable, Callable

import httpx
import pytest
from sqlalchemy import select

from app.cli.shared import Refusal
from app.models.session import AuthSession, SessionEnd
from app.models.user import User, UserStatus
from tests.factories.commands import Command
from tests.factories.users import PASSWORD
from tests.security.people import API, OpenUow, Settle, cookies_of, kinds, login, post, register, topics, wear

type NewClient = Callable[[], Awaitable[httpx.AsyncClient]]
BAN = ("--reason", "Sold what was not hers.")
NAMES = ("vera", "VERA@example.com", "+7 999 123-45-67")


async def reasons(uow: OpenUow) -> set[SessionEnd | None]:
    async with uow() as work:
        return set((await work.session.execute(select(AuthSession.revoked_reason))).scalars())


@pytest.mark.parametrize("name", NAMES)
async def test_ended_sessions_are_dead_at_once_and_the_person_may_come_back(
    client: httpx.AsyncClient, new_client: NewClient, command: Command, uow: OpenUow, name: str
) -> None:
    await register(client)
    other = await new_client()
    assert (await login(other)).status_code == 200
    told = await command("end-sessions", name)
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
    client: httpx.AsyncClient, new_client: NewClient, command: Command, uow: OpenUow, settle: Settle
) -> None:
    await register(client)
    told = await command("ban", "Vera", *BAN)
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


async def test_a_lifted_ban_allows_sign_in_and_restores_no_session(
    client: httpx.AsyncClient, command: Command, uow: OpenUow
) -> None:
    await register(client)
    held = cookies_of(client)
    await command("ban", "Vera", *BAN)
    with pytest.raises(Refusal, match="Say why in 1 to 500 characters"):
        await command("ban", "Vera", "--reason", "  ")
    with pytest.raises(Refusal, match="Vera is banned already"):
        await command("ban", "Vera", *BAN)
    assert await command("unban", "Vera") == "The ban of Vera is lifted; they may sign in again."
    with pytest.raises(Refusal, match="Vera is not banned"):
        await command("unban", "Vera")
    wear(client, held)
    assert (await client.get(f"{API}/me")).status_code == 401
    wear(client, {})
    assert (await login(client)).status_code == 200
    said = await kinds(uow)
    assert (said.count("banned"), said.count("ban_lifted")) == (1, 1)
    assert {"account_banned", "account_unbanned"} <= set(await topics(uow))


async def test_what_its_owner_closed_stays_closed_after_a_ban(
    client: httpx.AsyncClient, command: Command, uow: OpenUow
) -> None:
    await register(client)
    assert (await post(client, "deactivate", password=PASSWORD)).status_code == 200
    await command("ban", "Vera", *BAN)
    assert (await command("unban", "Vera")).endswith("stays closed, as its owner left it.")
    async with uow() as work:
        assert (await work.session.execute(select(User.status))).scalar_one() is UserStatus.DEACTIVATED
    wear(client, {})
    assert (await login(client)).json()["code"] == "wrong-credentials"


async def test_an_account_nobody_can_sign_in_to_becomes_no_administrators(
    client: httpx.AsyncClient, command: Command
) -> None:
    asked = await command.result("superuser", "Vera")
    assert "Nobody is called Vera" in asked.output
    assert asked.exit_code == 1, "nobody answers"
    await register(client)
    await command("ban", "Vera", *BAN)
    with pytest.raises(Refusal, match="Vera is banned: lift it first with `python -m app unban Vera`"):
        await command("superuser", "vera")
    await command("unban", "Vera")
    assert (await command("superuser", "vera")).startswith("vera is an administrator now")
    wear(client, {})
    assert (await login(client)).json()["role"] == "admin"
    assert (await post(client, "deactivate", password=PASSWORD)).status_code == 200
    with pytest.raises(Refusal, match="Vera was closed by its owner"):
        await command("superuser", "vera")


async def test_a_role_is_given_and_taken_back(client: httpx.AsyncClient, command: Command) -> None:
    await register(client)
    why = ("--reason", "keeps the books")
    with pytest.raises(Refusal, match="Say why in 1 to 2000 characters"):
        await command("set-role", "vera", "finance", "--reason", " ")
    with pytest.raises(Refusal, match="Nobody has the user name"):
        await command("set-role", "nobody", "finance", *why)
    assert (await command("set-role", "vera", "finance", *why)).startswith("Vera has the role finance now")
    assert (await client.get("/api/v1/auth/me")).status_code == 401, "the sessions have ended"
    with pytest.raises(Refusal, match="Vera has the role finance already"):
        await command("set-role", "vera", "finance", *why)
    wear(client, {})
    assert (await login(client)).json()["role"] == "finance"
    await command("set-role", "vera", "user", *why)
    await command("ban", "Vera", *BAN)
    with pytest.raises(Refusal, match="Vera cannot sign in: the account is banned"):
        await command("set-role", "vera", "finance_approver", *why)
    assert "keeps the books" in await command("audit", "--subject", "vera")


async def test_nobody_is_said_to_be_nobody(command: Command) -> None:
    with pytest.raises(Refusal, match="Nobody has the user name, e-mail address or phone number %"):
        await command("ban", "%", *BAN)


async def test_who_rests_after_wrong_passwords_is_not_told_of_a_ban(
    client: httpx.AsyncClient, new_client: NewClient, command: Command
) -> None:
    await register(client)
    await command("ban", "Vera", *BAN)
    guesser = await new_client()
    for _ in range(5):
        await login(guesser, "not her password at all")
    assert (await login(guesser)).status_code == 429

"""Accounts over HTTP, as the web client uses them."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from uuid import UUID

import httpx
from sqlalchemy import select

from app.core import account_names
from app.core.ids import new_id
from app.core.persistence.outbox import OutboxMessage
from app.core.unit_of_work import UnitOfWork
from app.features.identity import service
from app.models.auth_challenge import AuthChallenge
from app.models.user import LOOK_ALIKE_USERNAME, User
from tests.conftest import SignIn
from tests.factories.users import PASSWORD, confirm_contacts, make_user

type OpenUow = Callable[[], AbstractAsyncContextManager[UnitOfWork]]
type NewClient = Callable[[], Awaitable[httpx.AsyncClient]]
API = "/api/v1/auth"
VERA = {"username": "Vera", "email": "vera@example.com", "phone": "+7 999 123-45-67", "password": PASSWORD}


def csrf(client: httpx.AsyncClient) -> dict[str, str]:
    """Return the header that the web client copies from the cookie."""
    return {"X-CSRF-TOKEN": client.cookies["csrf_token"]}


async def topics(uow: OpenUow) -> list[str]:
    async with uow() as work:
        return list((await work.session.execute(select(OutboxMessage.topic).order_by(OutboxMessage.id))).scalars())


async def last_challenge(uow: OpenUow) -> AuthChallenge:
    async with uow() as work:
        found = (await work.session.execute(select(AuthChallenge).order_by(AuthChallenge.id.desc()).limit(1))).scalar()
    assert found is not None
    return found


async def challenge_message(uow: OpenUow, challenge: AuthChallenge) -> service.ChallengeMessage:
    """Return what the e-mail would contain; it is derived when it is sent."""
    async with uow() as work:
        found = await service.challenge_message(work.session, work.resources, challenge.id)
    assert found is not None
    return found


async def test_a_display_name_is_nobody_elses_user_name(
    client: httpx.AsyncClient, new_client: NewClient, sign_in: SignIn
) -> None:
    await sign_in(await new_client(), username="Anna_Dev")
    await sign_in(await new_client(), username="AnnaDev")
    await sign_in(await new_client(), username="pocoxep")
    await sign_in(client, username="mallory")
    for taken in ("anna_dev", "Anna Dev", "ANNA-DEV", "anna.dev", "AnnaDev", "росохер"):
        refused = await client.patch(f"{API}/me", json={"display_name": taken})
        assert refused.status_code == 422, taken
        assert refused.json()["errors"][0]["loc"] == ["body", "display_name"]
    for own in ("Mallory", "Mallory O’Neil", ""):
        assert (await client.patch(f"{API}/me", json={"display_name": own})).json()["display_name"] == own
    for wrong in ("Служба безопасности ipLance", "Администрация", "evil.example.com", "\u3164"):
        assert (await client.patch(f"{API}/me", json={"display_name": wrong})).status_code == 422
    assert (await client.get(f"{API}/me")).json()["display_name"] == ""


async def test_a_user_name_that_looks_like_another_is_taken(
    client: httpx.AsyncClient, new_client: NewClient, sign_in: SignIn
) -> None:
    await sign_in(client, username="pocoxep")
    await sign_in(client, username="Ivan")
    for name in ("росохер", "РОСОХЕР", "lvan", "p0coxep"):
        body = {"username": name, "password": PASSWORD, "email": "other@example.com"}
        refused = await (await new_client()).post(f"{API}/register", json=body)
        assert (refused.status_code, refused.json()["code"]) == (409, "username-taken"), name


async def test_look_alikes_are_compared_by_the_database_as_by_python(uow: OpenUow) -> None:
    names = [f"{letter}{number}ж" for number, letter in enumerate(account_names.LOOK_ALIKES)]
    async with uow() as work:
        for name in names:
            await make_user(work.session, username=name, email=f"{new_id()}@example.com")
        rows = await work.session.execute(select(User.username, LOOK_ALIKE_USERNAME))
        keys = {row[0]: row[1] for row in rows}
    assert {name: keys[name] for name in names} == {name: account_names.look_alike_key(name) for name in names}


async def test_a_person_registers_is_signed_in_and_signs_out(client: httpx.AsyncClient) -> None:
    answer = await client.post(f"{API}/register", json=VERA)
    assert answer.status_code == 201
    user = answer.json()
    assert {key: user[key] for key in ("username", "email", "phone")} == {
        "username": "Vera",
        "email": "vera@example.com",
        "phone": "+79991234567",
    }
    assert str(UUID(user["id"])) == user["id"]
    assert "password" not in answer.text
    me = await client.get(f"{API}/me", headers={"Content-Type": "application/json"})
    assert me.status_code == 200
    assert me.json() == user
    out = await client.post(f"{API}/logout", headers=csrf(client))
    assert out.json() == {"signed_out": True}
    assert not client.cookies
    assert (await client.get(f"{API}/me")).status_code == 401


async def test_a_phone_alone_is_enough_and_the_email_is_an_empty_text(client: httpx.AsyncClient) -> None:
    body = {"username": "Пётр", "email": "", "phone": "8 (999) 765-43-21", "password": PASSWORD}
    user = (await client.post(f"{API}/register", json=body)).json()
    assert (user["email"], user["phone"], user["username"]) == ("", "+79997654321", "Пётр")


async def test_without_address_and_number_nobody_registers(client: httpx.AsyncClient) -> None:
    answer = await client.post(f"{API}/register", json={"username": "Vera", "password": PASSWORD})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"loc": ["body", "email"], "msg": "Give an e-mail address or a phone number."}]


async def test_every_wrong_field_is_named_at_once(client: httpx.AsyncClient) -> None:
    body = {"username": "a", "email": "nobody", "phone": "12", "password": PASSWORD}
    answer = await client.post(f"{API}/register", json=body, headers={"Accept-Language": "ru"})
    assert answer.status_code == 422
    assert [error["loc"][1] for error in answer.json()["errors"]] == ["username", "email", "phone"]
    assert answer.json()["errors"][0]["msg"] == "В имени от 3 до 32 знаков."


async def test_what_is_taken_is_named_field_by_field(
    client: httpx.AsyncClient, new_client: NewClient, uow: OpenUow
) -> None:
    await client.post(f"{API}/register", json=VERA)
    await confirm_contacts(uow)
    other = await new_client()
    answer = await other.post(f"{API}/register", json=VERA | {"username": "vERA", "email": "VERA@example.com"})
    assert answer.status_code == 409
    assert answer.json()["code"] == "username-taken"
    assert [error["loc"][1] for error in answer.json()["errors"]] == ["username", "email", "phone"]
    answer = await other.post(f"{API}/register", json=VERA | {"username": "Zoya", "email": None})
    assert answer.json()["code"] == "phone-taken"
    answer = await other.post(f"{API}/register", json=VERA | {"username": "Zoya", "phone": None})
    assert answer.json()["code"] == "email-taken"


async def test_addresses_outside_ascii_are_stored_and_sent_so_that_old_clients_read_them(
    client: httpx.AsyncClient, uow: OpenUow
) -> None:
    body = {"username": "Вера", "email": "vera@пример.рф", "password": PASSWORD}
    user = (await client.post(f"{API}/register", json=body)).json()
    assert user["email"] == "vera@xn--e1afmkfd.xn--p1ai"
    async with uow() as work:
        contact = await service.contact_of(work.session, UUID(user["id"]))
    assert contact is not None
    assert contact.email == "vera@пример.рф"


async def test_the_profile_changes(client: httpx.AsyncClient, sign_in: SignIn) -> None:
    await sign_in(client)
    answer = await client.patch(f"{API}/me", json={"display_name": "  Vera   P. ", "locale": "ru"})
    assert (answer.json()["display_name"], answer.json()["locale"]) == ("Vera P.", "ru")


async def test_an_address_is_confirmed_by_link_and_the_link_works_once(
    client: httpx.AsyncClient, new_client: NewClient, uow: OpenUow
) -> None:
    await client.post(f"{API}/register", json=VERA | {"phone": None})
    token = (await challenge_message(uow, await last_challenge(uow))).token
    elsewhere = await new_client()
    assert (await elsewhere.post(f"{API}/confirm-email", json={"token": token})).json() == {"done": True}
    assert (await client.get(f"{API}/me")).json()["email_confirmed"] is True
    again = await elsewhere.post(f"{API}/confirm-email", json={"token": token})
    assert (again.status_code, again.json()["code"]) == (422, "challenge-not-valid")
    nothing = await client.post(f"{API}/confirm-email/resend", headers=csrf(client))
    assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing-to-confirm")


async def test_an_address_and_a_number_are_confirmed_by_code(client: httpx.AsyncClient, uow: OpenUow) -> None:
    await client.post(f"{API}/register", json=VERA)
    for name, resend in (("confirm-email", "email"), ("confirm-phone", "phone")):
        assert (await client.post(f"{API}/{name}/resend", headers=csrf(client))).status_code == 200
        challenge = await last_challenge(uow)
        sent = await challenge_message(uow, challenge)
        assert (sent.to_email is None, sent.to_phone is None) == (resend == "phone", resend == "email")
        answer = await client.post(f"{API}/{name}", json={"code": sent.code}, headers=csrf(client))
        assert answer.json() == {"done": True}
    me = (await client.get(f"{API}/me")).json()
    assert (me["email_confirmed"], me["phone_confirmed"]) == (True, True)


async def test_a_newer_letter_ends_the_older_link(client: httpx.AsyncClient, uow: OpenUow) -> None:
    await client.post(f"{API}/register", json=VERA | {"phone": None})
    old = (await challenge_message(uow, await last_challenge(uow))).token
    await client.post(f"{API}/confirm-email/resend", headers=csrf(client))
    answer = await client.post(f"{API}/confirm-email", json={"token": old}, headers=csrf(client))
    assert answer.json()["code"] == "challenge-not-valid"


async def test_a_forgotten_password_is_reset_and_signs_nobody_in(
    client: httpx.AsyncClient,
    new_client: NewClient,
    sign_in: SignIn,
    uow: OpenUow,
    settle: Callable[..., Awaitable[object]],
) -> None:
    user = await sign_in(client)
    forgetful = await new_client()
    asked = await forgetful.post(f"{API}/password/reset", json={"identifier": user.email})
    assert (asked.status_code, asked.json()) == (202, {"done": True})
    await settle()
    token = (await challenge_message(uow, await last_challenge(uow))).token
    short = await forgetful.post(f"{API}/password/reset/confirm", json={"token": token, "password": "short"})
    assert short.status_code == 422
    new = "another long password"
    answer = await forgetful.post(f"{API}/password/reset/confirm", json={"token": token, "password": new})
    assert answer.json() == {"done": True}
    assert set(forgetful.cookies) == {"__Host-reset_flow"}
    assert (await client.get(f"{API}/me")).status_code == 401
    old = await forgetful.post(f"{API}/login", json={"username": user.username, "password": PASSWORD})
    assert old.status_code == 401
    assert (await forgetful.post(f"{API}/login", json={"username": user.username, "password": new})).status_code == 200
    assert "identity.password_changed" in await topics(uow)


async def test_a_reset_by_code_needs_the_name_too(
    client: httpx.AsyncClient, uow: OpenUow, settle: Callable[..., Awaitable[object]]
) -> None:
    async with uow() as work:
        user = await make_user(work.session, email=None, phone="+79991112233")
    await client.post(f"{API}/password/reset", json={"identifier": "8 999 111-22-33"})
    await settle()
    sent = await challenge_message(uow, await last_challenge(uow))
    assert (sent.to_phone, sent.to_email) == ("+79991112233", None)
    body = {"identifier": user.username, "code": sent.code, "password": "another long password"}
    assert (await client.post(f"{API}/password/reset/confirm", json=body)).json() == {"done": True}


async def test_a_changed_password_ends_the_other_sessions(
    client: httpx.AsyncClient, new_client: NewClient, sign_in: SignIn
) -> None:
    user = await sign_in(client)
    other = await new_client()
    await sign_in(other, user)
    body = {"current_password": PASSWORD, "new_password": "another long password"}
    assert (await client.post(f"{API}/password", json=body)).json() == {"ended": 1}
    assert (await client.get(f"{API}/me")).status_code == 200
    assert (await other.get(f"{API}/me")).status_code == 401
    await sign_in(other, user, password="another long password")  # noqa: S106 - of a test person
    keep = {"current_password": "another long password", "new_password": PASSWORD, "end_other_sessions": False}
    assert (await client.post(f"{API}/password", json=keep)).json() == {"ended": 0}
    assert (await other.get(f"{API}/me")).status_code == 200


async def test_a_new_address_counts_once_it_is_confirmed(
    client: httpx.AsyncClient, sign_in: SignIn, uow: OpenUow
) -> None:
    user = await sign_in(client)
    answer = await client.post(f"{API}/email", json={"email": "new@example.com"})
    assert (answer.status_code, answer.json()["pending"]) == (202, "new@example.com")
    assert (await client.get(f"{API}/me")).json()["email"] == user.email
    sent = await challenge_message(uow, await last_challenge(uow))
    assert sent.to_email == "new@example.com"
    assert (await client.post(f"{API}/confirm-email", json={"token": sent.token})).status_code == 200
    me = (await client.get(f"{API}/me")).json()
    assert (me["email"], me["email_confirmed"]) == ("new@example.com", True)
    assert [name for name in await topics(uow) if "email_chang" in name] == [
        "identity.email_change_requested",
        "identity.email_changed",
    ]


async def test_a_new_number_counts_once_it_is_confirmed(
    client: httpx.AsyncClient, sign_in: SignIn, uow: OpenUow
) -> None:
    await sign_in(client)
    answer = await client.post(f"{API}/phone", json={"phone": "8 999 111 22 33"})
    assert answer.json()["pending"] == "+79991112233"
    sent = await challenge_message(uow, await last_challenge(uow))
    assert (await client.post(f"{API}/confirm-phone", json={"code": sent.code})).status_code == 200
    assert (await client.get(f"{API}/me")).json()["phone"] == "+79991112233"
    assert "identity.phone_changed" in await topics(uow)


async def test_contacts_of_others_cannot_be_taken(client: httpx.AsyncClient, sign_in: SignIn, uow: OpenUow) -> None:
    async with uow() as work:
        await make_user(work.session, email="hers@example.com", phone="+79991112233")
    await confirm_contacts(uow)
    await sign_in(client)
    assert (await client.post(f"{API}/email", json={"email": "hers@example.com"})).json()["code"] == "email-taken"
    assert (await client.post(f"{API}/phone", json={"phone": "+79991112233"})).json()["code"] == "phone-taken"


async def test_a_closed_account_signs_nobody_in(
    client: httpx.AsyncClient, new_client: NewClient, sign_in: SignIn, uow: OpenUow
) -> None:
    user = await sign_in(client)
    other = await new_client()
    await sign_in(other, user)
    assert (await client.post(f"{API}/deactivate", json={"password": PASSWORD})).json() == {"done": True}
    assert (await other.get(f"{API}/me")).status_code == 401
    del other.headers["X-CSRF-TOKEN"]
    answer = await other.post(f"{API}/login", json={"username": user.username, "password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (401, "wrong-credentials")
    assert "identity.account_deactivated" in await topics(uow)


async def test_strength_is_judged_while_typing(client: httpx.AsyncClient) -> None:
    weak = await client.post(f"{API}/password-strength", json={"password": "password"})
    assert (weak.json()["score"], weak.json()["acceptable"]) == (0, False)
    strong = await client.post(f"{API}/password-strength", json={"password": "лошадь верно скрепка батарея"})
    assert (strong.json()["score"], strong.json()["acceptable"], strong.json()["problems"]) == (4, True, [])

"""Contacts that nobody has confirmed: they block nobody, and whoever confirms one has it."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select, update

from app.core.clock import utc_now
from app.core.resources import Resources
from app.features.identity import workflows
from app.models import User
from app.models.auth_challenge import AuthChallenge, ChallengePurpose
from tests.factories.users import PASSWORD, confirm_contacts
from tests.security.people import (
    API,
    NewClient,
    OpenUow,
    Settle,
    another_app,
    challenge_message,
    changed,
    client_of,
    login,
    post,
    register,
)

HERS = "hers@example.com"


async def email_of(client: httpx.AsyncClient) -> str | None:
    answer = await client.get(f"{API}/me")
    assert answer.status_code == 200, answer.text
    found: str | None = answer.json()["email"]
    return found


async def test_an_unconfirmed_address_blocks_no_registration(client: httpx.AsyncClient, new_client: NewClient) -> None:
    squatter, owner = client, await new_client()
    await register(squatter, username="Mallory", email=HERS, phone=None)
    await register(owner, username="Zoya", email="Hers@Example.com", phone=None)
    assert await email_of(owner) == "Hers@example.com"
    assert not await email_of(squatter)
    assert (await login(await new_client(), email=HERS)).json()["username"] == "Zoya"
    assert (await login(await new_client(), username="Mallory")).status_code == 200


async def test_whoever_confirms_an_address_has_it(
    client: httpx.AsyncClient, new_client: NewClient, uow: OpenUow
) -> None:
    owner, squatter = client, await new_client()
    await register(owner, username="Zoya", email=HERS, phone=None)
    link = (await challenge_message(uow, ChallengePurpose.CONFIRM_EMAIL)).token
    await register(squatter, username="Mallory", email=HERS, phone=None)
    assert not await email_of(owner)
    assert (await post(await new_client(), "confirm-email", token=link)).status_code == 200
    assert await email_of(owner) == HERS
    assert not await email_of(squatter)
    late = await post(await new_client(), "register", username="Eve", email=HERS, password="a long unusual sentence")  # noqa: S106 - of a test
    assert (late.status_code, late.json()["code"]) == (409, "email-taken")


async def test_a_confirmed_address_goes_to_nobody(
    client: httpx.AsyncClient, new_client: NewClient, uow: OpenUow
) -> None:
    squatter = await new_client()
    await register(squatter, username="Mallory", email=HERS, phone=None)
    link = (await challenge_message(uow, ChallengePurpose.CONFIRM_EMAIL)).token
    await register(client, username="Zoya", email=HERS, phone=None)
    await confirm_contacts(uow)
    answer = await post(squatter, "confirm-email", token=link)
    assert (answer.status_code, answer.json()["code"]) == (409, "email-taken")
    assert await email_of(client) == HERS


async def test_a_change_to_an_unconfirmed_address_is_possible(
    client: httpx.AsyncClient, new_client: NewClient, uow: OpenUow
) -> None:
    squatter = await new_client()
    await register(squatter, username="Mallory", email=HERS, phone=None)
    await register(client)
    assert (await post(client, "email", email=HERS)).status_code == 202
    assert await email_of(squatter) == HERS  # asking proves nothing
    link = (await challenge_message(uow, ChallengePurpose.CHANGE_EMAIL)).token
    assert (await post(client, "confirm-email", token=link)).status_code == 200
    assert (await email_of(client), await email_of(squatter)) == (HERS, "")


async def test_an_account_that_lost_its_address_can_name_another(
    client: httpx.AsyncClient, new_client: NewClient, uow: OpenUow, settle: Settle
) -> None:
    await register(client, username="Mallory", email=HERS, phone=None)
    await register(await new_client(), username="Zoya", email=HERS, phone=None)
    for page in ("/settings/profile", "/settings/security", "/orders"):
        assert (await client.get(page, headers={"Accept": "text/html"})).status_code == 200
    assert (await post(client, "email", email="other@example.com")).status_code == 202
    link = (await challenge_message(uow, ChallengePurpose.CHANGE_EMAIL)).token
    assert (await post(client, "confirm-email", token=link)).status_code == 200
    assert await email_of(client) == "other@example.com"
    assert (await post(await new_client(), "password/reset", identifier="Mallory")).status_code == 202
    await settle()


async def test_a_refused_registration_takes_nothing(client: httpx.AsyncClient, new_client: NewClient) -> None:
    await register(client, username="Zoya", email=HERS, phone=None)
    body = {"username": "ZOYA", "email": HERS, "password": "a long unusual sentence"}
    assert (await post(await new_client(), "register", **body)).json()["code"] == "username-taken"
    assert await email_of(client) == HERS


@pytest.mark.parametrize(("sender", "status"), [("console", 201), ("none", 409)])
async def test_a_phone_number_yields_only_where_it_can_be_confirmed(
    resources: Resources, sender: str, status: int
) -> None:
    settings = changed(resources.settings, sms_sender=sender)
    number, secret = "8 999 111-22-33", "a long unusual sentence"
    async with another_app(resources, settings=settings) as app, client_of(app) as first, client_of(app) as second:
        await register(first, username="Mallory", email=None, phone="+79991112233")
        answer = await post(second, "register", username="Zoya", phone=number, password=secret)
        assert answer.status_code == status


async def test_of_ten_registrations_at_once_one_has_the_address(
    live_client: httpx.AsyncClient, live_resources: Resources
) -> None:
    bodies = [{"username": f"person{n}", "email": HERS, "password": "a long unusual sentence"} for n in range(10)]
    answers = await asyncio.gather(*(live_client.post(f"{API}/register", json=body) for body in bodies))
    statuses = Counter(answer.status_code for answer in answers)
    assert set(statuses) <= {201, 409}, statuses
    async with live_resources.sessions() as session:
        kept = (await session.execute(select(User.email_key))).scalars().all()
    assert kept.count(HERS) == 1
    assert len(kept) == statuses[201]


async def kinds_of(client: httpx.AsyncClient) -> list[str]:
    return [item["kind"] for item in (await client.get("/api/v1/notifications")).json()["items"]]


async def test_an_account_without_a_contact_is_told(
    client: httpx.AsyncClient, new_client: NewClient, settle: Settle
) -> None:
    first, other, owner = client, await new_client(), await new_client()
    await register(first, username="Mallory", email=HERS, phone=None)
    await register(other, username="Boris", email=None, phone="+79991112233")
    await register(owner, username="Zoya", email=HERS, phone=None)
    await settle()
    assert await kinds_of(first) == ["contact_lost"]
    assert await kinds_of(other) == await kinds_of(owner) == []
    for browser, is_told in ((first, True), (other, False), (owner, False)):
        page = await browser.get("/settings/security", headers={"Accept": "text/html"})
        assert ("This account has no e-mail address and no phone number" in page.text) is is_told


@pytest.mark.parametrize("smtp_host", ["mail.example.org", None])
async def test_an_address_that_nobody_confirms_lapses(
    client: httpx.AsyncClient,
    new_client: NewClient,
    resources: Resources,
    uow: OpenUow,
    settle: Settle,
    smtp_host: str | None,
) -> None:
    clients = {name: await new_client() for name in ("Late", "Early", "Sure", "Phoned")}
    for name, phone in (("Late", None), ("Early", None), ("Sure", None), ("Phoned", "+79991112233")):
        await register(clients[name], username=name, email=f"{name.lower()}@example.com", phone=phone)
    days = resources.settings.unconfirmed_contact_days
    async with uow() as work:
        long_ago = utc_now() - timedelta(days=days, minutes=1)
        await work.session.execute(update(User).where(User.username != "Early").values(created_at=long_ago))
        await work.session.execute(update(User).where(User.username == "Sure").values(email_confirmed_at=long_ago))
    settings = resources.settings.model_copy(update={"smtp_host": smtp_host})
    await workflows.prune(replace(resources, settings=settings))
    await settle()
    lapsed = {name for name, browser in clients.items() if not await email_of(browser)}
    assert lapsed == ({"Late", "Phoned"} if smtp_host else set())
    told = {name for name, browser in clients.items() if await kinds_of(browser) == ["contact_lost"]}
    assert told == ({"Late"} if smtp_host else set())
    assert (await login(client, username="Late")).status_code == 200, "the account keeps its name and password"


@pytest.mark.parametrize("contact", ["+79990001122", HERS])
async def test_many_accounts_cannot_fill_one_mailbox_or_phone(
    client: httpx.AsyncClient, new_client: NewClient, uow: OpenUow, settle: Settle, contact: str
) -> None:
    kind, typed = ("email", "Hers@Example.com") if "@" in contact else ("phone", "8 999 000-11-22")
    seen: list[int] = []
    for name in ("Eva", "Iva", "Ada"):
        other = await new_client()
        await register(other, username=name, email=f"{name}@example.org", phone=None)
        for form in (contact, typed) * 2:
            asked = await post(other, kind, **{kind: form}, current_password=PASSWORD)
            seen.append(asked.status_code)
    assert seen == [202] * 10 + [429] * 2
    await register(client, username="Vera", **({"email": None, "phone": None} | {kind: contact}))
    await post(await new_client(), "password/reset", identifier="Vera")
    await settle()
    again = await post(client, f"confirm-{kind}/resend")
    assert (again.status_code, again.json()["code"]) == (429, "too-many-tries")
    async with uow() as work:
        of_contact = select(AuthChallenge.id).where(AuthChallenge.target.ilike(contact))
        assert len((await work.session.execute(of_contact)).all()) == 10

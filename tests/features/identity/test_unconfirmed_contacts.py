"""Contacts that nobody has confirmed: they block nobody, and whoever confirms one has it."""

import asyncio
from collections import Counter

import httpx
import pytest
from sqlalchemy import select

from app.core.resources import Resources
from app.models import User
from app.models.auth_challenge import ChallengePurpose
from tests.factories.users import confirm_contacts
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

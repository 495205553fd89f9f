"""Addresses that an account gets: mail must be able to reach them."""

from typing import cast

import httpx
import pytest

from app.core import account_names
from app.core.resources import Resources
from app.gateways.mail import NullMailer
from tests.factories.users import PASSWORD
from tests.features.identity.test_endpoints import API, csrf

RESERVED = [
    "x@test",
    "x@shop.test",
    "x@localhost",
    "X@LocalHost",
    "x@shop.invalid",
    "x@a.example",
    "x@ｔｅｓｔ",
    "x@nas.local",
]


def form(address: str) -> dict[str, str]:
    return {"username": "Vera", "email": address, "password": PASSWORD}


@pytest.mark.parametrize("address", RESERVED)
async def test_a_domain_that_nobody_can_have_is_refused_in_production(
    client: httpx.AsyncClient, resources: Resources, address: str
) -> None:
    resources.settings = resources.settings.model_copy(update={"environment": "production"})
    refused = await client.post(f"{API}/register", json=form(address), headers={"Accept-Language": "ru"})
    assert (refused.status_code, refused.json()["code"]) == (422, "account-input")
    (error,) = refused.json()["errors"]
    assert error["loc"] == ["body", "email"]
    assert "почта не доходит" in error["msg"]
    assert (await client.post(f"{API}/register", json=form("vera@example.com"))).status_code == 201


@pytest.mark.parametrize("address", RESERVED)
async def test_a_trial_takes_it(client: httpx.AsyncClient, address: str) -> None:
    assert (await client.post(f"{API}/register", json=form(address))).status_code == 201


@pytest.mark.parametrize("address", ["x@nowhere", "x@com", "x@", "@test", "x@y@test", "x@te st", "x@.test", "x@-.test"])
def test_what_is_no_address_stays_none(address: str) -> None:
    with pytest.raises(account_names.InvalidValue, match="not an e-mail address"):
        account_names.email(address)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("vera@example.com", "vera@example.com"),
        ("vera@пример.рф", "vera@xn--e1afmkfd.xn--p1ai"),
        ("vera@лавка.localhost", "vera@xn--80aaf6ac.localhost"),
        ("вера@лавка.test", ""),
    ],
)
def test_old_clients_get_an_address_in_ascii(address: str, shown: str) -> None:
    assert account_names.ascii_email(account_names.email(address).shown) == shown


async def test_an_address_is_changed_by_the_same_rule(client: httpx.AsyncClient, resources: Resources) -> None:
    await client.post(f"{API}/register", json=form("vera@example.com"))
    resources.settings = resources.settings.model_copy(update={"environment": "production"})
    wanted = {"email": "vera@shop.test", "current_password": PASSWORD}
    refused = await client.post(f"{API}/email", json=wanted, headers=csrf(client))
    assert refused.status_code == 422, refused.text
    assert "No mail can reach" in refused.json()["errors"][0]["msg"]


async def test_a_mailbox_outside_ascii_is_refused_where_the_server_takes_none(
    client: httpx.AsyncClient, resources: Resources
) -> None:
    mailer = cast("NullMailer", resources.mailer)
    mailer.unicode_mailboxes = False
    refused = await client.post(f"{API}/register", json=form("вера@example.com"), headers={"Accept-Language": "ru"})
    assert refused.status_code == 422
    assert "перед @" in refused.json()["errors"][0]["msg"]
    await client.post(f"{API}/register", json=form("vera@пример.рф"))
    wanted = {"email": "вера@пример.рф", "current_password": PASSWORD}
    refused = await client.post(f"{API}/email", json=wanted, headers=csrf(client))
    assert refused.status_code == 422, refused.text
    mailer.unicode_mailboxes = True
    assert (await client.post(f"{API}/email", json=wanted, headers=csrf(client))).status_code < 300

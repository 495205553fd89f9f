"""Legal statuses through routes, pages, tasks and commands; what is stored is encrypted."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date
from typing import Any, override

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.i18n import use_locale
from app.core.ports import Mail, StatusRegistry
from app.core.resources import Resources
from app.features.authentication.service import Caller
from app.features.contracts import service as contracts
from app.features.identity import service as identity
from app.features.legal import service, workflows
from app.features.legal.errors import LegalStatusNotFoundError, LegalStatusUnreadableError
from app.features.legal.rules import check_details
from app.features.legal.schemas import LegalStatusPut
from app.features.legal.tasks import check_registries
from app.gateways.status_registry import NullStatusRegistry, RegistryUnavailableError
from app.models import User
from tests.factories.commands import Command
from tests.factories.orders import Market
from tests.features.legal.test_rules import COMPANY, PERSON
from tests.features.proposals.test_pages import visitor, words

type NewClient = Callable[[], Awaitable[httpx.AsyncClient]]
ADDRESS = "/api/v1/profiles/me/legal-status"
NEW = hashlib.sha256(b"a new key").hexdigest()


def put(version: int = 0, kind: str = "self_employed", country: str = "RU", **fields: str) -> dict[str, Any]:
    return {"kind": kind, "country": country, "fields": PERSON | fields, "version": version}


def with_keys(resources: Resources, keys: str) -> Resources:
    """Return the same context with other encryption keys."""
    return replace(resources, settings=resources.settings.model_copy(update={"encryption_keys": SecretStr(keys)}))


@pytest.fixture
async def anna(market: Market, client: httpx.AsyncClient) -> Actor:
    actor = await market.person("anna")
    await market.sign_in(client, actor)
    return actor


async def test_saved_read_changed_and_listed(anna: Actor, client: httpx.AsyncClient, resources: Resources) -> None:
    empty = (await client.get(ADDRESS)).json()
    assert (empty["state"], empty["version"], empty["fields"]) == ("empty", 0, {})
    saved = await client.put(ADDRESS, json=put())
    assert saved.status_code == 200, saved.text
    assert (saved.json()["state"], saved.json()["version"]) == ("complete", 1)
    assert saved.json()["fields"] == PERSON
    stale = await client.put(ADDRESS, json=put())
    assert (stale.status_code, stale.json()["code"]) == (409, "legal-status-changed")
    changed = await client.put(ADDRESS, json=put(1, address="Вологда, ул. Новая, 2"))
    assert changed.json()["version"] == 2
    history = (await client.get(f"{ADDRESS}/history")).json()["items"]
    assert [(item["version"], item["changed"], item["readable"]) for item in history] == [
        (2, ["address"], True),
        (1, ["kind", "country", "legal_name", "tax_number", "address"], True),
    ]
    async with resources.sessions() as session:
        found = await session.execute(text("SELECT data FROM security_events WHERE kind = 'legal_status_changed'"))
        assert [row.data for row in found] == [{"version": 1}, {"version": 2}]
        stored = await session.execute(text("SELECT payload FROM outbox_messages WHERE topic LIKE 'legal.%'"))
        assert [row.payload for row in stored] == [{"user_id": str(anna.id), "version": number} for number in (1, 2)]


async def test_the_owner_is_told_by_mail_and_the_mail_says_nothing_of_them(
    anna: Actor,
    market: Market,
    client: httpx.AsyncClient,
    settle: Callable[..., Awaitable[object]],
    mailbox: list[Mail],
) -> None:
    async with market.uow() as work:
        await work.session.execute(update(User).where(User.id == anna.id).values(email_confirmed_at=utc_now()))
    assert (await client.put(ADDRESS, json=put())).status_code == 200
    await settle()
    (mail,) = mailbox
    assert (mail.to, mail.subject) == ("anna@example.org", "Your legal details were changed")
    assert "/settings/legal" in mail.text
    assert not [value for value in PERSON.values() if value in mail.text]
    (notice,) = (await client.get("/api/v1/notifications")).json()["items"]
    assert (notice["kind"], notice["text"]) == ("legal_status_changed", "Your legal details were changed.")


async def test_a_wrong_field_is_named_and_changes_nothing(anna: Actor, client: httpx.AsyncClient) -> None:
    del anna
    refused = await client.put(ADDRESS, json=put(tax_number="123456789037"))
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid-legal-status")
    (problem,) = refused.json()["errors"]
    assert (problem["loc"], "check digit" in problem["msg"]) == (["body", "fields", "tax_number"], True)
    assert (await client.get(ADDRESS)).json()["state"] == "empty"
    command = LegalStatusPut.model_validate(put(tax_number=""))
    with use_locale("ru"):
        assert "например: 123456789047" in check_details(command)[1][0].text()


async def test_the_forms_of_a_country(client: httpx.AsyncClient) -> None:
    forms = (await client.get("/api/v1/legal-forms/RU", headers={"Accept-Language": "ru"})).json()
    assert forms["pack"] == "ru"
    assert [kind["kind"] for kind in forms["kinds"]] == ["person", "self_employed", "sole_trader", "company"]
    field = forms["kinds"][3]["fields"][1]
    assert (field["name"], field["label"], field["required"]) == ("tax_number", "ИНН", True)
    assert (await client.get("/api/v1/legal-forms/QQ")).status_code == 422


async def test_rows_hold_nothing_that_can_be_read_and_are_never_changed(
    anna: Actor, client: httpx.AsyncClient, resources: Resources
) -> None:
    await client.put(ADDRESS, json=put())
    async with resources.sessions() as session:
        rows = (
            await session.execute(
                text(
                    "SELECT v::text || k::text || s::text FROM legal_status_versions v JOIN legal_status_keys k "
                    "ON k.id = v.key_id JOIN legal_statuses s ON s.user_id = v.user_id WHERE v.user_id = :id"
                ),
                {"id": anna.id},
            )
        ).scalars()
        (row,) = list(rows)
    for word in ("self_employed", *PERSON.values()):
        assert word not in row
        assert word.encode().hex() not in row
    for change in ("UPDATE legal_status_versions SET content = ''", "DELETE FROM legal_status_versions"):
        async with resources.sessions() as session:
            with pytest.raises(DBAPIError, match="append-only"):
                await session.execute(text(change))


async def test_a_row_of_somebody_else_is_not_read_as_ones_own(
    anna: Actor, client: httpx.AsyncClient, market: Market, resources: Resources
) -> None:
    await client.put(ADDRESS, json=put())
    boris = await market.person("boris")
    async with resources.sessions() as session:
        copied = (
            "INSERT INTO legal_status_versions SELECT :boris, 1, key_id, content, saved_at FROM legal_status_versions "
            "WHERE user_id = :anna"
        )
        await session.execute(text(copied), {"boris": boris.id, "anna": anna.id})
        await session.execute(
            text("INSERT INTO legal_statuses (user_id, version) VALUES (:boris, 1)"), {"boris": boris.id}
        )
        assert (await service.get_status(session, resources.settings, boris)).state == "unreadable"


async def test_without_the_key_the_page_says_so_and_takes_the_details_again(
    anna: Actor, client: httpx.AsyncClient, app: FastAPI, resources: Resources
) -> None:
    await client.put(ADDRESS, json=put())
    app.state.resources = lost = with_keys(resources, NEW)
    found = (await client.get(ADDRESS)).json()
    assert (found["state"], found["version"], found["fields"]) == ("unreadable", 1, {})
    page = await client.get("/settings/legal", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "no longer has the key" in page.text
    again = await client.put(ADDRESS, json=put(1))
    assert (again.status_code, again.json()["state"], again.json()["version"]) == (200, "complete", 2)
    history = (await client.get(f"{ADDRESS}/history")).json()["items"]
    assert [item["readable"] for item in history] == [True, False]
    async with lost.sessions() as session:
        assert (await service.get_status(session, lost.settings, anna)).fields == PERSON


async def test_keys_are_renewed_by_a_command_and_old_ones_can_go(
    anna: Actor, client: httpx.AsyncClient, resources: Resources
) -> None:
    await client.put(ADDRESS, json=put())
    old = resources.settings.secret_key.get_secret_value()
    told = await Command(with_keys(resources, f"{NEW},{old}"))("legal", "renew-keys", "--reason", "yearly")
    assert told == "Data keys encrypted with the newest key: 1."
    async with resources.sessions() as session:
        settings = with_keys(resources, NEW).settings
        assert (await service.get_status(session, settings, anna)).fields == PERSON
    again = await Command(with_keys(resources, NEW))("legal", "renew-keys")
    assert again == "Data keys encrypted with the newest key: 0."
    unreadable = await Command(resources)("legal", "renew-keys")
    assert "Opened by no configured key: 1. Put back the key" in unreadable


async def test_only_the_other_side_of_a_contract_reads_them(
    anna: Actor, client: httpx.AsyncClient, market: Market, resources: Resources
) -> None:
    customer, stranger = await market.person(), await market.person()
    await client.put(ADDRESS, json=put())
    proposal = await market.proposal(await market.order(customer), anna)
    settings = resources.settings
    async with resources.sessions() as session:
        with pytest.raises(LegalStatusNotFoundError):
            await service.read_for_counterparty(session, settings, customer, anna.id)
    async with market.uow() as work:
        await contracts.accept_proposal(work, customer, proposal.id)
    async with resources.sessions() as session:
        assert (await service.read_for_counterparty(session, settings, customer, anna.id)).fields == PERSON
        for reader, owner in ((stranger, anna), (anna, customer)):
            with pytest.raises(LegalStatusNotFoundError):
                await service.read_for_counterparty(session, settings, reader, owner.id)
        with pytest.raises(LegalStatusUnreadableError):
            await service.read_for_counterparty(session, with_keys(resources, NEW).settings, customer, anna.id)


async def test_closing_the_account_erases_them_for_good(
    anna: Actor, client: httpx.AsyncClient, market: Market, resources: Resources, settle: Callable[..., Awaitable[Any]]
) -> None:
    await client.put(ADDRESS, json=put())
    async with market.uow() as work:
        await identity.deactivate(work, anna.id, Caller())
    await settle()
    async with resources.sessions() as session:
        keys = (await session.execute(text("SELECT encrypted_key FROM legal_status_keys"))).scalars().all()
        assert keys == [None]
        assert (await service.get_status(session, resources.settings, anna)).state == "empty"
        history = await service.get_history(session, resources.settings, anna)
        assert [item.readable for item in history.items] == [False]


class Lists(StatusRegistry):
    """A registry that lists some numbers, or does not answer."""

    def __init__(self, listed: set[str] | None) -> None:
        self.listed, self.asked = listed, list[tuple[str, str]]()

    @property
    @override
    def registries(self) -> frozenset[str]:
        return frozenset({"npd"})

    @override
    async def is_registered(self, registry: str, number: str, day: date) -> bool:
        self.asked.append((registry, number))
        if self.listed is None:
            raise RegistryUnavailableError(registry)
        return number in self.listed


async def test_registries_are_asked_once_about_each_version(
    anna: Actor, client: httpx.AsyncClient, resources: Resources
) -> None:
    del anna
    await client.put(ADDRESS, json=put())
    await check_registries(resources)  # nobody to ask
    silent, away, listing = Lists(None), Lists(set()), Lists({PERSON["tax_number"]})
    for registry, outcome, answered in ((silent, None, 0), (away, "refused", 1), (listing, "refused", 0)):
        assert await workflows.check_registries(replace(resources, status_registry=registry)) == answered
        assert (await client.get(ADDRESS)).json()["registry_outcome"] == outcome
    assert (silent.asked, away.asked, listing.asked) == ([("npd", PERSON["tax_number"])],) * 2 + ([],)
    page = await client.get("/settings/legal", headers={"Accept": "text/html"})
    assert "does not list this number" in page.text
    await client.put(ADDRESS, json=put(1))
    assert (await client.get(ADDRESS)).json()["registry_outcome"] is None
    assert await workflows.check_registries(replace(resources, status_registry=listing)) == 1
    assert (await client.get(ADDRESS)).json()["registry_outcome"] == "confirmed"
    await client.put(ADDRESS, json=put(2, kind="person"))
    assert await workflows.check_registries(replace(resources, status_registry=listing)) == 1
    assert (await client.get(ADDRESS)).json()["registry_outcome"] is None


async def test_the_null_registry_asks_nobody() -> None:
    null = NullStatusRegistry()
    assert null.registries == frozenset()
    with pytest.raises(RegistryUnavailableError):
        await null.is_registered("npd", "1", date(2026, 1, 1))


async def test_the_page_shows_the_fields_of_the_kind_without_a_script(market: Market, new_client: NewClient) -> None:
    anna = await visitor(market, new_client, "Anna")
    page = await anna.get("/settings/legal")
    assert "Full name" in words(page)
    assert "KPP" not in words(page)
    company = await anna.get("/settings/legal?country=RU&kind=company")
    assert "KPP" in words(company)
    mistyped: dict[str, Any] = COMPANY | {"tax_number": "1234567895"}
    refused = await anna.send(company, "/settings/legal", 422, **mistyped)
    assert "INN: A digit is wrong" in words(refused)
    correct: dict[str, Any] = dict(COMPANY)
    saved = await anna.send(refused, "/settings/legal", **correct)
    assert "Saved." in words(saved)
    name = saved.select_one("input[name=legal_name]")
    assert name is not None
    assert name["value"] == COMPANY["legal_name"]
    stale = await anna.send(company, "/settings/legal", 422, **correct)
    assert "saved in another window" in words(stale)
    long: dict[str, Any] = COMPANY | {"address": "x" * 301}
    too_long = await anna.send(saved, "/settings/legal", 422, **long)
    assert "Address: " in words(too_long)
    abroad = await anna.get("/settings/legal?country=DE&kind=self_employed")
    assert "IBAN" in words(abroad)
    assert "Tax number" not in words(await anna.get("/settings/legal?country=QQ&kind=nobody"))

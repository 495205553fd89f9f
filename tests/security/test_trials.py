"""A trial instance is for its own machine: the network reaches neither its caught mail nor its demonstration."""

import os
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr, ValidationError

from app.cli.production_checks import missing_settings
from app.core.actor import system_actor
from app.core.config import Settings
from app.core.http.startup_errors import StartupRefusedError, startup_error_message
from app.core.resources import Resources
from app.features.identity import service as identity
from app.local.demo_accounts import PASSWORD as DEMO_PASSWORD
from app.local.demo_accounts import demo_usernames
from app.main import refuse_demo_accounts
from app.tasks.config_tasks import set_flower_password
from tests.factories.users import make_user
from tests.security.people import OpenUow, changed

KEY = "0123456789abcdef" * 4
ENCRYPTION_KEY = "fedcba9876543210" * 4
OPEN = ("0.0.0.0", "::", "192.168.1.5", "10.0.0.7", "iplance.local")  # noqa: S104 - these are what is refused


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOST", "PUBLIC_URL", "DEMO", "ENVIRONMENT", "PUBLISHED_ON_LOOPBACK", "BCRYPT_ROUNDS"):
        monkeypatch.delenv(name, raising=False)


def _settings(**given: Any) -> Settings:
    values: dict[str, Any] = {"secret_key": SecretStr(KEY), "encryption_keys": SecretStr(ENCRYPTION_KEY)}
    return Settings(**(values | given))


@pytest.mark.parametrize("host", OPEN)
def test_an_open_trial_does_not_start(host: str) -> None:
    with pytest.raises(ValidationError, match="opens a trial to the network"):
        _settings(host=host)
    assert _settings(host=host, public_url="https://iplance.example").host == host
    assert _settings(host=host, published_on_loopback=True).host == host


def test_a_local_trial_starts() -> None:
    for host in ("127.0.0.1", "localhost", "::1"):
        assert _settings(host=host).wants_demo


def test_production_has_no_demonstration() -> None:
    production = {"environment": "production", "public_url": "https://iplance.example"}
    with pytest.raises(ValidationError, match="password is public"):
        _settings(demo=True, **production)
    assert not _settings(**production).wants_demo


async def test_caught_mail_is_shown_on_loopback_only(app: FastAPI) -> None:
    """A server that was started by hand may listen elsewhere than the settings say."""
    for listening, status in (("127.0.0.1", 200), ("192.168.1.5", 404), ("iplance.local", 404)):

        async def served(scope: Any, receive: Any, send: Any, listening: str = listening) -> None:
            await app({**scope, "server": (listening, 8000)}, receive, send)

        transport = httpx.ASGITransport(app=served)
        async with httpx.AsyncClient(transport=transport, base_url="https://localhost") as client:
            assert (await client.get("/demo/mail")).status_code == status, listening


def _production(**given: Any) -> Settings:
    return _settings(**{"environment": "production", "public_url": "https://iplance.example"} | given)


@pytest.mark.parametrize("name", ["database_url", "redis_url"])
def test_production_refuses_the_passwords_of_a_trial(name: str) -> None:
    scheme = {"database_url": "postgresql", "redis_url": "redis"}[name]
    for login, refused in (("iplance:iplance", True), (":iplance", True), ("iplance:of-its-own", False)):
        address = {name: SecretStr(f"{scheme}://{login}@server:1/0")}
        if refused:
            with pytest.raises(ValidationError, match="POSTGRES_PASSWORD and VALKEY_PASSWORD"):
                _production(**address)
        else:
            _production(**address)
        _settings(**address)  # a trial may have them


@pytest.mark.parametrize(
    "address",
    ["https://", "https:///", "https:iplance.example", "https://iplance.example/shop", "https://a.example?b=1"],
)
def test_a_public_address_without_a_host_or_with_a_path_is_refused(address: str) -> None:
    with pytest.raises(ValidationError, match="PUBLIC_URL must be"):
        _production(public_url=address)


def test_flower_in_production_needs_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWER_BASIC_AUTH", "")  # so that its absence is restored afterwards
    monkeypatch.delenv("FLOWER_BASIC_AUTH")
    command = ("celery", "-A", "app.tasks.config_tasks", "flower")
    with pytest.raises(SystemExit, match="FLOWER_BASIC_AUTH=user:password"):
        set_flower_password(command, _production())
    set_flower_password((*command, "--basic-auth=anna:word"), _production())
    set_flower_password(("celery", "-A", "app.tasks.config_tasks", "worker"), _production())
    set_flower_password(command, _settings())
    assert "FLOWER_BASIC_AUTH" not in os.environ  # noqa: TID251 - what Flower will read
    set_flower_password(command, _production(flower_basic_auth=SecretStr("anna:word")))
    assert os.environ["FLOWER_BASIC_AUTH"] == "anna:word"  # noqa: TID251 - what Flower will read


def test_production_moves_no_money_without_the_keys_for_it() -> None:
    provider: dict[str, Any] = {"payment_provider": "sandbox"}  # which is refused for itself once the keys are there
    with pytest.raises(ValidationError, match="LEDGER_SIGNING_KEY must be set to move money"):
        _production(**provider)
    with pytest.raises(ValidationError, match="ENCRYPTION_KEYS is missing"):
        _production(**provider, encryption_keys=SecretStr(" , "))
    with pytest.raises(ValidationError, match="moves no real money"):
        _production(**provider, ledger_signing_key=SecretStr("0123456789abcdef" * 4))
    assert not _production(payment_provider="none").has_payments
    assert not _production().has_payments
    assert _settings(**provider).has_payments


def test_the_doctor_names_what_production_lacks() -> None:
    bare = [subject for subject, _told in missing_settings(_production())]
    assert bare == ["proxy", "mail", "sender", "file scanner", "files", "Flower", "ledger"]
    complete = _production(
        trusted_proxies="127.0.0.1",
        smtp_host="mail.iplance.example",
        mail_from="ipLance <post@iplance.example>",
        scanner="clamd:3310",
        files_url="https://files.iplance.example",
        flower_basic_auth=SecretStr("anna:word"),
        ledger_signing_key=SecretStr("0123456789abcdef" * 4),
    )
    assert missing_settings(complete) == []
    (same,) = missing_settings(changed(complete, encryption_keys=SecretStr(KEY)))
    assert same[0] == "encryption"
    assert missing_settings(_settings()) == []


async def test_production_does_not_start_with_accounts_of_the_demonstration(uow: OpenUow, resources: Resources) -> None:
    production = replace(resources, settings=changed(resources.settings, environment="production"))
    first, second, *_others = demo_usernames()
    for username, password in ((first, DEMO_PASSWORD), (second, "a long password of her own")):
        async with uow() as work:
            await make_user(work.session, username=username, password=password)
    await refuse_demo_accounts(resources)
    with pytest.raises(
        StartupRefusedError, match=rf"demonstration.*: {first}\. .*python -m app ban {first}"
    ) as refused:
        await refuse_demo_accounts(production)
    assert startup_error_message(refused.value) == str(refused.value)
    async with uow() as work:
        found = await identity.find_named(work.session, first)
        assert found is not None
        await identity.ban(work, system_actor("root", "cli"), found.id, reason="Account of the demonstration.")
    await refuse_demo_accounts(production)

"""A trial instance is for its own machine: the network reaches neither its caught mail nor its demonstration."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr, ValidationError

from app.core.config import Settings

KEY = "0123456789abcdef" * 4
OPEN = ("0.0.0.0", "::", "192.168.1.5", "10.0.0.7", "iplance.local")  # noqa: S104 - these are what is refused


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOST", "PUBLIC_URL", "DEMO", "ENVIRONMENT", "PUBLISHED_ON_LOOPBACK", "BCRYPT_ROUNDS"):
        monkeypatch.delenv(name, raising=False)


def _settings(**given: Any) -> Settings:
    return Settings(secret_key=SecretStr(KEY), **given)


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

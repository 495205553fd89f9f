"""A separate host for files: links use it, it serves nothing else, and pages may show pictures from it."""

from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from pydantic import ValidationError

import app.main
from app.core.config import Settings, get_settings
from app.core.resources import Resources
from app.features.files.service import signed_links
from app.models import SubjectKind
from tests.factories.files import Files, halves
from tests.factories.orders import Market

SITE, FILES = "http://localhost:8000", "http://files.localhost:8000"


@pytest_asyncio.fixture
async def apart(monkeypatch: pytest.MonkeyPatch, resources: Resources) -> AsyncGenerator[httpx.AsyncClient]:
    """A person on a site whose files have a separate host."""
    settings = get_settings().model_copy(update={"files_url": FILES, "public_url": SITE})
    for module in (app.main, signed_links):
        monkeypatch.setattr(module, "get_settings", lambda: settings)
    object.__setattr__(resources, "settings", settings)
    site = app.main.create_app()
    site.state.resources = resources
    transport = httpx.ASGITransport(app=site, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=SITE) as client:
        yield client


async def test_files_and_the_site_are_apart(apart: httpx.AsyncClient, market: Market, files: Files) -> None:
    anna = await market.person("anna")
    await market.sign_in(apart, anna)
    sent = await files.make(anna, halves(), "me.png", SubjectKind.AVATAR)
    await apart.put("/api/v1/profiles/me/photo", json={"file": str(sent.id)})
    url = (await apart.get("/api/v1/profiles/anna")).json()["avatar_url"]
    assert url.startswith(f"{FILES}/files/")
    seen = await httpx.AsyncClient(transport=apart._transport).get(url)
    assert (seen.status_code, seen.headers["content-type"]) == (200, "image/webp")
    assert seen.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "sandbox" in seen.headers["content-security-policy"]
    page = await apart.get("/@anna")
    assert f"img-src 'self' data: {FILES};" in page.headers["content-security-policy"]
    assert url.replace("&", "&amp;") in page.text
    for address in ("/", "/api/v1/auth/me", "/static/x", "/orders", "/health/live"):
        nothing = await apart.get(f"{FILES}{address}")
        assert (nothing.status_code, nothing.text) == (404, "There are only files here.\n"), address
        assert "set-cookie" not in nothing.headers
    moved = await apart.get(url.replace(FILES, SITE))
    assert (moved.status_code, moved.headers["location"]) == (307, url)


async def test_a_link_on_the_other_host_ends_with_the_session(
    apart: httpx.AsyncClient, market: Market, files: Files
) -> None:
    anna = await market.person("anna")
    await market.sign_in(apart, anna)
    sent = await files.make(anna)
    url = (await apart.get(f"/api/v1/files/{sent.id}")).json()["url"]
    assert url.startswith(f"{FILES}/files/")
    there = httpx.AsyncClient(transport=apart._transport)
    assert (await there.get(url)).status_code == 200
    assert (await apart.post("/api/v1/auth/logout")).status_code == 200
    assert (await there.get(url)).status_code == 404


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"files_url": "http://localhost:9000"}, "another host"),
        ({"files_url": "files.example"}, "scheme and a host"),
        ({"files_url": "https://files.example/there"}, "scheme and a host"),
        ({"files_url": "ftp://files.example"}, "scheme and a host"),
    ],
)
def test_what_is_no_host_of_their_own(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Settings(public_url=SITE, secret_key=get_settings().secret_key, **changes)


def test_without_one_links_lead_to_the_site_itself() -> None:
    assert Settings(secret_key=get_settings().secret_key).files_origin == ""

"""Requests for names that are not the site's are refused."""

import httpx
import pytest
from fastapi import FastAPI

from app.core.config import Settings
from app.core.http.known_hosts import is_known, known_names
from tests.security.people import changed

SITE = "https://iplance.example"


@pytest.fixture
def names(settings: Settings) -> frozenset[str]:
    """Return the names of a site with its own host for files and one more name."""
    files = "https://files.iplance.example:8443"
    return known_names(changed(settings, public_url=SITE, files_url=files, allowed_hosts="www.iplance.example, Other"))


@pytest.mark.parametrize(
    "host",
    [
        "iplance.example",
        "IPLANCE.example:443",
        "files.iplance.example:8443",
        "www.iplance.example",
        "other",
        "localhost:8000",
        "iplance.localhost",
        "127.0.0.1:8000",
        "192.168.1.20",
        "[::1]:8000",
    ],
)
def test_names_of_the_site_and_addresses_are_known(names: frozenset[str], host: str) -> None:
    assert is_known(host, names)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "iplance.example.evil.example",
        "eviliplance.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "[::1",
        "evil.example@iplance.example.net",
        "0x7f000001",
    ],
)
def test_other_names_are_not(names: frozenset[str], host: str) -> None:
    assert not is_known(host, names)


@pytest.mark.parametrize("path", ["/", "/api/v1/orders", "/demo/mail", "/static/missing.css", "/orders"])
async def test_a_page_of_another_name_shows_nothing(app: FastAPI, path: str) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://rebound.example") as guest:
        english = await guest.get(path, headers={"Accept-Language": "en"})
        russian = await guest.get(path, headers={"Accept-Language": "ru"})
        probe = await guest.get("/health/live")
    assert (english.status_code, english.headers["content-type"]) == (421, "text/plain; charset=utf-8")
    assert english.text == "This site has another name. Its operator can add this one to ALLOWED_HOSTS.\n"
    assert russian.text.startswith("У этого сайта другое имя")
    assert probe.status_code == 200

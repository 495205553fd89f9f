"""Cookies are read as they are written: no other host of the domain can plant one of the `__Host-` names."""

import httpx
import pytest
from fastapi import FastAPI

from app.core.security.cookies import drop_malformed_cookies
from tests.security.people import ACCESS, API, CSRF, DEVICE, REFRESH, client_of, login, register

PLANTED = {
    "no-break space": b"\xa0%s=%s",
    "next line": b"\x85%s=%s",
    "no-break space behind": b"%s\xa0=%s",
    "tab": b"\t%s=%s",
    "vertical tab": b"\x0b%s=%s",
    "file separator": b"\x1c%s=%s",
    "UTF-8 of the no-break space": b"\xc2\xa0%s=%s",
    "quoted name": b'"%s"=%s',
    "second value": b"other=1 %s=%s",
    "comma": b"other=1,%s=%s",
    "space before the sign": b"%s =%s",
    "space in the value": b"%s= %s",
}


def _headers(*cookies: bytes) -> list[tuple[bytes, bytes]]:
    scope = {"headers": [(b"host", b"localhost"), *((b"cookie", cookie) for cookie in cookies), (b"accept", b"*/*")]}
    drop_malformed_cookies(scope)
    return scope["headers"]


@pytest.mark.parametrize("pattern", PLANTED.values(), ids=PLANTED)
async def test_a_planted_cookie_is_no_session(app: FastAPI, client: httpx.AsyncClient, pattern: bytes) -> None:
    await register(client)
    token = client.cookies[ACCESS].encode()
    browser = client_of(app)
    answer = await browser.get(f"{API}/me", headers=[(b"Cookie", pattern % (ACCESS.encode(), token))])
    assert answer.status_code == 401
    honest = await browser.get(f"{API}/me", headers=[(b"Cookie", b"%s=%s" % (ACCESS.encode(), token))])
    assert honest.status_code == 200


def test_only_well_written_cookies_stay() -> None:
    assert _headers(b'a=1; b="2"; c=; \xe9t=3; d=\xff; =4; e; f=1 2; g=%D0%B6') == [
        (b"host", b"localhost"),
        (b"accept", b"*/*"),
        (b"cookie", b'a=1; b="2"; c=; g=%D0%B6'),
    ]
    assert (b"cookie", b"a=1; b=3") in _headers(b"a=1; b=2", b"b=3;")
    assert not [header for header in _headers(b"\xa0a=1", b";;") if header[0] == b"cookie"]
    assert len(_headers()) == 2


async def test_each_sign_in_makes_a_new_device_value(client: httpx.AsyncClient) -> None:
    await register(client)
    planted = "planted-by-somebody-else"
    client.cookies.set(DEVICE, planted, domain="localhost")
    first = await login(client)
    second = await login(client)
    values = {planted, first.cookies[DEVICE], second.cookies[DEVICE]}
    assert len(values) == 3


def test_a_host_name_that_arrives_twice_has_no_value() -> None:
    assert (b"cookie", b"a=1") in _headers(b"__Host-x=1; a=1; __Host-x=2")
    assert (b"cookie", b"__Host-x=1; a=1") in _headers(b"__Host-x=1; a=1", b"__Host-x=1")
    assert not [header for header in _headers(b"__Host-x=1; __Host-x=") if header[0] == b"cookie"]


@pytest.mark.parametrize("pattern", ["{own}; {planted}", "{planted}; {own}", "{own}; csrf_token=; {planted}"])
@pytest.mark.parametrize("planted", ["evil", "their-own", '"quoted"'])
async def test_a_planted_csrf_cookie_stops_no_form(
    app: FastAPI, client: httpx.AsyncClient, pattern: str, planted: str
) -> None:
    await register(client)
    own = client.cookies[CSRF]
    if planted == "their-own":
        stranger = client_of(app)
        await register(stranger, username="Mallory", email="mallory@example.com", phone=None)
        planted = stranger.cookies[CSRF]
    session = f"{ACCESS}={client.cookies[ACCESS]}; {REFRESH}={client.cookies[REFRESH]}"
    csrf = pattern.format(own=f"{CSRF}={own}", planted=f"{CSRF}={planted}")
    browser = client_of(app)
    headers = {"Cookie": f"{session}; {csrf}"}
    page = await browser.get("/settings/security", headers=headers)
    assert f'value="{own}"' in page.text
    assert CSRF not in page.cookies
    refused = await browser.post(f"{API}/logout", headers=headers | {"X-CSRF-TOKEN": planted})
    assert refused.status_code == 403
    assert (await browser.post(f"{API}/logout", headers=headers | {"X-CSRF-TOKEN": own})).status_code == 200

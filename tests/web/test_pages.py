"""Pages that belong to no feature: status, language and headers."""

import httpx
import pytest
from bs4 import BeautifulSoup

from app.core.config import get_settings
from app.core.security.cookies import cookie_name
from app.core.security.signing import Signer
from app.web.flash import COOKIE, SIGNER
from tests.conftest import SignIn

HTML = {"Accept": "text/html"}
PUBLIC = ["/", "/design", "/nothing-here"]


def soup(answer: httpx.Response) -> BeautifulSoup:
    return BeautifulSoup(answer.text, "html.parser")


@pytest.mark.parametrize("path", [*PUBLIC, "/robots.txt", "/manifest.webmanifest", "/api/v1/none", "/static/none"])
async def test_every_answer_carries_the_security_headers(client: httpx.AsyncClient, path: str) -> None:
    headers = (await client.get(path, headers=HTML)).headers
    policy = dict(
        part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";") if " " in part.strip()
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "strict-origin-when-cross-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert "includeSubDomains" in headers["strict-transport-security"]


@pytest.mark.parametrize(
    ("language", "expected"), [("ru-RU,ru;q=0.9", "ru"), ("en-GB", "en"), ("de", "ru"), ("fr,en;q=0.5", "en")]
)
async def test_pages_speak_the_readers_language(client: httpx.AsyncClient, language: str, expected: str) -> None:
    answer = await client.get("/", headers={**HTML, "Accept-Language": language})
    assert soup(answer).html["lang"] == expected  # type: ignore[index]
    assert answer.headers["content-language"] == expected


async def test_language_and_theme_are_remembered(client: httpx.AsyncClient) -> None:
    first = await client.post("/preferences", data={"locale": "ru", "theme": "dark", "next": "/design?x=1"})
    assert first.status_code == 303
    assert first.headers["location"] == "/design?x=1"
    for cookie in first.headers.get_list("set-cookie"):
        assert cookie.startswith("__Host-")
        assert {"Secure", "HttpOnly", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    page = soup(await client.get("/", headers={**HTML, "Accept-Language": "en"}))
    assert (page.html["lang"], page.html["data-theme"]) == ("ru", "dark")  # type: ignore[index]
    await client.post("/preferences", data={"theme": "system"})
    page = soup(await client.get("/", headers=HTML))
    assert not page.html.has_attr("data-theme")  # type: ignore[union-attr]


@pytest.mark.parametrize("data", [{"locale": "xx"}, {"theme": "pink"}, {}, {"next": "//evil.example"}])
async def test_unknown_preferences_change_nothing(client: httpx.AsyncClient, data: dict[str, str]) -> None:
    answer = await client.post("/preferences", data=data)
    assert answer.headers["location"] == "/"
    assert answer.headers.get_list("set-cookie") == []


async def test_a_missing_page_says_so_kindly(client: httpx.AsyncClient) -> None:
    answer = await client.get("/nothing-here", headers=HTML)
    page = soup(answer)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert page.h1 is not None
    assert page.find("svg", class_="pony") is not None
    assert page.find("a", href="/orders") is not None


async def test_the_api_never_answers_with_a_page(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/none", headers=HTML)
    assert answer.headers["content-type"].startswith("application/problem+json")


@pytest.mark.parametrize("path", PUBLIC)
async def test_pages_have_one_heading_a_title_and_labelled_controls(client: httpx.AsyncClient, path: str) -> None:
    page = soup(await client.get(path, headers=HTML))
    assert len(page.find_all("h1")) == 1
    assert page.title is not None
    assert page.title.text.endswith("ipLance")
    assert page.find("a", class_="skip")["href"] == "#main"  # type: ignore[index]
    ids = [tag["id"] for tag in page.find_all(id=True)]
    labelled = {str(tag["for"]) for tag in page.find_all("label") if tag.has_attr("for")}
    for control in page.find_all(["input", "select", "textarea"]):
        if control.get("type") != "hidden":
            named = control.get("id") in labelled or control.has_attr("aria-label") or control.find_parent("label")
            assert named, control
    for reference in page.select("[aria-describedby]"):
        assert set(str(reference["aria-describedby"]).split()) <= {str(found) for found in ids}, reference


async def test_the_design_page_is_not_for_search_engines(client: httpx.AsyncClient) -> None:
    page = soup(await client.get("/design", headers=HTML))
    assert page.find("meta", attrs={"name": "robots"})["content"] == "noindex"  # type: ignore[index]


async def test_flash_messages_are_shown_once(client: httpx.AsyncClient) -> None:
    client.cookies.set(cookie_name(COOKIE), SIGNER.seal(get_settings(), b'[["Saved & kept","good"]]'))
    page = await client.get("/", headers=HTML)
    assert "Saved &amp; kept" in page.text
    assert any(cookie.startswith(f"{cookie_name(COOKIE)}=") and "Max-Age=0" in cookie
               for cookie in page.headers.get_list("set-cookie"))  # fmt: skip


FOREIGN = Signer("other").seal(get_settings(), b'[["Pay here","good"]]')


@pytest.mark.parametrize("value", ["", "x", "AAAA", "Ä", FOREIGN, "A" * 5000])
async def test_nobody_else_puts_words_on_our_pages(client: httpx.AsyncClient, value: str) -> None:
    headers = {**HTML, "Cookie": f"{cookie_name(COOKIE)}={value}"}
    page = await client.get("/", headers={k: v.encode("latin-1") for k, v in headers.items()})  # type: ignore[arg-type]
    assert page.status_code == 200
    assert 'class="alert' not in page.text


def test_signatures_do_not_mix() -> None:
    settings = get_settings()
    assert SIGNER.unseal(settings, SIGNER.seal(settings, b"x")) == b"x"
    assert Signer("theme").unseal(settings, SIGNER.seal(settings, b"x")) is None


async def test_a_summary_names_the_fields_in_their_order(client: httpx.AsyncClient) -> None:
    form = {"username": "a", "email": "x", "password": "12345", "phone": ""}
    page = soup(await client.post("/sign-up", data=form, headers={**HTML, "Accept-Language": "en"}))
    told = [item.get_text(strip=True) for item in page.select(".summary li a")]
    assert [text.partition(":")[0] for text in told[:2]] == ["User name", "E-mail address"]
    assert all(page.find(id=link["href"].removeprefix("#")) for link in page.select(".summary li a"))  # type: ignore[union-attr]  # one text each


@pytest.mark.parametrize("chosen", [{"locale": "en"}, {"theme": "dark"}])
async def test_who_is_signed_in_chooses_language_and_theme_by_the_forms_of_the_page(
    client: httpx.AsyncClient, sign_in: SignIn, chosen: dict[str, str]
) -> None:
    await sign_in(client, locale="ru")
    client.headers.pop("X-CSRF-TOKEN")
    name = next(iter(chosen))
    form = soup(await client.get("/", headers=HTML)).select_one(f"form[action='/preferences']:has([name={name}])")
    assert form is not None
    fields = {str(item["name"]): str(item["value"]) for item in form.select("input[type=hidden]")}
    assert (await client.post("/preferences", data={**fields, **chosen}, headers=HTML)).status_code == 303
    page = soup(await client.get("/", headers=HTML))
    assert (page.html["lang"] if name == "locale" else page.html["data-theme"]) == chosen[name]  # type: ignore[index]

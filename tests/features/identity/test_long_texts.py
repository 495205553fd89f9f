"""Long texts of signs that Unicode normalization multiplies or sorts: refused as others, without holding the loop."""

import time

import httpx
import pytest

from app.core import account_names
from app.core.security.passwords import PasswordHasher
from app.features.files.rules import clean_name
from app.features.identity import rules
from tests.conftest import SignIn
from tests.factories.users import PASSWORD
from tests.features.identity.test_endpoints import API, VERA, csrf
from tests.loop_holding import LIMIT_SECONDS

LONG = "ﷺ" * 60_000
MARKS = "a" + "\u0301\u0316" * 30_000
BURST = "ﷺ" * 320


@pytest.mark.parametrize("text", [LONG, MARKS, BURST, "a@" + LONG, LONG + "@example.com"], ids=str.__len__)
def test_no_parser_computes_for_long(text: str) -> None:
    for parse in (rules.username, account_names.email, lambda typed: account_names.phone(typed, "RU")):
        begun = time.thread_time()
        with pytest.raises(account_names.InvalidValue):
            parse(text)
        assert time.thread_time() - begun < LIMIT_SECONDS
    begun = time.thread_time()
    assert account_names.identify(text, "RU") == account_names.Identifier(username_key="")
    assert account_names.username_key(text) in ("", account_names.fold(BURST))
    assert len(clean_name(text + ".png")) <= 120
    assert time.thread_time() - begun < LIMIT_SECONDS


async def test_a_password_that_is_too_long_never_matches() -> None:
    hasher = PasswordHasher(4)
    begun = time.thread_time()
    assert await hasher.verify(MARKS, await hasher.hash("")) == (False, None)
    assert time.thread_time() - begun < LIMIT_SECONDS


@pytest.mark.parametrize("text", [LONG[:20_000], BURST], ids=["long", "grows"])
async def test_long_names_are_refused_over_http(client: httpx.AsyncClient, text: str) -> None:
    for field in ("username", "email", "phone"):
        refused = await client.post(f"{API}/register", json=VERA | {field: text})
        assert refused.status_code == 422, field
        assert refused.json()["errors"][0]["loc"] == ["body", field]
    for field in ("username", "email", "phone", "identifier"):
        answer = await client.post(f"{API}/login", json={field: text, "password": PASSWORD})
        assert answer.status_code == (401 if text == BURST else 422), field
    assert (await client.get(f"/api/v1/profiles/{text[:7000]}")).status_code == 422
    assert (await client.get(f"/@{text[:7000]}", headers={"Accept": "text/html"})).status_code in (404, 422)


async def test_long_texts_of_a_signed_in_person_are_refused(client: httpx.AsyncClient, sign_in: SignIn) -> None:
    await sign_in(client, username="vera")
    for text in (LONG, MARKS):
        refused = await client.patch(f"{API}/me", json={"display_name": text})
        assert (refused.status_code, refused.json()["errors"][0]["loc"]) == (422, ["body", "display_name"])
        closed = await client.post(
            "/settings/security/close",
            data={"current_password": text[:15_000], "csrf_token": csrf(client)["X-CSRF-TOKEN"]},
        )
        assert (closed.status_code, "password" in closed.text) == (403, True)
        assert 'name="current_password"' in closed.text, "the form is shown again"
    assert (await client.get(f"{API}/me")).status_code == 200

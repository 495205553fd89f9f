"""Limits of request bodies are checked in one place, in the same way for every route."""

import time
from collections.abc import AsyncGenerator
from contextlib import suppress

import httpx
import pytest
from fastapi import FastAPI, Request
from pydantic import BaseModel

from app.core.errors import InvalidError
from app.core.http.body_limits import (
    MAX_FORM_ESCAPES,
    MAX_JSON_VALUES,
    check_form,
    check_json,
    has_unstorable,
    media_type,
)
from app.core.http.problem_details import MAX_ERRORS, TooLargeError
from tests.factories.orders import Market

LIMIT = 65_536
SIGNED_IN_LIMIT = 524_288
URL = "/api/v1/echo"
JSON = {"Content-Type": "application/json"}


class Body(BaseModel):
    text: str
    more: dict[str, object] = {}


@pytest.fixture
def app(new_app: FastAPI) -> FastAPI:
    @new_app.post(URL)
    async def echo(body: Body) -> str:
        return body.text

    @new_app.post("/api/v1/empty")
    async def empty() -> str:
        return "ok"

    @new_app.get(URL + "/{name}")
    async def named(name: str, q: str = "") -> str:
        return name + q

    @new_app.post("/form")
    async def form(request: Request) -> str:
        return str((await request.form())["text"])

    return new_app


REFUSED = {
    "duplicate names": b'{"text": "a", "text": "b"}',
    "duplicate names deep inside": b'{"text": "a", "more": {"x": [{"y": 1, "y": 2}]}}',
    "byte order mark": b'\xef\xbb\xbf{"text": "a"}',
    "UTF-16": '{"text": "a"}'.encode("utf-16"),
    "UTF-16 without a mark": '{"text": "a"}'.encode("utf-16-le"),
    "UTF-32": '{"text": "a"}'.encode("utf-32"),
    "Latin-1": '{"text": "é"}'.encode("latin-1"),
    "trailing data": b'{"text": "a"} x',
    "two documents": b'{"text": "a"}{"text": "b"}',
    "NaN": b'{"text": "a", "more": {"x": NaN}}',
    "infinity": b'{"text": "a", "more": {"x": -Infinity}}',
    "cut short": b'{"text": "a"',
    "deeper than anybody needs": b'{"text": "a", "more": {"x": ' + b"[" * 30_000 + b"]" * 30_000 + b"}}",
    "a number of five thousand digits": b'{"text": "a", "more": {"x": ' + b"9" * 5_000 + b"}}",
    "NUL": b'{"text": "a\\u0000b"}',
    "raw NUL": b'{"text": "a\x00b"}',
    "half a pair": b'{"text": "\\ud83d"}',
    "the other half": b'{"text": "x\\ude00x"}',
    "half a pair in a name": b'{"text": "a", "more": {"\\ud800": 1}}',
    "half a pair in a list": b'{"text": "a", "more": {"x": ["\\udfff"]}}',
    "raw half of a pair": b'{"text": "\xed\xa0\xbd"}',
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
async def test_what_two_readers_would_read_differently_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post(URL, content=body, headers=JSON)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    assert found["code"] == "invalid"
    assert found["errors"][0]["loc"] == ["body"]
    assert found["errors"][0]["msg"]


@pytest.mark.parametrize(
    "body",
    [b'{"text": "\\ud83d\\ude00 \\u0436"}', '{"text": "😀 ж"}'.encode(), b' {"text"\n:"\\ud83d\\ude00 \xd0\xb6"} '],
)
async def test_whole_characters_arrive_however_they_are_written(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post(URL, content=body, headers={"Content-Type": "application/json; charset=utf-8"})
    assert (answer.status_code, answer.json()) == (200, "😀 ж")


async def test_the_refusal_names_what_stands_twice_in_the_readers_language(client: httpx.AsyncClient) -> None:
    body = b'{"text": "a", "text": "b"}'
    english = (await client.post(URL, content=body, headers=JSON)).json()
    russian = (await client.post(URL, content=body, headers={**JSON, "Accept-Language": "ru"})).json()
    assert english["errors"][0]["msg"] == "The name text stands twice in one object."
    assert russian["errors"][0]["msg"] == "Имя text встречается в одном объекте дважды."


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "nonsense", None]
)
async def test_another_kind_of_body_is_not_read(client: httpx.AsyncClient, kind: str | None) -> None:
    headers = {"Content-Type": kind} if kind else {}
    answer = await client.post(URL, content=b'{"text": "a"}', headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")


async def test_an_empty_body_may_name_its_kind_or_not(client: httpx.AsyncClient) -> None:
    for headers in ({}, JSON):
        assert (await client.post("/api/v1/empty", headers=headers)).status_code == 200
    refused = await client.post("/api/v1/empty", headers={"Content-Type": "text/plain"})
    assert refused.status_code == 415
    assert (await client.get(URL + "/a", headers=JSON)).status_code == 200
    assert (await client.get(URL + "/a", headers={"Content-Type": "text/plain"})).status_code == 200


async def test_the_limit_holds_to_the_byte(client: httpx.AsyncClient) -> None:
    frame = len(b'{"text": ""}')
    most = b'{"text": "' + b"a" * (LIMIT - frame) + b'"}'
    assert (await client.post(URL, content=most, headers=JSON)).status_code == 200
    over = b'{"text": "' + b"a" * (LIMIT - frame + 1) + b'"}'
    answer = await client.post(URL, content=over, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


async def test_only_addresses_for_signed_in_people_take_more(client: httpx.AsyncClient, market: Market) -> None:
    body = b'{"title": "' + b"a" * (SIGNED_IN_LIMIT - 20) + b'"}'
    for path in ("/api/v1/orders", "/api/v1/auth/login", "/api/v1/auth/register", "/api/v1/nowhere"):
        answer = await client.post(path, content=body, headers=JSON)
        assert answer.status_code == (401 if path == "/api/v1/orders" else 413), path
    await market.sign_in(client, await market.person())
    assert (await client.post("/api/v1/orders", content=body, headers=JSON)).status_code == 422
    assert (await client.post("/api/v1/orders", content=body + b" " * 20, headers=JSON)).status_code == 413


async def test_a_body_of_undeclared_length_is_counted_while_it_arrives(client: httpx.AsyncClient) -> None:
    sent = 0

    async def endless() -> AsyncGenerator[bytes]:
        nonlocal sent
        for _part in range(64):
            sent += 65_536
            yield b"a" * 65_536

    answer = await client.post(URL, content=endless(), headers=JSON)
    assert answer.status_code == 413
    assert sent < LIMIT + 2 * 65_536


async def test_a_person_gets_a_page(client: httpx.AsyncClient) -> None:
    answer = await client.post("/form", data={"text": "a" * LIMIT}, headers={"Accept": "text/html"})
    assert answer.status_code == 413
    assert answer.headers["content-type"].startswith("text/html")
    form = {"Accept": "text/html", "Content-Type": "application/x-www-form-urlencoded"}
    nul = await client.post("/form", content=b"text=a%%0000b", headers=form)
    assert nul.status_code == 422
    fine = await client.post("/form", data={"text": "при 100 %"}, headers={"Accept": "text/html"})
    assert fine.json() == "при 100 %"


@pytest.mark.parametrize("body", [b"other=%00&text=a%00b", b"te\x00xt=a\x00b", b"text=%00ab%00"])
async def test_nul_is_left_out_of_a_form(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/form", content=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert (answer.status_code, answer.json()) == (200, "ab")


async def test_nul_that_appears_when_nul_is_left_out_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        "/form", content=b"text=a%%0000b", headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert answer.status_code == 422


async def test_nul_in_an_address_finds_nothing(client: httpx.AsyncClient) -> None:
    assert (await client.get(URL + "/a%00b")).status_code == 404
    refused = await client.get(URL + "/a", params={"q": "x\0"})
    assert (refused.status_code, refused.json()["errors"][0]["loc"]) == (422, ["query"])


def test_parts() -> None:
    assert media_type("Application/JSON; charset=utf-8") == "application/json"
    assert media_type(None) == ""
    assert not has_unstorable({"a": ["b", 1, None, {"c": "😀"}]})
    check_json(b"")


HOSTILE = {
    "unknown names": b"{" + b",".join(b'"k%d": 1' % number for number in range(90_000)) + b"}",
    "one-letter texts": b"[" + b'"",' * 300_000 + b'""]',
    "deep lists": b"[" * 500_000 + b"]" * 500_000,
    "deep objects": b'{"a":' * 190_000 + b"1" + b"}" * 190_000,
    "a long number": b'{"a": ' + b"9" * 1_000_000 + b"}",
    "escapes": b'{"a": "' + b"\\u0041" * 170_000 + b'"}',
    "quotes": b'{"a": "' + b'\\"' * 500_000 + b'"}',
    "an open text": b'{"a": "' + b"," * 1_000_000,
    "commas": b"," * 1_000_000,
    "commas within a text": b'{"a": "' + b"," * 1_000_000 + b'"}',
    "exponents": b"[" + b"1e9," * 200_000 + b"1]",
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_checking_a_body_does_not_hold_the_event_loop(body: bytes) -> None:
    spent = []
    for _attempt in range(3):
        began = time.thread_time()
        with suppress(InvalidError):
            check_json(body[:SIGNED_IN_LIMIT])
        spent.append(time.thread_time() - began)
    assert min(spent) < 0.05


FORMS = {"empty fields": b"&" * 1_000_000, "escapes": b"a=" + b"%41" * MAX_FORM_ESCAPES, "names": b"a&b=&" * 200_000}


@pytest.mark.parametrize("body", FORMS.values(), ids=FORMS)
async def test_parsing_a_form_does_not_hold_the_event_loop(body: bytes) -> None:
    spent = []
    for _attempt in range(3):
        began = time.thread_time()
        with suppress(InvalidError):
            check_form(body[:SIGNED_IN_LIMIT])

            async def receive() -> dict[str, object]:
                return {"type": "http.request", "body": body[:SIGNED_IN_LIMIT], "more_body": False}

            headers = [(b"content-type", b"application/x-www-form-urlencoded")]
            await Request({"type": "http", "method": "POST", "headers": headers}, receive).form()
        spent.append(time.thread_time() - began)
    assert min(spent) < 0.05


async def test_a_form_with_more_escaped_letters_than_any_text_is_too_large(client: httpx.AsyncClient) -> None:
    assert (await client.post("/form", data={"text": "ы" * 10_000})).text == f'"{"ы" * 10_000}"'
    check_form(b"text=" + b"%D1%8B" * (MAX_FORM_ESCAPES // 2))
    with pytest.raises(TooLargeError):
        check_form(b"text=" + b"%D1%8B" * (MAX_FORM_ESCAPES // 2 + 1))


async def test_a_form_with_too_many_fields_is_refused(client: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept-Language": "ru"}
    refused = await client.post("/form", content=b"text=a" + b"&b=" * 1_000, headers=headers)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["msg"] == "В форме больше 1000 полей."


def test_values_are_counted_and_commas_in_texts_are_not() -> None:
    check_json(b'{"a": "' + b"," * 10_000 + b'"}')
    check_json(b"[" + b"1," * (MAX_JSON_VALUES - 1) + b"1]")
    with pytest.raises(InvalidError):
        check_json(b"[" + b"1," * MAX_JSON_VALUES + b"1]")


async def test_an_answer_names_few_errors_and_short_names(client: httpx.AsyncClient) -> None:
    names = {f"{'x' * 1_000}{number}": 1 for number in range(50)}
    answer = await client.post("/api/v1/auth/login", json=names)
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == MAX_ERRORS
    assert len(answer.content) < 8_000
    much = await client.post("/api/v1/auth/login", json={str(number): 1 for number in range(3_000)})
    assert "2000 values" in much.json()["errors"][0]["msg"]

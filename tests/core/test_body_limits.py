"""Limits of request bodies are checked in one place, in the same way for every route."""

from collections.abc import AsyncGenerator

import httpx
import pytest
from fastapi import FastAPI, Request
from pydantic import BaseModel

from app.core.http.body_limits import check_json, has_unstorable, media_type

LIMIT = 1_048_576
URL = "/api/v1/echo"
JSON = {"Content-Type": "application/json"}


class Body(BaseModel):
    text: str
    more: dict[str, object] = {}


@pytest.fixture
def app(app: FastAPI) -> FastAPI:
    @app.post(URL)
    async def echo(body: Body) -> str:
        return body.text

    @app.post("/api/v1/empty")
    async def empty() -> str:
        return "ok"

    @app.get(URL + "/{name}")
    async def named(name: str, q: str = "") -> str:
        return name + q

    @app.post("/form")
    async def form(request: Request) -> str:
        return str((await request.form())["text"])

    return app


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
    "deeper than anybody needs": b'{"text": "a", "more": {"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
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
    nul = await client.post("/form", data={"text": "a\0b"}, headers={"Accept": "text/html"})
    assert nul.status_code == 422
    fine = await client.post("/form", data={"text": "при 100 %"}, headers={"Accept": "text/html"})
    assert fine.json() == "при 100 %"


async def test_nul_in_an_address_finds_nothing(client: httpx.AsyncClient) -> None:
    assert (await client.get(URL + "/a%00b")).status_code == 404
    refused = await client.get(URL + "/a", params={"q": "x\0"})
    assert (refused.status_code, refused.json()["errors"][0]["loc"]) == (422, ["query"])


def test_parts() -> None:
    assert media_type("Application/JSON; charset=utf-8") == "application/json"
    assert media_type(None) == ""
    assert not has_unstorable({"a": ["b", 1, None, {"c": "😀"}]})
    check_json(b"")

"""Every error over HTTP has one shape and the language of the reader."""

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from app.core.errors import ConflictError, RateLimitedError
from app.core.i18n import N_


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=3)


@pytest.fixture
def app(new_app: FastAPI) -> FastAPI:
    @new_app.get("/api/v1/conflict")
    async def conflict() -> None:
        raise ConflictError(N_("You may not do this"))

    @new_app.get("/api/v1/limited")
    async def limited() -> None:
        raise RateLimitedError(retry_after=7)

    @new_app.get("/api/v1/broken")
    async def broken() -> None:
        raise KeyError("secret detail")

    @new_app.get("/api/v1/outage")
    async def outage() -> None:
        raise ConnectionRefusedError("postgres at 10.0.0.1")

    @new_app.get("/api/v1/library/{status}")
    async def library(status: int) -> None:
        raise HTTPException(status, "words of a library")

    @new_app.put("/api/v1/shape")
    async def shape(body: Shape) -> str:
        return body.name

    return new_app


async def test_a_domain_error_is_a_problem_document(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/conflict")
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["code"] == "conflict"
    assert body["detail"] == "You may not do this"
    assert body["request_id"] == answer.headers["x-request-id"]


async def test_the_reader_chooses_the_language(client: httpx.AsyncClient) -> None:
    english = (await client.get("/api/v1/conflict")).json()["title"]
    russian = (await client.get("/api/v1/conflict", headers={"Accept-Language": "ru"})).json()["title"]
    assert english == "This has changed in the meantime"
    assert any("а" <= letter <= "я" for letter in russian.lower())


@pytest.mark.parametrize(
    ("status", "code"), [(401, "unauthenticated"), (403, "forbidden"), (404, "not-found"), (413, "too-large")]
)
async def test_what_a_library_refuses_is_told_in_our_words(client: httpx.AsyncClient, status: int, code: str) -> None:
    answer = await client.get(f"/api/v1/library/{status}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "words of a library" not in answer.text


async def test_waiting_is_told_in_seconds(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/limited")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")


@pytest.mark.parametrize(("path", "status"), [("/api/v1/broken", 500), ("/api/v1/outage", 503)])
async def test_faults_of_ours_say_nothing_of_the_inside(client: httpx.AsyncClient, path: str, status: int) -> None:
    answer = await client.get(path)
    assert answer.status_code == status
    assert "secret" not in answer.text
    assert "10.0.0.1" not in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nowhere", 404, "not-found"),
        ("POST", "/api/v1/conflict", 405, "method-not-allowed"),
    ],
)
async def test_the_frameworks_own_refusals_too(
    client: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    answer = await client.request(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["code"] == code


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({}, "Please fill this in."),
        ({"name": ""}, "Please fill this in."),
        ({"name": "ab"}, "At least 3 characters, please."),
        ({"name": "abc", "more": 1}, "This field is not known here."),
    ],
)
async def test_bad_input_names_the_field_and_what_to_do(
    client: httpx.AsyncClient, body: dict[str, object], text: str
) -> None:
    answer = await client.put("/api/v1/shape", json=body)
    assert answer.status_code == 422
    assert [error["msg"] for error in answer.json()["errors"]] == [text]

"""CSP reports of browsers are counted and logged, limited in size and number, and without personal data."""

import json
from typing import Any

import httpx
import pytest
import structlog
from prometheus_client import REGISTRY
from starlette.responses import Response

from app.core.resources import Resources
from app.core.security.rate_limits import Rate
from app.web import csp_reports
from app.web.security_headers import SecurityHeadersMiddleware
from tests.security.people import another_app, client_of

OLD = {
    "csp-report": {
        "document-uri": "https://localhost/reset/confirm?token=secret-of-a-person#part",
        "violated-directive": "script-src-elem 'self'",
        "effective-directive": "script-src-elem",
        "blocked-uri": "https://user:word@evil.example/x.js?who=vera@example.com",
        "script-sample": "alert('words of a person')",
    }
}
NEW = [
    {"type": "csp-violation", "age": 1, "url": "https://localhost/", "user_agent": "Browser", "body": body}
    for body in (
        {"documentURL": "https://localhost/orders", "effectiveDirective": "style-src-attr", "blockedURL": "inline"},
        {"documentURL": "https://localhost/orders", "effectiveDirective": "img-src", "blockedURL": "data"},
    )
]


async def send(client: httpx.AsyncClient, body: Any, kind: str = "application/csp-report") -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await client.post("/csp-reports", content=content, headers={"Content-Type": kind})


def counted(directive: str) -> float:
    return REGISTRY.get_sample_value("iplance_csp_violations_total", {"directive": directive}) or 0


async def test_the_policy_names_where_reports_go(client: httpx.AsyncClient) -> None:
    answer = await client.get("/sign-in")
    policy = answer.headers["content-security-policy"]
    assert "; report-uri /csp-reports; report-to csp" in policy
    assert answer.headers["reporting-endpoints"] == 'csp="/csp-reports"'


async def test_a_report_of_the_older_shape_is_counted_and_logged(client: httpx.AsyncClient) -> None:
    before = counted("script-src-elem")
    with structlog.testing.capture_logs() as said:
        answer = await send(client, OLD)
    assert (answer.status_code, answer.content) == (204, b"")
    assert counted("script-src-elem") == before + 1
    [line] = [entry for entry in said if entry["event"] == "csp_violation"]
    assert (line["directive"], line["page"], line["blocked"]) == (
        "script-src-elem", "/reset/confirm", "https://evil.example",
    )  # fmt: skip
    for secret in ("secret-of-a-person", "vera", "user:word", "words of a person"):
        assert secret not in repr(said)


async def test_reports_of_the_newer_shape_come_many_at_once(client: httpx.AsyncClient) -> None:
    others = [{"type": "deprecation", "body": {"effectiveDirective": "img-src"}}, "no report", {"body": 1}]
    with structlog.testing.capture_logs() as said:
        assert (await send(client, [*NEW, *others], "application/reports+json")).status_code == 204
    lines = [entry for entry in said if entry["event"] == "csp_violation"]
    assert [(line["directive"], line["blocked"]) for line in lines] == [
        ("style-src-attr", "inline"),
        ("img-src", "data"),
    ]


async def test_a_made_up_directive_makes_no_new_counter_and_no_new_line(client: httpx.AsyncClient) -> None:
    before = counted("other")
    report = {"effective-directive": "x" * 5_000, "document-uri": "https://[", "blocked-uri": "a\nforged: line\x1b[31m"}
    with structlog.testing.capture_logs() as said:
        assert (await send(client, {"csp-report": report})).status_code == 204
    assert counted("other") == before + 1
    [line] = [entry for entry in said if entry["event"] == "csp_violation"]
    assert line["directive"] == "other"
    assert all(value.isprintable() and len(value) <= 120 for value in line.values())


async def test_one_report_adds_a_bounded_number_of_lines(client: httpx.AsyncClient) -> None:
    with structlog.testing.capture_logs() as said:
        assert (await send(client, [{"body": {}}] * 500, "application/reports+json")).status_code == 204
    assert len([entry for entry in said if entry["event"] == "csp_violation"]) == csp_reports.MAX_AT_ONCE


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"x" * 20_000, "application/csp-report", 413),
        (json.dumps(["x" * 20_000]).encode(), "application/reports+json", 413),
        (b"{", "application/csp-report", 422),
        (b"{}", "text/plain", 415),
        (b"a=1", "application/x-www-form-urlencoded", 415),
        (b"", "application/csp-report", 204),
    ],
)
async def test_what_is_no_report_is_refused(client: httpx.AsyncClient, body: bytes, kind: str, status: int) -> None:
    assert (await send(client, body, kind)).status_code == status


async def test_only_post_is_taken(client: httpx.AsyncClient) -> None:
    answer = await client.get("/csp-reports")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_reports_are_limited_by_address_and_altogether(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with another_app(resources) as app:
        async with client_of(app, peer="5.6.7.8") as flood, client_of(app, peer="9.8.7.6") as other:
            answers = [await send(flood, OLD) for _ in range(csp_reports.BY_ADDRESS.times + 1)]
            assert [answer.status_code for answer in answers[-2:]] == [204, 429]
            assert int(answers[-1].headers["retry-after"]) > 0
            assert (await send(other, OLD)).status_code == 204
        monkeypatch.setattr(csp_reports, "BY_EVERYBODY", Rate("csp-reports-few", 2, 60))
        async with client_of(app) as shared:
            assert [(await send(shared, OLD)).status_code for _ in range(3)] == [204, 204, 429]


async def test_a_report_with_the_cookies_of_a_session_needs_no_token_and_changes_none(
    client: httpx.AsyncClient, sign_in: Any
) -> None:
    await sign_in(client)
    del client.headers["X-CSRF-TOKEN"]
    client.cookies.delete("__Host-access_token")
    answer = await send(client, OLD)
    assert answer.status_code == 204
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        "/reset",
        "/reset/confirm?token=a",
        "/reset/confirm?token=" + "a" * 300,
        "/confirm-email?token=a",
        "/confirm-phone",
    ],
)
async def test_pages_of_resets_and_confirmations_tell_no_other_page_their_address(
    client: httpx.AsyncClient, path: str
) -> None:
    for method in ("GET", "POST", "DELETE"):
        answer = await client.request(method, path, headers={"Accept": "text/html"})
        assert answer.headers["referrer-policy"] == "no-referrer", (method, answer.status_code)
    assert (await client.get("/sign-in")).headers["referrer-policy"] == "strict-origin-when-cross-origin"


@pytest.mark.parametrize(("trustworthy", "policy"), [(True, "no-referrer"), (False, "same-origin")])
async def test_without_tls_elsewhere_a_reset_form_still_proves_its_origin(*, trustworthy: bool, policy: str) -> None:
    """A browser sends `Origin: null` under no-referrer, and no Sec-Fetch-Site to such an address."""
    wrapped = SecurityHeadersMiddleware(Response("page"), https=False, trustworthy=trustworthy)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=wrapped), base_url="http://server.home") as client:
        assert (await client.get("/reset")).headers["referrer-policy"] == policy

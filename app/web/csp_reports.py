"""Endpoint for violation reports of the Content-Security-Policy: counted and logged without personal data.

It is separate from the routers because a browser sends reports by itself, without a CSRF token and with or without
cookies. It reads no session, opens no transaction and returns no content.
"""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import structlog
from prometheus_client import Counter
from starlette.requests import Request
from starlette.responses import Response

from app.core.http.body_limits import check_json, media_type
from app.core.http.dependencies import connection_resources
from app.core.http.problem_details import TooLargeError, UnsupportedMediaTypeError
from app.core.security.address import client_address, limit_key
from app.core.security.rate_limits import Rate

log = structlog.get_logger()

PATH = "/csp-reports"
KINDS = ("application/csp-report", "application/reports+json", "application/json")
MAX_REPORT_BYTES = 16_384
MAX_AT_ONCE = 20
BY_ADDRESS = Rate("csp-reports", 30, 60)
BY_EVERYBODY = Rate("csp-reports-all", 300, 60)
DIRECTIVES = frozenset(
    {
        "base-uri", "connect-src", "default-src", "font-src", "form-action", "frame-ancestors", "frame-src", "img-src",
        "manifest-src", "media-src", "object-src", "script-src", "script-src-attr", "script-src-elem", "style-src",
        "style-src-attr", "style-src-elem", "worker-src",
    }
)  # fmt: skip
VIOLATIONS = Counter("iplance_csp_violations", "Violations that browsers reported", ["directive"])


async def receive_csp_reports(request: Request) -> Response:
    """Count and log each violation of a report.

    Raises:
        TooManyTriesError: Too many reports from one address, or in total.
        UnsupportedMediaTypeError: It is not a report.
        TooLargeError: It is longer than what browsers send.
        InvalidError: It is not JSON.
    """
    resources = connection_resources(request)
    address = client_address(request, resources.settings)
    await resources.limiter.hit(BY_ADDRESS, limit_key(address, resources.settings))
    await resources.limiter.hit(BY_EVERYBODY, "everybody")
    if media_type(request.headers.get("content-type")) not in KINDS:
        raise UnsupportedMediaTypeError
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_REPORT_BYTES:
            raise TooLargeError
    check_json(body)
    for report in list(_reports(json.loads(body or b"null")))[:MAX_AT_ONCE]:
        found = _log_fields(report)
        VIOLATIONS.labels(found["directive"]).inc()
        await log.awarning("csp_violation", **found)
    return Response(status_code=204)


def _reports(body: object) -> Iterator[dict[str, Any]]:
    """Yield the reports of both formats: one object under `csp-report`, or a list of typed ones."""
    for item in body if isinstance(body, list) else [body]:
        if not isinstance(item, dict):
            continue
        inner = item.get("csp-report") if "csp-report" in item else item.get("body")
        if isinstance(inner, dict) and item.get("type", "csp-violation") == "csp-violation":
            yield inner


def _log_fields(report: dict[str, Any]) -> dict[str, str]:
    """Return the fields to log: without query, fragment or a sample of the page's text."""

    def given(*names: str) -> str:
        value = next((report[name] for name in names if name in report), "")
        return value if isinstance(value, str) else ""

    directive = given("effectiveDirective", "effective-directive", "violated-directive").partition(" ")[0]
    page, blocked = _parts(given("documentURL", "document-uri")), _parts(given("blockedURL", "blocked-uri"))
    return {
        "directive": directive if directive in DIRECTIVES else "other",
        "page": page[1],
        "blocked": blocked[0] or blocked[1],
    }


def _parts(address: str) -> tuple[str, str]:
    """Return origin and path of an address, or the keyword used in place of one, limited in length."""
    try:
        parts = urlsplit(address[:2_000])
    except ValueError:
        return "", ""
    origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if parts.netloc else parts.scheme
    return _plain(origin), _plain(parts.path)


def _plain(text: str) -> str:
    return "".join(character for character in text if character.isprintable())[:120]

"""People who use the running site by programs, with their own cookies and CSRF tokens."""

import itertools
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import httpx

from tests.e2e.mail import code_of
from tests.e2e.stack import Stack, browser_like

API = "/api/v1"
PASSWORD = "correct horse battery staple"  # noqa: S105 - of accounts that exist only in a test
_numbers = itertools.count()
_run = secrets.token_hex(3)


def new_name(prefix: str) -> str:
    """Return an unused user name."""
    return f"{prefix}{_run}{next(_numbers)}"


class PublishedClient:
    """Behaves as the published web client: JSON in every request, the CSRF cookie sent back as a header.

    `proxied` is the public origin when the requests come through the client's own server, which passes the browser's
    headers on and sends the public host as `X-Forwarded-Host`.
    """

    def __init__(self, stack: Stack, *, proxied: str | None = None, language: str = "en") -> None:
        self.origin = proxied or stack.origin
        headers = {"Content-Type": "application/json", "Accept": "*/*", "Accept-Language": language}
        headers |= {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0 Safari/537.36"}
        headers |= {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
        if proxied:
            headers["X-Forwarded-Host"] = proxied.split("://", 1)[1]
        self.http = browser_like(stack.address if proxied else stack.origin, headers)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    def cookie(self, name: str) -> str | None:
        """Return a cookie's value."""
        return next((cookie.value for cookie in self.http.cookies.jar if cookie.name == name), None)

    def drop_cookie(self, name: str) -> None:
        """Remove a cookie, as a browser does when it expires."""
        for cookie in list(self.http.cookies.jar):
            if cookie.name == name:
                self.http.cookies.jar.clear(cookie.domain, cookie.path, cookie.name)

    def token_names(self) -> tuple[str, str]:
        """Return the names of the access and refresh cookies, whatever they are."""
        names = {cookie.name for cookie in self.http.cookies.jar}
        access = next(name for name in names if "access" in name)
        return access, next(name for name in names if "refresh" in name)

    async def call(
        self, method: str, path: str, body: object = None, *, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Send one request, with the CSRF header if there is the cookie."""
        sent = dict(headers or {})
        csrf = self.cookie("csrf_token")
        if csrf:
            sent.setdefault("X-CSRF-TOKEN", csrf)
        if method != "GET":
            sent.setdefault("Origin", self.origin)
        options: dict[str, Any] = {} if body is None else {"json": body}
        return await self.http.request(method, API + path, headers=sent, **options)

    async def get(self, path: str, **options: Any) -> httpx.Response:
        """Send a GET request."""
        return await self.call("GET", path, **options)

    async def post(self, path: str, body: object = None, **options: Any) -> httpx.Response:
        """Send a POST request."""
        return await self.call("POST", path, body, **options)


@dataclass
class Person(PublishedClient):
    """A person with an account, signed in."""

    stack: Stack
    name: str
    language: str = "en"
    user: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__(self.stack, language=self.language)

    @property
    def email(self) -> str:
        """The e-mail address of the person."""
        return f"{self.name}@example.com"

    async def register(self, **fields: str) -> Self:
        """Register the account."""
        body = {"username": self.name, "email": self.email, "password": PASSWORD, **fields}
        answer = await self.post("/auth/register", body)
        assert answer.status_code == 201, answer.text
        self.user = answer.json()
        return self

    async def confirm(self) -> Self:
        """Confirm the e-mail address by the code that arrives."""
        mail = await self.stack.mail.wait(self.email)
        answer = await self.post("/auth/confirm-email", {"code": code_of(mail)})
        assert answer.status_code == 200, answer.text
        return self

    async def sign_in(self) -> Self:
        """Sign in, for example on another device."""
        answer = await self.post("/auth/login", {"username": self.name, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        self.user = answer.json()
        return self


async def somebody(stack: Stack, prefix: str = "person", language: str = "en") -> Person:
    """Register a new person; close with `async with`, or leave it to the end of the process."""
    return await Person(stack, new_name(prefix), language).register()

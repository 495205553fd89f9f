"""The headers that tell a browser what our pages never do; pure ASGI, because it runs on every answer."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; "
    "frame-ancestors 'none'; report-uri /csp-reports; report-to csp"
)
PERMISSIONS = (
    "accelerometer=(), autoplay=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
    "magnetometer=(), microphone=(), midi=(), payment=(), usb=(), browsing-topics=()"
)
REPORTS = 'csp="/csp-reports"'
# Their addresses hold secrets, end mails, or say who forgot a password: no other page learns them, whatever the
# answer is.
SECRET_ADDRESSES = ("/reset", "/confirm-email", "/confirm-phone", "/unsubscribe")
HSTS = "max-age=63072000; includeSubDomains"


def security_headers(*, https: bool, files_origin: str = "") -> list[tuple[bytes, bytes]]:
    """Return the headers of every answer; pictures may come from the host that files have to themselves."""
    policy = CSP.replace("data:", f"data: {files_origin}", 1) if files_origin else CSP
    headers = {
        "content-security-policy": policy + ("; upgrade-insecure-requests" if https else ""),
        "x-content-type-options": "nosniff",
        "referrer-policy": "strict-origin-when-cross-origin",
        "x-frame-options": "DENY",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": PERMISSIONS,
        "reporting-endpoints": REPORTS,
    }
    if https:
        headers["strict-transport-security"] = HSTS
    return [(name.encode(), value.encode()) for name, value in headers.items()]


class SecurityHeadersMiddleware:
    """Adds the headers unless the answer already brings its own, stricter ones."""

    def __init__(self, app: ASGIApp, *, https: bool, trustworthy: bool, files_origin: str = "") -> None:
        self.app = app
        self.headers = security_headers(https=https, files_origin=files_origin)
        # With no-referrer a browser names no Origin for a form either, and to an address that is not trustworthy (plain
        # HTTP elsewhere than on this machine) it sends no Sec-Fetch-Site that could stand in for it.
        referrer = b"no-referrer" if trustworthy else b"same-origin"
        self.secret = [pair for pair in self.headers if pair[0] != b"referrer-policy"] + [
            (b"referrer-policy", referrer)
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wrap one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = self.secret if scope["path"].startswith(SECRET_ADDRESSES) else self.headers

        async def stamped(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = message.setdefault("headers", [])
                present = {name.lower() for name, _value in given}
                message["headers"] = [*given, *(pair for pair in headers if pair[0] not in present)]
            await send(message)

        await self.app(scope, receive, stamped)

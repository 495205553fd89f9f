"""Security headers of every response; pure ASGI for speed."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.http.dependencies import API_ROOT

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
# These addresses contain secrets, unsubscribe from e-mails, or reveal who forgot a password: no other page may learn
# them, whatever the response is.
SECRET_ADDRESSES = ("/reset", "/confirm-email", "/confirm-phone", "/unsubscribe")
NO_STORE = (b"cache-control", b"no-store")
"""For answers of the API, unless a route says otherwise: browsers and proxies may keep whatever says nothing."""
HSTS = "max-age=63072000; includeSubDomains"


def security_headers(*, https: bool, files_origin: str = "") -> list[tuple[bytes, bytes]]:
    """Return the headers of every response; images may also come from the separate host of files."""
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
    """Adds the headers unless the response already has its own, stricter ones."""

    def __init__(self, app: ASGIApp, *, https: bool, trustworthy: bool, files_origin: str = "") -> None:
        self.app = app
        self.headers = security_headers(https=https, files_origin=files_origin)
        # With no-referrer a browser sends no Origin with forms either, and to an origin that is not trustworthy (plain
        # HTTP
        # elsewhere than on this machine) it sends no Sec-Fetch-Site that could replace it.
        referrer = b"no-referrer" if trustworthy else b"same-origin"
        self.secret = [pair for pair in self.headers if pair[0] != b"referrer-policy"] + [
            (b"referrer-policy", referrer)
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = self.secret if scope["path"].startswith(SECRET_ADDRESSES) else self.headers
        if scope["path"].startswith(API_ROOT):
            headers = [*headers, NO_STORE]

        async def stamped(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = message.setdefault("headers", [])
                present = {name.lower() for name, _value in given}
                message["headers"] = [*given, *(pair for pair in headers if pair[0] not in present)]
            await send(message)

        await self.app(scope, receive, stamped)

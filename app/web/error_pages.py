"""HTML pages of errors."""

from urllib.parse import urlencode, urlsplit

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from app.core.errors import DomainError, ErrorKind
from app.core.i18n import _
from app.web.flash import redirect
from app.web.safe_redirects import safe_redirect_target
from app.web.templating import here, render

KNOWN = {403, 404, 409, 422, 429, 500, 503}


def _referring_page(request: Request) -> str:
    """Return the page of this site that sent the form, by the Referer header."""
    try:
        referrer = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return "/"
    address = f"{referrer.path}?{referrer.query}" if referrer.query else referrer.path
    return safe_redirect_target(address, "/") if referrer.netloc == request.headers.get("host") else "/"


async def error_page(request: Request, error: DomainError, status: int) -> Response:
    """Render an error as a page; guests are asked to sign in where that helps, and return to the page."""
    if error.kind is ErrorKind.UNAUTHENTICATED:
        if request.method == "GET":
            return RedirectResponse(f"/sign-in?{urlencode({'next': here(request)})}", status_code=303)
        message = _("You were signed out meanwhile, so nothing was sent. Sign in and send it again.")
        return redirect(f"/sign-in?{urlencode({'next': _referring_page(request)})}", message, "warn")
    context = {
        "status": status,
        "kind": status if status in KNOWN else (500 if status >= 500 else 422),  # noqa: PLR2004 - server errors
        "title": _(error.title),
        "detail": error.text(),
        "errors": [item.text() for item in error.errors],
        "retry_after": error.retry_after,
        "request_id": request.scope.get("request_id", ""),
    }
    return render(request, "errors/error.html", context, status)

"""A failure as a page: what happened, what was kept, what to do."""

from urllib.parse import urlencode, urlsplit

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from app.core.errors import DomainError, ErrorKind
from app.core.i18n import _
from app.web.flash import redirect
from app.web.safe_redirects import safe_redirect_target
from app.web.templating import here, render

KNOWN = {403, 404, 409, 422, 429, 500, 503}


def _page_of_the_form(request: Request) -> str:
    """Return the page of ours that sent this form, as the browser says."""
    try:
        came = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return "/"
    address = f"{came.path}?{came.query}" if came.query else came.path
    return safe_redirect_target(address, "/") if came.netloc == request.headers.get("host") else "/"


async def error_page(request: Request, error: DomainError, status: int) -> Response:
    """Render a failure for a person; who is not signed in is asked to, and comes back to the page."""
    if error.kind is ErrorKind.UNAUTHENTICATED:
        if request.method == "GET":
            return RedirectResponse(f"/sign-in?{urlencode({'next': here(request)})}", status_code=303)
        said = _("You were signed out meanwhile, so nothing was sent. Sign in and send it again.")
        return redirect(f"/sign-in?{urlencode({'next': _page_of_the_form(request)})}", said, "warn")
    context = {
        "status": status,
        "kind": status if status in KNOWN else (500 if status >= 500 else 422),  # noqa: PLR2004 - HTTP's own line
        "title": _(error.title),
        "detail": error.text(),
        "errors": [item.text() for item in error.errors],
        "retry_after": error.retry_after,
        "request_id": request.scope.get("request_id", ""),
    }
    return render(request, "errors/error.html", context, status)

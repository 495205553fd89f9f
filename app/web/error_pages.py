"""HTML pages of errors."""

from urllib.parse import urlencode

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from app.core.errors import DomainError, ErrorKind
from app.core.i18n import _
from app.web.flash import redirect
from app.web.resending import ask_to_resend, referring_page
from app.web.templating import here, render

KNOWN = {403, 404, 409, 422, 429, 500, 503}


async def error_page(request: Request, error: DomainError, status: int) -> Response:
    """Render an error as a page; guests are asked to sign in where that helps, and return to the page."""
    if error.kind is ErrorKind.UNAUTHENTICATED:
        if request.method == "GET":
            return RedirectResponse(f"/sign-in?{urlencode({'next': here(request)})}", status_code=303)
        message = _("You were signed out meanwhile, so nothing was sent. Sign in and send it again.")
        return redirect(f"/sign-in?{urlencode({'next': referring_page(request)})}", message, "warn")
    again = await ask_to_resend(request, error, status)
    if again is not None:
        return again
    context = {
        "status": status,
        "kind": status if status in KNOWN else (500 if status >= 500 else 422),  # noqa: PLR2004 - server errors
        "title": _(error.title),
        "detail": error.text(),
        "errors": [item.text() for item in error.errors],
        "request_id": request.scope.get("request_id", ""),
    }
    return render(request, "errors/error.html", context, status)

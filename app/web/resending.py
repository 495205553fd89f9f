"""The page that shows a form again as it was sent, with a button that sends it once more."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from app.core.errors import DomainError, RateLimitedError
from app.core.http.problem_details import TooManyBodiesError
from app.core.http.submissions import AGAIN_FIELD, ONCE_FIELD, AlreadySentError
from app.core.i18n import _
from app.core.security.csrf import CSRF_FIELD, CSRF_HEADER, CsrfError, is_from_own_page
from app.web.flash import redirect
from app.web.model_forms import SECRET_FIELDS
from app.web.safe_redirects import safe_redirect_target
from app.web.templating import here, render

LONG_TEXT = 40
"""From this length on a value is shown as a text that can be changed and copied."""


@dataclass(frozen=True, slots=True)
class SentField:
    """One value of a form."""

    name: str
    value: str
    is_text: bool


def referring_page(request: Request) -> str:
    """Return the page of this site that sent the form, by the Referer header."""
    try:
        referrer = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return "/"
    address = f"{referrer.path}?{referrer.query}" if referrer.query else referrer.path
    return safe_redirect_target(address, "/") if referrer.netloc == request.headers.get("host") else "/"


def _is_secret(name: str) -> bool:
    return name in SECRET_FIELDS or "password" in name


def _sent(form: FormData) -> dict[str, Any]:
    """Return the values of a form for the template, without its secrets and files."""
    left_out = (CSRF_FIELD, ONCE_FIELD, AGAIN_FIELD)
    fields = [
        SentField(name, value, len(value) >= LONG_TEXT or "\n" in value)
        for name, value in form.multi_items()
        if isinstance(value, str) and name not in left_out and not _is_secret(name)
    ]
    return {
        "fields": fields,
        "has_secrets": any(_is_secret(name) for name in form if name != CSRF_FIELD),
        "has_files": any(isinstance(value, UploadFile) and value.filename for value in form.values()),
    }


async def ask_to_resend(request: Request, error: DomainError, status: int) -> Response | None:
    """Return the page for a form that was not accepted although it may be sent again; None for other errors.

    A token that is not valid any more belongs to a page of before a sign-in in another tab. The form is shown only if
    the browser says that it comes from a page of ours; another site could otherwise put words into it.
    """
    if isinstance(error, AlreadySentError):
        return await _already_sent(request, error, status)
    if isinstance(error, CsrfError) and CSRF_HEADER not in request.headers and is_from_own_page(request):
        return await _page(request, error, status, _("This page is older than your sign-in, so nothing was sent."))
    if isinstance(error, RateLimitedError) and not isinstance(error, TooManyBodiesError) and request.method == "POST":
        return await _send_later(request, error, status)
    return None


async def _send_later(request: Request, error: RateLimitedError, status: int) -> Response | None:
    """Return the page with the texts of a form that came too early; None where nothing was written."""
    if not is_from_own_page(request):
        return None
    sent = _sent(await request.form())
    if sent["has_secrets"] or not any(field.is_text for field in sent["fields"]):
        return None
    return await _page(request, error, status, error.text())


async def _already_sent(request: Request, error: AlreadySentError, status: int) -> Response:
    earlier = error.earlier
    if earlier.is_same_form and earlier.is_same_content:
        return redirect(
            earlier.location, _("It was sent twice and taken once. Here it is."), "note", done=earlier.draft
        )
    said = (
        _("This form was sent before, and you have changed something since.")
        if earlier.is_same_form
        else _("You have sent exactly the same a few minutes ago.")
    )
    return await _page(request, error, status, said)


async def _page(request: Request, error: DomainError, status: int, said: str) -> Response:
    earlier = error.earlier if isinstance(error, AlreadySentError) else None
    context = {
        **_sent(await request.form()),
        "title": _(error.title),
        "said": said,
        "action": here(request),
        "back": referring_page(request),
        "earlier": earlier.location if earlier else None,
        "again": AGAIN_FIELD if earlier else None,
    }
    return render(request, "errors/send_again.html", context, status)

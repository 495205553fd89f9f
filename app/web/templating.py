"""Rendering of pages with Jinja."""

import gzip
from collections.abc import Mapping, MutableMapping
from functools import lru_cache
from pathlib import Path
from typing import Any, override

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from app.core import i18n
from app.core.actor import Actor
from app.core.clock import turned_forward, utc_now
from app.core.http.dependencies import connection_resources
from app.core.http.submissions import ONCE_FIELD, new_once_token
from app.core.security.cookies import LOCALE_COOKIE, cookie_name, read_cookie
from app.core.security.csrf import CSRF_FIELD
from app.web.assets import asset_url, icon_href
from app.web.flash import forget_flashes, read_flashes
from app.web.formatting import FILTERS, fill, number
from app.web.forms import FormState
from app.web.fragment_cache import cached_fragment

TEMPLATES = Path(__file__).parent / "templates"
CSRF_COOKIE = "csrf_token"
THEME_COOKIE = "theme"
PACK_FROM = 1024
THEMES = ("light", "dark", "system")
_HIDDEN_FIELD = Markup('<input type="hidden" name="{name}" value="{value}">')


def _gettext(message: str, **params: object) -> Markup:
    """Translate a template's text; the values of its placeholders are escaped unless they are markup already."""
    text = _escaped(message, i18n.current_locale())
    return fill(text, **params) if params else text


@lru_cache(maxsize=4096)
def _escaped(message: str, _locale: str) -> Markup:
    """Translate with a cache: there are some hundreds of texts, and a page uses up to a hundred of them."""
    return escape(i18n._(message))


def _ngettext(singular: str, plural: str, count: int, **params: object) -> Markup:
    text = escape(i18n.ngettext(singular, plural, count))
    return fill(text, count=number(count), **params)


def csrf_token(request: Request) -> str:
    """Return the CSRF token for this visitor's forms; identity issues it."""
    state = getattr(request.state, "csrf_token", None)
    return state if isinstance(state, str) else request.cookies.get(CSRF_COOKIE, "")


def csrf_field(request: Request) -> Markup:
    """Return the hidden CSRF field of a form."""
    return fill(_HIDDEN_FIELD, name=CSRF_FIELD, value=csrf_token(request))


def once_field() -> Markup:
    """Return the hidden one-time value of a form that makes something."""
    return fill(_HIDDEN_FIELD, name=ONCE_FIELD, value=new_once_token())


def current_actor(request: Request) -> Actor | None:
    """Return the signed-in actor that the dependencies of this request found."""
    found = getattr(request.state, "actor", None)
    return found if isinstance(found, Actor) else None


def account_of(request: Request) -> str:
    """Return the key by which scripts separate the accounts of one browser; empty for a guest."""
    actor = current_actor(request)
    return str(actor.id) if actor else ""


def current_theme(request: Request) -> str:
    """Return the chosen theme, or `system`."""
    chosen = read_cookie(request, THEME_COOKIE)
    return chosen if chosen in THEMES else "system"


def is_plain_guest(request: Request) -> bool:
    """Tell whether a page depends on nothing about the visitor except the language and the theme."""
    known = {cookie_name(name) for name in (THEME_COOKIE, LOCALE_COOKIE)} | {LOCALE_COOKIE}
    return known.issuperset(request.cookies) and "authorization" not in request.headers


class Pages(Environment):
    """Templates that all share the same globals.

    Jinja would create a map for each template on top of them, and compare these maps at every import of every page.
    """

    @override
    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return the shared globals where a template has none of its own."""
        return super().make_globals(d) if d else self.globals


@lru_cache
def environment() -> Environment:
    """Return the Jinja environment: everything is escaped, and every unknown name is an error."""
    made = Pages(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do"],
        auto_reload=False,
    )
    made.globals.update(
        _=_gettext,
        ngettext=_ngettext,
        asset=asset_url,
        icon_href=icon_href,
        csrf_field=csrf_field,
        once_field=once_field,
        account_of=account_of,
        current_locale=i18n.current_locale,
        locales=i18n.LOCALES,
        themes=THEMES,
        form_state=FormState,
        cached_fragment=cached_fragment,
    )
    made.filters.update(FILTERS)
    return made


def here(request: Request) -> str:
    """Return the address of this page within the site, as a redirect target."""
    query = request.scope.get("query_string", b"").decode("latin-1")
    path = str(request.scope.get("path", "/"))
    return f"{path}?{query}" if query else path


def _trial_time(request: Request) -> dict[str, Any]:
    """Return the time of a demonstration for the strip on each page, and by how many seconds it is turned forward."""
    if not connection_resources(request).settings.is_trial:
        return {"trial_time": None}
    return {"trial_time": utc_now(), "trial_turned": round(turned_forward().total_seconds())}


@lru_cache
def compile_templates() -> None:
    """Compile every template: together they take more than a second, and the first pages after a start would wait."""
    for name in environment().list_templates():
        environment().get_template(name)


def render(
    request: Request, template: str, context: Mapping[str, Any] | None = None, status_code: int = 200
) -> HTMLResponse:
    """Render a template for this visitor; language, theme, flash messages and the actor are added to the context."""
    flashes = read_flashes(request)
    actor = current_actor(request)
    page = environment().get_template(template)
    html = page.render(
        {
            "request": request,
            "actor": actor,
            "theme": current_theme(request),
            "flash_messages": flashes,
            "path": str(request.scope.get("path", "/")),
            "here": here(request),
            **_trial_time(request),
            **(context or {}),
        }
    )
    headers = {
        "Cache-Control": "no-store" if actor else "private, no-cache",
        "Vary": "Cookie, Accept-Language",
        "Content-Language": i18n.current_locale(),
    }
    body = html.encode()
    if actor is None and "gzip" in request.headers.get("accept-encoding", "") and len(body) > PACK_FROM:
        # Only pages without personal data: the length of compressed secrets can be observed from outside (BREACH).
        body = gzip.compress(body, 5)
        headers["Content-Encoding"] = "gzip"
        headers["Vary"] += ", Accept-Encoding"
    response = HTMLResponse(body, status_code, headers)
    if flashes:
        forget_flashes(response)
    return response

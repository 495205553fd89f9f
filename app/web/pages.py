"""Pages that belong to no feature: preferences, manifest, robots.txt, API reference, design system."""

from datetime import timedelta
from typing import Annotated

from fastapi import Form, Query, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from app.core.clock import utc_now
from app.core.http.dependencies import API_ROOT, FeatureRouter
from app.core.i18n import LOCALES, _
from app.core.money import Currency, Money
from app.core.security.cookies import LOCALE_COOKIE, YEAR, drop_cookie, set_cookie
from app.core.text.amounts import AmountError
from app.web.assets import asset_url
from app.web.flash import redirect
from app.web.formatting import describe_amount, money
from app.web.forms import FormState
from app.web.order_cards import OrderCard
from app.web.safe_redirects import safe_redirect_target
from app.web.templating import THEME_COOKIE, THEMES, render

router = FeatureRouter(include_in_schema=False)


@router.post("/preferences")
async def choose_preferences(
    locale: Annotated[str | None, Form()] = None,
    theme: Annotated[str | None, Form()] = None,
    next: Annotated[str | None, Form()] = None,  # noqa: A002 - the field's name in the form
) -> Response:
    """Store the language or the theme in a cookie of this browser; the account is not changed."""
    response = redirect(safe_redirect_target(next))
    if locale in LOCALES:
        set_cookie(response, LOCALE_COOKIE, locale, max_age=YEAR)
    if theme == "system":
        drop_cookie(response, THEME_COOKIE)
    elif theme in THEMES:
        set_cookie(response, THEME_COOKIE, theme, max_age=YEAR)
    return response


@router.get("/manifest.webmanifest")
async def manifest() -> Response:
    """Return the web app manifest, for installation on a home screen."""
    body = {
        "name": "ipLance",
        "short_name": "ipLance",
        "start_url": "/",
        "display": "standalone",
        "background_color": "#faf8fc",
        "theme_color": "#6a0dad",
        "icons": [
            {"src": asset_url("icon.svg"), "sizes": "any", "type": "image/svg+xml"},
            {"src": asset_url("icon-192.png"), "sizes": "192x192", "type": "image/png"},
            {"src": asset_url("icon-512.png"), "sizes": "512x512", "type": "image/png", "purpose": "maskable"},
        ],
    }
    return JSONResponse(body, media_type="application/manifest+json", headers={"Cache-Control": "max-age=86400"})


@router.get("/favicon.ico")
async def favicon() -> Response:
    """Redirect old browsers to the built icon."""
    return Response(status_code=302, headers={"Location": asset_url("icon-192.png"), "Cache-Control": "max-age=86400"})


@router.get("/robots.txt")
async def robots() -> Response:
    """Return the addresses that crawlers should not visit."""
    return PlainTextResponse(
        f"User-agent: *\nDisallow: {API_ROOT}\nDisallow: /design\nDisallow: /settings\nDisallow: /openapi.json\n"
    )


@router.get("/amount")
async def read_amount(
    amount: Annotated[str, Query()] = "", currency: Annotated[str, Query()] = Currency.RUB.value
) -> Response:
    """Return how an amount is read, or why it is not understood, while it is being typed."""
    if not amount.strip():
        return PlainTextResponse("")
    try:
        return PlainTextResponse(describe_amount(amount, currency))
    except AmountError as wrong:
        return PlainTextResponse(wrong.at("amount").text())


@router.get("/docs")
async def api_reference(request: Request) -> Response:
    """Show the OpenAPI document with Swagger UI, which is served from here and allowed by our own policy."""
    return render(request, "web/api_reference.html")


@router.get("/design")
async def design(request: Request) -> Response:
    """Show every widget in every state; changes of the design are judged on this page."""
    now = utc_now()
    order = OrderCard(
        title=_("Online shop for a small bakery: catalogue, basket, delivery by districts"),
        href="#order-card",
        money=money(Money(150_000_00, Currency.RUB)),
        text=_("We bake bread and sell it ourselves. We need a quick site where people order by seven in the evening."),
        when=now - timedelta(hours=3),
        skills=("Python", "FastAPI", "PostgreSQL"),
        answers=7,
        customer="bakery_on_pokrovka",
    )
    wrong = FormState(
        {"title": ("Hm",), "budget": ("-5",), "kind": ("fixed",), "skills": ("2", "3")},
        {"title": _("At least 10 characters, please."), "budget": _("More than 0, please.")},
        touched=True,
    )
    earlier = {"name": "brief-1.pdf", "version": 1, "size": 240_100, "url": "#d-files", "created_at": now}
    files = [
        {
            "id": name,
            "name": name,
            "size": size,
            "status": status,
            "note": note,
            "url": url,
            "preview_url": None,
            "taken_down": False,
        }
        | ({"version": 2, "earlier": [earlier]} if status == "ready" else {"earlier": []})
        for name, size, status, note, url in (
            ("brief.pdf", 248_320, "ready", None, "#d-files"),
            ("photos.zip", 18_874_368, "processing", None, None),
            ("logo.png", 9_120, "refused", _("The content is not what the name says."), None),
        )
    ]
    context = {
        "files": files,
        "order": order,
        "f": FormState(),
        "wrong": wrong,
        "now": now,
        "price": Money(150_000_50, Currency.RUB),
    }
    return render(request, "web/design.html", context)

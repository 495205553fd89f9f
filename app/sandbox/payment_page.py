"""The pages for people: a payer pays, and a self-employed person lets receipts be registered."""

import re
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qs

from babel.numbers import format_currency, get_currency_precision
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from app.core.i18n import LOCALES, _, current_locale, negotiate, set_locale
from app.sandbox.books import Body
from app.sandbox.context import context_of, raw_body, refusal
from app.sandbox.outcomes import TEST_CARDS, Step
from app.sandbox.problems import Problem
from app.sandbox.provider import Provider

_TEMPLATES = Path(__file__).parent / "templates"
_DELAY_SECONDS = 3600
_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


@lru_cache
def _environment() -> Environment:
    made = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined)
    made.globals["_"] = _
    return made


def shown_amount(amount: int, currency: str) -> str:
    """Return an amount in minor units as people read it in the language of the request."""
    whole = Decimal(amount).scaleb(-get_currency_precision(currency))
    return format_currency(whole, currency, "#,##0.00\N{NO-BREAK SPACE}¤", locale=current_locale())


def _page(request: Request, name: str, status: int = 200, **values: object) -> Response:
    chosen = request.query_params.get("lang", "")
    set_locale(chosen if chosen in LOCALES else negotiate(request.headers.get("accept-language")))
    if "payment" in values:
        payment = values["payment"]
        assert isinstance(payment, dict)  # noqa: S101 - for the type checker
        values["amount"] = shown_amount(payment["amount"], payment["currency"])
    text = (
        _environment()
        .get_template(name)
        .render(lang=current_locale(), languages={"ru": "Русский", "en": "English"}, **values)
    )
    return HTMLResponse(text, status, headers=_HEADERS)


def _state(payment: Body) -> str:
    """Return which part of the page is shown."""
    return str(payment["step"] if payment["status"] == "pending" else payment["status"])


def _found(request: Request) -> Body | None:
    provider = context_of(request).provider
    provider.settle()
    try:
        return provider.get("payment", request.path_params["object_id"])
    except Problem:
        return None


async def show(request: Request) -> Response:
    """Show the payment: the cards, the confirmation, or what has become of it."""
    payment = _found(request)
    if payment is None:
        return _page(request, "missing.html", 404)
    return _page(request, "payment.html", payment=payment, state=_state(payment), cards=TEST_CARDS)


async def pay(request: Request) -> Response:
    """Take the choice of the payer and show the payment again."""
    try:
        form = parse_qs((await raw_body(request)).decode("utf-8", "replace"))
    except Problem as problem:
        return refusal(problem)
    payment = _found(request)
    if payment is None:
        return _page(request, "missing.html", 404)
    provider = context_of(request).provider
    if payment["status"] == "pending":
        with provider.books.transaction():
            _act(provider, payment, form.get("action", [""])[0], form.get("card", [""])[0])
    return _shown_again(request)


def _act(provider: Provider, payment: Body, action: str, number: str) -> None:
    """Do what the payer has chosen; a choice that the page does not offer changes nothing."""
    card = next((card for card in TEST_CARDS if card.number == number), None)
    match action, payment["step"]:
        case "cancel", _:
            provider.change(payment["id"], "canceled", "canceled_by_payer")
        case "pay", Step.ABANDON | "card" if card is not None:
            _pay_with(provider, payment, card.step)
        case "confirm", Step.CONFIRM:
            provider.change(payment["id"], "succeeded")
        case "decline", Step.CONFIRM:
            provider.change(payment["id"], "canceled", "confirmation_failed")
        case _:
            pass


def _pay_with(provider: Provider, payment: Body, step: Step) -> None:
    match step:
        case Step.SUCCESS:
            provider.change(payment["id"], "succeeded")
        case Step.DECLINE:
            provider.change(payment["id"], "canceled", "card_declined")
        case Step.DELAYED:
            provider.update_payment(payment, step)
            provider.succeed_later(payment["id"], _DELAY_SECONDS)
        case Step.CONFIRM | Step.ABANDON:
            provider.update_payment(payment, step)


def _tax_id(request: Request) -> str | None:
    """Return the tax number of the address, None where it is none."""
    found = str(request.path_params["tax_id"])
    return found if re.fullmatch(r"[0-9]{12}", found) else None


async def show_permission(request: Request) -> Response:
    """Show whether a self-employed person lets receipts be registered."""
    tax_id = _tax_id(request)
    if tax_id is None:
        return _page(request, "missing.html", 404)
    context = context_of(request)
    person = context.provider.find_person(tax_id)
    return _page(request, "permission.html", person=person, return_url=context.return_url)


async def permit(request: Request) -> Response:
    """Keep what the person has chosen and show it."""
    tax_id = _tax_id(request)
    if tax_id is None:
        return _page(request, "missing.html", 404)
    try:
        form = parse_qs((await raw_body(request)).decode("utf-8", "replace"))
    except Problem as problem:
        return refusal(problem)
    choice = form.get("action", [""])[0]
    if choice in {"allow", "forbid"}:
        context_of(request).provider.permit(tax_id, allowed=choice == "allow")
    return _shown_again(request)


def _shown_again(request: Request) -> Response:
    lang = request.query_params.get("lang", "")
    return RedirectResponse(f"{request.url.path}?lang={lang}" if lang in LOCALES else request.url.path, 303)


async def style(_request: Request) -> Response:
    """Return the style sheet of the page."""
    text = (_TEMPLATES.parent / "payment.css").read_text(encoding="utf-8")
    return Response(text, media_type="text/css", headers={"cache-control": "max-age=300"})


ROUTES = [
    Route("/pay/{object_id}", show, methods=["GET"]),
    Route("/pay/{object_id}", pay, methods=["POST"]),
    Route("/self-employed/{tax_id}", show_permission, methods=["GET"]),
    Route("/self-employed/{tax_id}", permit, methods=["POST"]),
    Route("/payment.css", style, methods=["GET"]),
]

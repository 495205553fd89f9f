"""The page of fees: what is taken now, in words, and an example for an amount that the reader types."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from app.core.errors import FieldError
from app.core.http.dependencies import FeatureRouter, ReadSession
from app.core.i18n import N_, _
from app.core.money import Currency, Money, typed_amount
from app.core.text.amounts import AMOUNT_TEXT, AmountError
from app.features.fees import service
from app.features.fees.errors import UnknownFeeCategoryError
from app.features.fees.schemas import FeeExample, FeePolicyRead
from app.models import DealOrigin, FeeSide, VolumeOf
from app.web.formatting import money, number
from app.web.forms import FormState
from app.web.templating import render

router = FeatureRouter()
SHOWN = "10000"
"""The amount of the example before one was typed, in whole units."""
VOLUME_WORDS: dict[VolumeOf, str] = {
    VolumeOf.PAIR: N_("once the client has paid {amount} to the freelancer before"),
    VolumeOf.FREELANCER: N_("once the freelancer has been paid {amount} before"),
}

ORIGIN_NAMES: dict[DealOrigin, str] = {
    DealOrigin.MARKETPLACE: N_("With an order on the site"),
    DealOrigin.BROUGHT: N_("By an invitation, with a person of your own"),
}
ORIGIN_WORDS: dict[DealOrigin, str] = {
    DealOrigin.MARKETPLACE: N_("if the two people met through an order on the site"),
    DealOrigin.BROUGHT: N_("if one invited the other and they had no contract from an order on the site before"),
}


@router.get("/fees")
async def show_fees(
    request: Request,
    session: ReadSession,
    amount: Annotated[str, Query()] = SHOWN,
    currency: Annotated[str, Query()] = Currency.RUB.value,
    category: Annotated[str, Query()] = "",
    origin: Annotated[str, Query()] = "",
) -> Response:
    """Show the fees that are taken now, with an example."""
    policies = await service.list_current(session)
    chosen, began = _chosen(currency, origin)
    form = FormState.start(amount=amount, currency=chosen.value, category=category, origin=began.value)
    found = await _example(session, amount, chosen, category, began)
    computed = None if isinstance(found, FieldError) else found
    if isinstance(found, FieldError):
        form = form.with_error([found])
    named = {it.category: it.category_name for it in policies if it.category}
    context = {
        "sides": [(_side_title(side), [sentence(it) for it in policies if it.side is side]) for side in FeeSide],
        "f": form,
        "categories": list(named.items()),
        "currencies": [(it.value, it.value) for it in Currency],
        "origins": _origins(policies),
        "rows": _rows(computed),
    }
    return render(request, "fees/show.html", context)


def _chosen(currency: str, origin: str) -> tuple[Currency, DealOrigin]:
    """Return the currency and the beginning of the example; what is none is taken as the usual one."""
    chosen = Currency(currency) if currency in set(Currency) else Currency.RUB
    return chosen, DealOrigin(origin) if origin in set(DealOrigin) else DealOrigin.MARKETPLACE


def _origins(policies: Sequence[FeePolicyRead]) -> list[tuple[str, str]]:
    """Return the ways of beginning to choose from; none where no fee depends on them."""
    return [(it.value, _(ORIGIN_NAMES[it])) for it in DealOrigin] if any(it.origin for it in policies) else []


async def _example(
    session: ReadSession, amount: str, currency: Currency, category: str, origin: DealOrigin
) -> FeeExample | FieldError:
    """Return the example for a typed amount, or what is wrong with a field."""
    try:
        minor = typed_amount(amount, currency)
        if not minor:
            return FieldError(("amount",), AMOUNT_TEXT)
        return await service.example(session, minor, currency, category or None, origin)
    except AmountError as wrong:
        return wrong.at("amount")
    except UnknownFeeCategoryError as wrong:
        return FieldError(("category",), wrong.message, wrong.params)


def sentence(policy: FeePolicyRead) -> str:
    """Return a fee in words, such as “5 % in RUB, at least 100 ₽ and at most 5 000 ₽ for a milestone”."""

    def amount(minor: int) -> str:
        return money(Money(minor, policy.currency))

    parts = [_("{rate} in {currency}").format(rate=_percent(policy.rate_bp), currency=policy.currency.value)]
    if policy.origin:
        parts.append(_(ORIGIN_WORDS[policy.origin]))
    if policy.category_name:
        parts.append(_("in the category “{category}”").format(category=policy.category_name))
    if policy.volume_of and policy.volume_from:
        parts.append(_(VOLUME_WORDS[policy.volume_of]).format(amount=amount(policy.volume_from)))
    if policy.minimum:
        parts.append(_("at least {amount} for a milestone").format(amount=amount(policy.minimum)))
    if policy.cap is not None:
        parts.append(_("at most {amount} for a milestone").format(amount=amount(policy.cap)))
    if policy.tax_bp:
        parts.append(_("a tax of {rate} is contained in it").format(rate=_percent(policy.tax_bp)))
    return ", ".join(parts)


def _percent(basis_points: int) -> str:
    return _("{rate}%").format(rate=number(Decimal(basis_points).scaleb(-2).normalize()))


def _side_title(side: FeeSide) -> str:
    if side is FeeSide.CUSTOMER:
        return _("The client pays on top")
    return _("The freelancer pays out of what is released")


def _rows(computed: FeeExample | None) -> list[tuple[str, str]]:
    """Return the lines of the example: label and amount."""
    if computed is None:
        return []

    def amount(minor: int) -> str:
        return money(Money(minor, computed.currency))

    return [
        (_("Price of the work"), amount(computed.amount)),
        (_("Fee on top"), amount(computed.customer_fee)),
        (_("The client pays"), amount(computed.customer_pays)),
        (_("Fee out of the price"), amount(computed.freelancer_fee)),
        (_("The freelancer receives"), amount(computed.freelancer_receives)),
    ]

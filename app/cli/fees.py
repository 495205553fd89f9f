"""Commands for fee policies: list, add, and replay a new policy over the contracts of the past."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from app.cli.shared import Reason, Refusal, app, called, reason_given, say
from app.core.money import Currency, amount_as_typed, typed_amount
from app.core.resources import Resources
from app.core.text.amounts import AmountError, read_amount, write_amount
from app.models import DealOrigin, FeePolicy, FeeSide, VolumeOf

PERCENT_DIGITS = 2
"""Decimals of a rate in per cent: its smallest unit is one basis point."""
MAX_LISTED = 200
MAX_FILE_SIZE = 1024 * 1024
fees = typer.Typer(no_args_is_help=True, help="What the site takes: list the policies, add one, try one on the past.")
app.add_typer(fees, name="fees")


@fees.command(name="list")
def list_policies(ctx: typer.Context) -> None:
    """List the versions of fee policies, newest first; those that begin later are included."""
    from app.features.fees import service

    versions = called(ctx).read(lambda session: service.list_versions(session, MAX_LISTED))
    say("\n".join(_line(row, category) for row, category in versions) or "Nothing is taken: there is no fee policy.")


@fees.command(name="add")
def add_policy(  # noqa: PLR0913, PLR0917 - each is one option
    ctx: typer.Context,
    side: Annotated[FeeSide, typer.Argument(help="who pays it")],
    rate: Annotated[str, typer.Option(help="the rate in per cent, such as 5 or 2.5")] = "0",
    currency: Annotated[Currency, typer.Option(help="the currency of contracts and amounts")] = Currency.RUB,
    minimum: Annotated[str, typer.Option(help="the least fee of a milestone, such as 100")] = "",
    cap: Annotated[str, typer.Option(help="the largest fee of a milestone")] = "",
    origin: Annotated[DealOrigin | None, typer.Option(help="only contracts that began like this")] = None,
    category: Annotated[str, typer.Option(help="only in this category, such as web-development")] = "",
    volume_of: Annotated[VolumeOf | None, typer.Option(help="whose earlier contracts count towards a step")] = None,
    volume_from: Annotated[str, typer.Option(help="the volume of earlier contracts from which it applies")] = "",
    tax: Annotated[str, typer.Option(help="the tax that the fee contains, in per cent")] = "0",
    valid_from: Annotated[str, typer.Option(metavar="TIME", help="when it begins, such as 2027-01-01; UTC")] = "",
    end: Annotated[bool, typer.Option("--end", help="end the policy of this side, origin, category and step")] = False,
    reason: Reason = "",
) -> None:
    """Add a version of a fee policy. Contracts that are agreed already keep theirs."""
    from app.features.fees import service
    from app.features.fees.schemas import FeePolicyInput

    invocation = called(ctx)
    why = reason_given(reason, "it stays in the audit log beside the fee")
    try:
        command = FeePolicyInput(
            side=side,
            currency=currency,
            origin=origin,
            category=category.strip() or None,
            volume_of=volume_of,
            volume_from=_amount(volume_from, currency),
            rate_bp=_rate(rate),
            minimum=_amount(minimum, currency) or 0,
            cap=_amount(cap, currency),
            tax_bp=_rate(tax),
            ended=end,
            valid_from=_moment(valid_from),
        )
    except ValidationError as wrong:
        raise Refusal(_sentence(wrong)) from wrong
    policy = invocation.change(lambda uow: service.add_policy(uow, invocation.actor, command, reason=why))
    say(f"Added: {_line(policy, command.category or '')}")


@fees.command(name="replay")
def replay_policies(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="POLICY-FILE", help='JSON: {"policies": [{"side": …}]}')],
) -> None:
    """Show what the policies of a file would have taken from the contracts of the past; nothing is changed.

    Every contract counts as released in full. Hourly work is left out: its total was not agreed. Amounts in the file
    are in minor units and rates in basis points, as in GET /api/v1/fees.
    """
    from app.features.contracts import service as contracts
    from app.features.fees import service
    from app.features.fees.schemas import FeePolicyFile

    if file.stat().st_size > MAX_FILE_SIZE:
        raise Refusal(f"{file} is larger than a mebibyte: it is no file of policies.")
    try:
        policies = FeePolicyFile.model_validate_json(file.read_bytes()).policies
    except ValidationError as wrong:
        raise Refusal(f"{file} cannot be read. {_sentence(wrong)}") from wrong

    async def query(resources: Resources) -> dict[Currency, service.ReplayTotal]:
        async with resources.read_sessions() as session:
            return await service.replay(session, policies, await contracts.list_agreed_amounts(session))

    totals = called(ctx).run(query)
    for currency, total in sorted(totals.items()):
        parts = (f"{side.value} {_money(total.fees[side], currency)}" for side in FeeSide)
        whole = _money(total.agreed, currency)
        say(f"{currency.value}: {total.contracts} contracts, agreed {whole}; fees: {', '.join(parts)}")
    if not totals:
        say("There are no contracts with an agreed total yet.")


def _line(policy: FeePolicy, category: str) -> str:
    """Return one version as a line."""
    step = (
        f"from {_money(policy.volume_from, policy.currency)} of the {policy.volume_of.value}"
        if policy.volume_of and policy.volume_from
        else ""
    )
    numbers = [
        "ended" if policy.ended else f"{write_amount(policy.rate_bp, PERCENT_DIGITS)} %",
        f"minimum {_money(policy.minimum, policy.currency)}" if policy.minimum else "",
        f"cap {_money(policy.cap, policy.currency)}" if policy.cap is not None else "",
        f"tax {write_amount(policy.tax_bp, PERCENT_DIGITS)} %" if policy.tax_bp else "",
    ]
    parts = [
        f"{policy.valid_from.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC",
        f"{policy.side.value} {policy.currency.value}",
        policy.origin.value if policy.origin else "",
        category or "any category",
        step,
        ", ".join(filter(None, numbers)),
        f"by {policy.created_by}",
        str(policy.id),
    ]
    return "  ".join(filter(None, parts))


def _money(minor: int, currency: Currency) -> str:
    return f"{amount_as_typed(minor, currency)} {currency.value}"


def _amount(text: str, currency: Currency) -> int | None:
    try:
        return typed_amount(text, currency) if text.strip() else None
    except AmountError as wrong:
        raise Refusal(wrong.message.format(**wrong.params)) from wrong


def _rate(text: str) -> int:
    """Return a rate in per cent as basis points.

    Raises:
        Refusal: It is not a rate.
    """
    try:
        read = read_amount(text, PERCENT_DIGITS)
    except AmountError as wrong:
        raise Refusal(f"{text} is no rate: write per cent with at most two decimals, such as 5 or 2.5.") from wrong
    if set(read.words) - {"%"}:
        raise Refusal(f"{text} is no rate: write per cent with at most two decimals, such as 5 or 2.5.")
    return read.minor


def _moment(text: str) -> datetime | None:
    """Return a typed time; one without a zone is UTC.

    Raises:
        Refusal: It is not a time.
    """
    if not text.strip():
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as wrong:
        raise Refusal(f"{text} is no time: write it like 2027-01-01 or 2027-01-01T12:00.") from wrong


def _sentence(wrong: ValidationError) -> str:
    """Return the first error of a policy as a sentence."""
    error = wrong.errors()[0]
    place = ".".join(str(step) for step in error["loc"])
    message = error["msg"].removeprefix("Value error, ")
    return f"{place}: {message}." if place else f"This cannot be: {message}."

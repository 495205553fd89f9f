"""Commands for payments: compare the provider's books with ours, list the money that does not move, close a case."""

from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from app.cli.shared import Reason, Refusal, app, called, reason_given, say
from app.core.money import amount_as_typed

payments = typer.Typer(no_args_is_help=True, help="Compare the provider's books with ours, see what is stuck.")
app.add_typer(payments, name="payments")


@payments.callback()
def payment_commands() -> None:
    """Compare the provider's books with ours, see what is stuck."""
    from app.features.contracts import service as _contracts  # noqa: F401 - registers what payments are for


@payments.command(name="reconcile")
def reconcile(
    ctx: typer.Context, days: Annotated[int, typer.Option(min=1, max=366, help="how far back, in days")] = 3
) -> None:
    """Compare the statement of the payment provider with the ledger; each difference becomes a case."""
    from app.features.payments import workflows

    found = called(ctx).run(lambda resources: workflows.reconcile(resources, days=days))
    if not found:
        raise Refusal("There is no payment provider, or it does not answer.")
    for each in found:
        say(f"Lines {each.lines}, matched {each.matched}, read again {each.woken}, new cases {each.opened}.")


@payments.command(name="stuck")
def stuck(ctx: typer.Context) -> None:
    """List the money that does not move by itself, the oldest first."""
    from app.features.payments import service

    async def query(session: AsyncSession) -> list[str]:
        return [
            f"{each.since:%Y-%m-%d %H:%M}  {amount_as_typed(each.money.amount, each.money.currency)} "
            f"{each.money.currency}  {each.kind}  {each.state}  {each.reference}  {each.case_id or ''}".rstrip()
            for each in await service.list_stuck(session)
        ]

    say("\n".join(called(ctx).read(query)) or "Nothing is stuck.")


@payments.command(name="close-case")
def close_case(
    ctx: typer.Context,
    case: Annotated[str, typer.Argument(metavar="ID", help="of the case, as the list shows it")],
    reason: Reason = "",
) -> None:
    """Close a case with what was found; another amount is recorded as the provider has it."""
    from app.features.payments import service
    from app.features.payments.errors import CaseNotFoundError

    invocation, why = called(ctx), reason_given(reason)
    try:
        case_id = UUID(case)
        invocation.change(lambda uow: service.close_case(uow, invocation.actor, case_id, why))
    except (ValueError, CaseNotFoundError):
        raise Refusal("There is no such open case.") from None
    say("Closed.")

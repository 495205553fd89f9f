"""Command that recomputes the customer statistics."""

from typing import Annotated

import typer

from app.cli.shared import Reason, Refusal, app, called, console, reason_given
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work


@app.command()
def facts(
    ctx: typer.Context, action: Annotated[str, typer.Argument(help="recompute")] = "recompute", reason: Reason = ""
) -> None:
    """Recompute the statistics of every customer's orders and decisions (docs/profiles.md)."""
    from app.features.matching import service

    if action != "recompute":
        raise Refusal("Say `facts recompute`.")
    invocation, why = called(ctx), reason_given(reason)

    async def recompute(resources: Resources) -> int:
        async with unit_of_work(resources) as uow:
            last = await service.recount_all_customers(uow, invocation.actor, reason=why)
        while last is not None:
            async with unit_of_work(resources) as uow:
                last = await service.mark_all_customers(uow, last)
        total, count = 0, 1
        while count:
            async with unit_of_work(resources) as uow:
                count = await service.count_stale_customers(uow)
            total += count
        return total

    console.print(f"[green]✓[/] customers counted: {invocation.run(recompute)}")

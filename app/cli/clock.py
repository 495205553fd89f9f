"""Command that shows the clock of a demonstration and turns it forward."""

from datetime import timedelta
from typing import Annotated

import typer

from app.cli.shared import Refusal, app, called, say
from app.core.resources import Resources

NOT_BACK = (
    "The clock is never turned back: what has become due meanwhile has happened, and deadlines would pass twice. "
    "Start again with an empty database to begin with the time of the world."
)


@app.command(name="clock")
def clock(
    ctx: typer.Context,
    step: Annotated[str, typer.Argument(metavar="[+3d]", help="how far: minutes, hours, days or weeks")] = "",
) -> None:
    """Show the clock of a demonstration, or turn it forward: +90m, +12h, +3d, +2w. Production refuses it."""
    from app.features.demonstration import rules, service, workflows

    if step.strip().lower() in {"reset", "back"} or step.strip().startswith("-"):
        raise Refusal(NOT_BACK)
    by = rules.typed_step(step) if step.strip() else timedelta()
    if by is None:
        raise Refusal(f"{step} is no time: write a number and a unit, such as +90m, +12h, +3d or +2w.")
    invocation = called(ctx)

    async def work(resources: Resources) -> str:
        followed = await workflows.turn_clock(resources, invocation.actor, by) if by else None
        read = service.read_clock(resources)
        turned = timedelta(seconds=read.turned_seconds)
        lines = [f"Here it is {read.now:%Y-%m-%d %H:%M:%S} UTC, turned forward by {turned}."]
        if by:
            lines.append("What has become due happens as soon as a worker runs.")
        if followed is False:
            lines.append("The sandbox of payments did not answer: it keeps its time until the next turn.")
        return "\n".join(lines)

    say(invocation.run(work))

"""Commands about profiles and the works of portfolios: take down, restore."""

from typing import Annotated

import typer

from app.cli.shared import Reason, app, called, reason_given, say, title

profiles = typer.Typer(no_args_is_help=True, help="Remove a profile, or one work of a portfolio, and put it back.")
app.add_typer(profiles, name="profiles")
Username = Annotated[str, typer.Argument(metavar="USERNAME", help="the part after /@ in the address of the profile")]
Work = Annotated[
    int | None, typer.Option(min=1, help="only this work of the portfolio, counted from 1; without it the profile")
]


@profiles.command(name="take-down")
def take_down_profile(
    ctx: typer.Context,
    username: Username,
    reason: Annotated[str, typer.Option(help="the rule that was broken and how; the owner reads it")],
    work: Work = None,
) -> None:
    """Remove a profile or a work: nobody but its owner sees it, and the profile is not listed."""
    from app.features.profiles import service

    invocation, why, name = called(ctx), reason_given(reason, "the owner reads it"), username.removeprefix("@")
    if work is None:
        who = invocation.change(lambda uow: service.take_down_profile(uow, invocation.actor, name, reason=why), title)
        say(f"The profile of {who} is removed: its owner is told why.")
        return
    what = invocation.change(lambda uow: service.take_down_work(uow, invocation.actor, name, work, reason=why), title)
    say(f"“{what}” is removed: its owner is told why.")


@profiles.command(name="restore")
def restore_profile(ctx: typer.Context, username: Username, work: Work = None, reason: Reason = "") -> None:
    """Put a removed profile or work back as it was."""
    from app.features.profiles import service

    invocation, why, name = called(ctx), reason_given(reason), username.removeprefix("@")
    if work is None:
        who = invocation.change(lambda uow: service.restore_profile(uow, invocation.actor, name, reason=why), title)
        say(f"The profile of {who} is back.")
        return
    what = invocation.change(lambda uow: service.restore_work(uow, invocation.actor, name, work, reason=why), title)
    say(f"“{what}” is back.")

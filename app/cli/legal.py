"""Command that encrypts the keys of legal details again, after ENCRYPTION_KEYS or SECRET_KEY was replaced."""

import typer

from app.cli.shared import Reason, app, called, reason_given, say

legal = typer.Typer(no_args_is_help=True, help="Legal details: renew the keys that encrypt them.")
app.add_typer(legal, name="legal")


@legal.callback()
def legal_commands() -> None:
    """Legal details: renew the keys that encrypt them."""


@legal.command(name="renew-keys")
def renew_legal_keys(ctx: typer.Context, reason: Reason = "") -> None:
    """Encrypt every data key with the newest key of the settings; older ones can be removed then (docs/runbook.md)."""
    from app.features.legal import workflows

    invocation, why = called(ctx), reason_given(reason)
    done = invocation.run(lambda resources: workflows.renew_keys(resources, invocation.actor, reason=why))
    say(f"Data keys encrypted with the newest key: {done.renewed}.")
    if done.unreadable:
        say(f"Opened by no configured key: {done.unreadable}. Put back the key that encrypted them.")

"""Commands for the ledger."""

import typer

from app.cli.shared import app

ledger = typer.Typer(no_args_is_help=True, help="The ledger: check, verify and export it.")
app.add_typer(ledger, name="ledger")


@ledger.callback()
def group() -> None:
    """The ledger: check, verify and export it."""

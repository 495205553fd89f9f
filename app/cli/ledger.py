"""Commands for the ledger: check it as a whole."""

import typer

from app.cli.shared import app, called, say

ledger = typer.Typer(no_args_is_help=True, help="The ledger: check it as a whole.")
app.add_typer(ledger, name="ledger")


@ledger.callback()
def group() -> None:
    """The ledger: check it as a whole."""


@ledger.command(name="check")
def check_ledger(ctx: typer.Context) -> None:
    """Replay the ledger and compare it with its balances. Exit code: 0 holds, 1 broken, 2 cannot say."""
    from app.features.ledger import workflows
    from app.features.ledger.service import CheckResult

    report = called(ctx).run(workflows.check)
    said = {
        CheckResult.HOLDS: "The ledger holds",
        CheckResult.BROKEN: "The ledger is broken",
        CheckResult.CANNOT_SAY: "Nobody can say whether the ledger holds",
    }[report.result]
    say(f"{said}: {report.transactions} transactions, {report.transfers} transfers.")
    for finding in report.findings:
        say(f"{finding.invariant}\n    {finding.row}: {finding.said}")
    raise typer.Exit(report.result)

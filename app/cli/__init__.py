"""Commands of the application: `python -m app …`. An error that an operator can fix is printed as one sentence."""

import sys

from pydantic import ValidationError

from app.cli import instance  # noqa: F401 - each module registers its commands, in the order of the help text

# isort: split
from app.cli import (  # noqa: F401
    audit,
    clock,
    dead_letters,
    doctor,
    facts,
    fees,
    files,
    import_orders,
    ledger,
    ledger_log,
    legal,
    messages,
    orders,
    papers,
    payments,
    people,
    profiles,
    reports,
    skills,
)
from app.cli.shared import Refusal, app, errors
from app.core.http.startup_errors import startup_error_message
from app.local.servers import ServersError

__all__ = ["app", "main"]


def main() -> None:
    """Run one command; an error that an operator can fix becomes a sentence and exit code 1."""
    try:
        app()
    except (Refusal, ServersError, ValidationError, OSError) as error:
        sentence = str(error) if isinstance(error, Refusal) else startup_error_message(error)
        if sentence is None:
            raise
        errors.print(sentence, markup=False)
        sys.exit(1)

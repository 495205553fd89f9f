"""The commands of the house: `python -m app …`; every failure a person can mend is one sentence."""

import sys

from pydantic import ValidationError

from app.cli import instance as _instance  # noqa: F401 - its commands are found by name
from app.cli import operating as _operating  # noqa: F401 - its commands are found by name
from app.cli.shared import Refusal, app, errors
from app.core.http.startup_errors import sentence_of
from app.local.embedded import ServersError

__all__ = ["app", "main"]


def main() -> None:
    """Run one command; a failure that a person can mend becomes a sentence and exit code 1."""
    try:
        app()
    except (Refusal, ServersError, ValidationError, OSError) as error:
        sentence = str(error) if isinstance(error, Refusal) else sentence_of(error)
        if sentence is None:
            raise
        errors.print(sentence, markup=False)
        sys.exit(1)

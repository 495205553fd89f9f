"""What every command uses: the console, the refusal in a sentence, and the servers."""

import typer
from rich.console import Console

from app.core.config import Settings
from app.local.embedded import ServerAddresses, ensure_servers

HELP = "The commands of the house; every failure a person can mend is one sentence."
app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=HELP)
console = Console(highlight=False)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


class Refusal(Exception):  # noqa: N818 - an answer to a person, not a fault
    """A command cannot do what was asked; the message is the one sentence to show."""


def start_servers(settings: Settings) -> ServerAddresses:
    """Start the bundled servers where no address is configured, and return where both are."""
    with console.status("Starting PostgreSQL and Valkey"):
        return ensure_servers(settings)

"""Every operation behaves as the OpenAPI document says, whatever is sent to it.

Schemathesis sends examples, edge cases and invalid data to the running site as a guest, as a customer and as a
freelancer. `make campaign` does the same with many more examples and without a fixed seed.
"""

import os
import secrets
import subprocess
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e.api_clients import Person, somebody
from tests.e2e.stack import Stack

# Excluded, each with its reason:
EXCLUDED = {
    # A body that matches its schema may still be refused: a name that is taken, a password that is too easy to guess.
    "positive_data_acceptance": "rules are wider than schemas",
}
# Ends the session that the run needs.
ENDS_THE_SESSION = "^/api/v1/auth/logout$"
QUICK_EXAMPLES = 12
LONG_EXAMPLES = 400
QUICK_SECONDS = 240
LONG_SECONDS = 1_800


@pytest_asyncio.fixture(loop_scope="session")
async def person(stack: Stack) -> AsyncGenerator[Person]:
    """A signed-in account."""
    async with await somebody(stack, "schema") as made:
        yield made


def bearer(person: Person) -> str:
    """Return the header that authenticates a program."""
    access, _refresh = person.token_names()
    return f"Authorization: Bearer {person.cookie(access)}"


def schemathesis(stack: Stack, folder: Path, *options: str, examples: int, seed: int, seconds: int) -> None:
    """Run Schemathesis against the site; its findings are the message of the failure."""
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{stack.address}/openapi.json"),
        *("--checks=all", f"--exclude-checks={','.join(EXCLUDED)}"),
        *("--phases=examples,coverage,fuzzing,stateful", "--continue-on-failure", "--no-color"),
        *(f"--max-examples={examples}", f"--seed={seed}", "--generation-database=none"),
        *("--request-timeout=20", "--suppress-health-check=all", "--warnings=off", *options),
    ]
    log = folder / "schemathesis.log"
    with log.open("wb") as out:
        done = subprocess.run(  # noqa: S603 - our own command
            command,
            cwd=folder,
            stdout=out,
            stderr=subprocess.STDOUT,
            timeout=seconds,
            check=False,
            env={"PATH": os.defpath, "LANG": "C.UTF-8"},
        )
    assert done.returncode == 0, log.read_text(errors="replace")[-20_000:]


@pytest.mark.timeout(QUICK_SECONDS + 60)
def test_nobody(stack: Stack, tmp_path: Path) -> None:
    schemathesis(stack, tmp_path, examples=QUICK_EXAMPLES, seed=1, seconds=QUICK_SECONDS)


@pytest.mark.timeout(QUICK_SECONDS + 60)
def test_a_person(stack: Stack, tmp_path: Path, person: Person) -> None:
    options = ("--header", bearer(person), f"--exclude-path-regex={ENDS_THE_SESSION}")
    schemathesis(stack, tmp_path, *options, examples=QUICK_EXAMPLES, seed=1, seconds=QUICK_SECONDS)


@pytest.mark.campaign
@pytest.mark.timeout(2 * LONG_SECONDS + 60)
def test_everybody_for_long(stack: Stack, tmp_path: Path, person: Person) -> None:
    seed = secrets.randbelow(2**31)
    schemathesis(stack, tmp_path, examples=LONG_EXAMPLES, seed=seed, seconds=LONG_SECONDS)
    options = ("--header", bearer(person), f"--exclude-path-regex={ENDS_THE_SESSION}")
    schemathesis(stack, tmp_path, *options, examples=LONG_EXAMPLES, seed=seed, seconds=LONG_SECONDS)

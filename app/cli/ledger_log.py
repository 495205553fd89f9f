"""Commands for the log of the ledger: verify it, export it, and make a key that signs it."""

import secrets
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from app.cli.ledger import ledger
from app.cli.shared import Refusal, called, say
from app.core.resources import Resources

Checkpoint = Annotated[
    Path | None, typer.Option(metavar="FILE", help="a checkpoint that somebody else kept, such as from an e-mail")
]
Key = Annotated[str, typer.Option(metavar="KEY", help="the public key of the log, if you know it from elsewhere")]


@ledger.command(name="verify")
def verify_log(
    ctx: typer.Context,
    folder: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="an export instead of the database")] = None,
    checkpoint: Checkpoint = None,
    key: Key = "",
) -> None:
    """Verify the ledger: 0 it holds, 1 something is broken and is named, 2 it cannot be said.

    Without a checkpoint that was kept elsewhere the answer is never 0: whoever has the key can seal another history.
    """
    from app.features.transparency import service

    if folder is not None:
        from app.core.transparency import verify

        code, said = verify.answer(folder, checkpoint, key or None)
        say(said)
        raise typer.Exit(code)
    kept = None if checkpoint is None else _text(checkpoint)
    verdict = called(ctx).run(_at_one_moment(lambda session: service.verify_ledger(session, kept, key or None)))
    say(verdict.line)
    raise typer.Exit(verdict.code)


@ledger.command(name="export")
def export_log(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="where to write the files; it must not exist")],
) -> None:
    """Write the whole log as a bundle, all papers, and the program that verifies it on bare Python."""
    from app.features.transparency import service, workflows

    if folder.exists():
        raise Refusal(f"{folder} exists already: name a folder that does not.")

    def put(name: str, content: bytes) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(content)

    async def write(session: AsyncSession) -> int:
        written = 0
        async for name, content in service.stream_bundle(session):
            put(name, content)
            written += name == "entries.jsonl"
        return written

    async def write_papers(resources: Resources) -> None:
        async for name, content in workflows.export_papers(resources, written):
            put(name, content)

    written = called(ctx).run(_at_one_moment(write))
    called(ctx).run(write_papers)
    say(f"{written} transactions are in {folder}. Check them: python -I {folder}/verify.py {folder} --checkpoint FILE")


@ledger.command(name="solvency")
def prove_solvency(ctx: typer.Context) -> None:
    """Sign what is owed to people today, as each night does. Exit code: 0 covered, 1 not covered, 2 cannot say."""
    from app.features.transparency import workflows

    made = called(ctx).run(workflows.prove_solvency)
    if made is None:
        say("Nothing is sealed yet, or LEDGER_SIGNING_KEY is missing: there is nothing to prove.")
        raise typer.Exit(2)
    night = made.solvency
    say(f"{night.night}, {night.size} entries{'' if made.is_new else ' (was signed before)'}")
    for currency, total in night.totals.items():
        held = "unknown: not compared with the provider" if total.held is None else str(total.held)
        say(f"{currency}: {total.owed} owed on {total.accounts} accounts, held by the provider: {held}")
    covered = {total.is_covered for total in night.totals.values()}
    raise typer.Exit(1 if False in covered else 2 if None in covered else 0)


@ledger.command(name="beancount")
def write_beancount(
    ctx: typer.Context, file: Annotated[Path, typer.Argument(metavar="FILE", help="a file that does not exist yet")]
) -> None:
    """Write the whole log for beancount, which adds everything up again: bean-check FILE."""
    from app.features.transparency import service

    if file.exists():
        raise Refusal(f"{file} exists already: name a file that does not.")

    async def write(session: AsyncSession) -> None:
        with file.open("wb") as opened:
            async for piece in service.stream_beancount(session):
                opened.write(piece)

    called(ctx).run(_at_one_moment(write))
    say(f"The ledger is in {file}. Check it with beancount: bean-check {file}")


@ledger.command(name="key")
def make_key() -> None:
    """Print a new private key for LEDGER_SIGNING_KEY; nothing is stored."""
    say(secrets.token_hex(32))


def _at_one_moment[T](query: Callable[[AsyncSession], Awaitable[T]]) -> Callable[[Resources], Coroutine[Any, Any, T]]:
    """Run queries in one read-only transaction that sees one moment of the database."""

    async def work(resources: Resources) -> T:
        engine = resources.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        async with AsyncSession(engine) as session:
            return await query(session)

    return work


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise Refusal(f"{path} cannot be read: {wrong}.") from wrong

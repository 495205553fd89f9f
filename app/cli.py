"""The commands of the house: `python -m app …`; every failure a person can mend is one sentence."""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.core.config import ROOT, Settings, get_settings
from app.core.embedded import ServerAddresses, ServersError, ensure_servers
from app.core.embedded.layout import Layout, write_private
from app.core.embedded.locks import FileLock
from app.core.i18n import use_locale
from app.core.preparation import is_prepared, note_prepared
from app.core.starting import sentence_of
from app.core.supervision.plan import Choices, configuration

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
console = Console(highlight=False)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


class Refusal(Exception):  # noqa: N818 - an answer to a person, not a fault
    """A command cannot do what was asked; the message is the one sentence to show."""


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


def _start_servers(settings: Settings) -> ServerAddresses:
    with console.status("Starting PostgreSQL and Valkey"):
        return ensure_servers(settings)


def _migrate(settings: Settings, servers: ServerAddresses) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config(str(ROOT / "alembic.ini"))
    direct = settings.migrations_database_url
    config.attributes["url"] = direct.get_secret_value() if direct else servers.database_url
    command.upgrade(config, "head")


def _prepare(settings: Settings, servers: ServerAddresses) -> None:
    from app.scripts.seed import seed

    with console.status("Applying migrations"):
        _migrate(settings, servers)
    console.print("[green]✓[/] migrations applied")
    with console.status("Loading the catalogue and, on the first start, a demonstration world"):
        told = asyncio.run(seed(settings, servers, demo=settings.wants_demo))
    console.print(f"[green]✓[/] {told}")
    note_prepared(settings)


@app.command()
def up() -> None:
    """Run everything on this machine: servers, web, worker, beat, Flower; Ctrl-C stops all of it."""
    settings = get_settings()
    if sys.platform == "win32":
        raise Refusal(
            "`make up` needs Linux or macOS: use Docker (docker compose up --build) or WSL, or run "
            "`uvicorn app.main:app` with DATABASE_URL and REDIS_URL set."
        )
    layout = Layout(settings.data_dir)
    layout.prepare()
    lock = FileLock(layout.run / "up.lock")
    supervisor = FileLock(layout.run / "supervisor.lock")
    if not lock.acquire() or not supervisor.is_free():
        raise Refusal(
            f"ipLance already runs on the data in {layout.data_dir} (process {lock.read() or supervisor.read()}): "
            "open it, or end it with `make down`, or start a second one with other data: "
            "DATA_DIR=.data-2 PORT=8001 FLOWER_PORT=5556 make up."
        )
    lock.write(str(os.getpid()))
    _need_port(settings.host, settings.port, "PORT", "the site")
    _need_port("127.0.0.1", settings.flower_port, "FLOWER_PORT", "Flower")
    if settings.smtp_host is None:
        _need_port("127.0.0.1", settings.mail_catcher_port, "MAIL_CATCHER_PORT", "the mail catcher")
    servers = _start_servers(settings)
    console.print("[green]✓[/] PostgreSQL and Valkey answer")
    if settings.database_url is None and asyncio.run(is_prepared(settings, servers.database_url)):
        console.print("[green]✓[/] the database is up to date")
    else:
        _prepare(settings, servers)
    choices = _choices(settings)
    write_private(layout.run / "supervisord.conf", configuration(choices))
    write_private(layout.run / "greeting.txt", _greeting(settings))
    console.print("Starting web, worker, beat and Flower")
    sys.stdout.flush()
    os.set_inheritable(lock.fileno, True)
    module = ("-m", "app.core.supervision.foreground", "--data-dir", str(layout.data_dir))
    os.chdir(ROOT)
    os.execv(  # noqa: S606 - becomes the small process that stays
        sys.executable, (sys.executable, *module, "--port", str(settings.port), "--host", settings.host)
    )


def _choices(settings: Settings) -> Choices:
    return Choices(
        data_dir=Layout(settings.data_dir).data_dir,
        host=settings.host,
        port=settings.port,
        flower_port=settings.flower_port,
        # One is enough for one machine and saves 100 MB; who sets a number gets it.
        worker_concurrency=settings.worker_concurrency if "worker_concurrency" in settings.model_fields_set else 1,
        bundled=settings.database_url is None or settings.redis_url is None,
        durable=settings.environment != "testing",
        mail_port=None if settings.smtp_host else settings.mail_catcher_port,
    )


def _need_port(host: str, port: int, variable: str, what: str) -> None:
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Refusal(
                f"{what[0].upper()}{what[1:]} cannot listen on {host}:{port} ({error.strerror}): "
                f"end what uses that port, or choose another, such as {variable}={port + 1} make up."
            ) from error


def _greeting(settings: Settings) -> str:
    from app.scripts.demo_accounts import accounts_told

    lines = [
        "ipLance is ready.",
        "",
        f"  site            {settings.origin}",
        f"  documentation   {settings.origin}/docs",
        f"  Flower          http://localhost:{settings.flower_port}",
    ]
    if settings.smtp_host is None and settings.environment != "production":
        lines.append(f"  caught mail     {settings.origin}/demo/mail")
    told = accounts_told() if settings.wants_demo else []
    if told:
        lines += ["", "  Demonstration accounts:", *(f"    {line}" for line in told)]
    return "\n".join([*lines, "", "  Ctrl-C stops everything; the data stays."])


@app.command()
def down() -> None:
    """End a `make up` that runs on the same data, wherever it was started."""
    import signal
    import time

    layout = Layout(get_settings().data_dir)
    locks = [FileLock(layout.run / "up.lock"), FileLock(layout.run / "supervisor.lock")]
    if not layout.run.exists() or all(lock.is_free() for lock in locks):
        raise Refusal(f"Nothing runs on the data in {layout.data_dir}.")
    for lock in locks:
        note = lock.read()
        if not lock.is_free() and note.isdecimal():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(note), signal.SIGTERM)
    end = time.monotonic() + 120
    with console.status("Every process ends its work first"):
        while not all(lock.is_free() for lock in locks):
            if time.monotonic() > end:
                raise Refusal("It has not ended within two minutes.")
            time.sleep(0.1)
    console.print("Stopped.")


@app.command()
def prepare() -> None:
    """Apply the migrations and load what a fresh database needs."""
    settings = get_settings()
    _prepare(settings, _start_servers(settings))


@app.command()
def migrate() -> None:
    """Apply the migrations."""
    settings = get_settings()
    _migrate(settings, _start_servers(settings))
    console.print("[green]✓[/] migrations applied")


@app.command()
def seed(demo: Annotated[bool, typer.Option(help="a demonstration world too, if there is nobody yet")] = False) -> None:
    """Load the catalogue; with --demo also people and orders to look at."""
    from app.scripts.seed import seed as run

    settings = get_settings()
    console.print(asyncio.run(run(settings, _start_servers(settings), demo=demo)))


@app.command()
def superuser(username: Annotated[str, typer.Argument(help="the account's user name")]) -> None:
    """Make an account an administrator's; asks for an address and a password when there is none of this name."""
    from app.core.errors import DomainError
    from app.scripts.people import PersonError
    from app.scripts.superuser import appoint, create

    settings = get_settings()
    servers = _start_servers(settings)
    try:
        appointed = asyncio.run(appoint(settings, servers, username))
    except PersonError as refused:
        raise Refusal(str(refused)) from refused
    if appointed:
        console.print(f"{username} is an administrator now, and has to sign in again.", markup=False)
        return
    console.print(f"Nobody is called {username}: making a new account.", markup=False)
    email = typer.prompt("E-mail address")
    password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    with use_locale("en"):
        try:
            asyncio.run(create(settings, servers, username, email, password))
        except DomainError as refused:
            said = [f"{problem.loc[-1]}: {problem.text()}" for problem in refused.errors]
            raise Refusal("\n".join(said) or refused.text()) from refused
    console.print(f"{username} is an administrator now.", markup=False)


type PersonName = Annotated[str, typer.Argument(metavar="PERSON", help="a user name, e-mail address or phone number")]


def _do_to(person: str, act: str, **given: str) -> None:
    from app.scripts import people

    settings = get_settings()
    chosen = partial(getattr(people, act), **given)
    try:
        console.print(asyncio.run(people.do(settings, _start_servers(settings), person, chosen)), markup=False)
    except people.PersonError as refused:
        raise Refusal(str(refused)) from refused


@app.command(name="end-sessions")
def end_sessions(person: PersonName) -> None:
    """Sign a person out everywhere; they may sign in again."""
    _do_to(person, "end_sessions")


@app.command()
def ban(
    person: PersonName,
    reason: Annotated[str, typer.Option(help="the rule that was broken and how; the person reads it in a mail")],
) -> None:
    """Block an account: its sessions end at once, nobody signs in to it, and its owner is told why."""
    _do_to(person, "ban", reason=reason)


@app.command()
def unban(person: PersonName) -> None:
    """Open a blocked account again."""
    _do_to(person, "unban")


@app.command(name="import-orders")
def import_orders(
    file: Annotated[Path, typer.Argument(help="a .json, .jsonl or .csv file of orders")],
    owner: Annotated[str, typer.Option(help="user name of the account that the orders will belong to")],
    publish: Annotated[bool, typer.Option("--publish/--draft", help="show them to everybody, or keep drafts")] = True,
) -> None:
    """Load orders from a file; running it again adds only what is new."""
    from app.scripts.import_orders import NoSuchOwnerError, UnreadableFileError, import_file

    settings = get_settings()
    servers = _start_servers(settings)
    columns = (TextColumn("Importing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with use_locale("en"), Progress(*columns, console=console) as bar:

        def begin(total: int) -> Callable[[], object]:
            task = bar.add_task("Importing", total=total)
            return lambda: bar.advance(task)

        try:
            report = asyncio.run(import_file(settings, servers, file, owner, publish=publish, progress=begin))
        except (NoSuchOwnerError, UnreadableFileError) as refused:
            raise Refusal(str(refused)) from refused
    console.print(f"{report.created} imported, {report.known} known from before, {report.refused_records} refused")
    for place, name, text in report.refused:
        errors.print(f"order {place}{f', {name}' if name else ''}: {text}", markup=False)
    if report.tags:
        words = ", ".join(word for word, _count in report.tags.most_common(20))
        console.print(
            f"Skills the catalogue does not know became plain tags ({len(report.tags)}): {words}", markup=False
        )
    if report.unknown_fields:
        console.print(f"Fields left aside: {', '.join(sorted(report.unknown_fields))}", markup=False)
    if report.refused:
        raise typer.Exit(1)


@app.command()
def web() -> None:
    """Serve the site in this process on HOST and PORT."""
    import uvicorn

    settings = get_settings()
    uvicorn.run(
        "app.main:app",
        host=settings.host,
        port=settings.port,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=10,
    )


@app.command(name="mail-catcher")
def mail_catcher() -> None:
    """Receive the mail of an instance without a mail server and keep it under DATA_DIR/mail."""
    from app.scripts.mail_catcher import serve

    settings = get_settings()
    asyncio.run(serve(settings.data_dir / "mail", settings.mail_catcher_host, settings.mail_catcher_port))


@app.command()
def doctor() -> None:
    """Say what is configured, what answers and what is missing."""
    from app.scripts.doctor import examine

    findings = asyncio.run(examine(get_settings()))
    for finding in findings:
        console.print(f"{'[green]✓[/]' if finding.good else '[red]✗[/]'} {finding.what}: {finding.told}")
    if not all(finding.good for finding in findings):
        raise typer.Exit(1)


@app.command(name="dead-letters")
def dead_letters(
    action: Annotated[str, typer.Argument(help="list, replay or close")] = "list",
    names: Annotated[
        list[str] | None, typer.Argument(help="names from the list, or `all` to replay everything")
    ] = None,
) -> None:
    """Show what could not be delivered; replay it, or lay it to rest."""
    from app.scripts.dead_letters import run

    if action not in ("list", "replay", "close") or (action != "list" and not names):
        raise Refusal("Say `list`, `replay NAME…`, `replay all` or `close NAME…`; the names stand in the list.")
    if any(not _is_letter(name) for name in names or []):
        raise Refusal("A name is a number or mail:… as the list shows it.")
    settings = get_settings()
    for line in asyncio.run(run(settings, _start_servers(settings), action, names or [])):
        console.print(line, markup=False, soft_wrap=True)


def _is_letter(name: str) -> bool:
    import re

    return name == "all" or bool(re.fullmatch(r"\d{1,18}|mail:[0-9a-f-]{36}", name))

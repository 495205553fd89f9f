"""Sealing: positions without gaps, checkpoints that prove themselves, one sealer, keys that change."""

from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlalchemy.exc import DBAPIError

from app.core.clock import utc_now
from app.core.config import Settings
from app.core.transparency.checkpoints import read_checkpoint
from app.core.transparency.merkle import root_of
from app.core.unit_of_work import unit_of_work
from app.features.ledger import service as ledger
from app.features.ledger.rules.checks import CheckResult
from app.features.transparency import service, workflows
from app.features.transparency.repository import LogRepository
from app.features.transparency.service import sealing
from tests.features.transparency.conftest import Story

OTHER_KEY = "0f" * 32


async def test_what_was_posted_is_sealed_in_its_order(story: Story) -> None:
    await story.deal()
    assert await story.seal() == 3
    await story.deposit(500)
    async with story.resources.read_sessions() as session:
        state = await service.read_state(session)
    assert (state.unsealed, state.sealed) == (1, 3)
    assert state.oldest_seconds >= 0
    assert await story.seal() == 1
    assert await story.seal() == 0
    rows = (await story.sql("SELECT position, txn_id, hash FROM ledger.leaf ORDER BY position")).all()
    assert [row.position for row in rows] == [0, 1, 2, 3]
    assert [row.txn_id for row in rows] == story.txns
    points = (await story.sql("SELECT size, root, note, published_key FROM ledger.checkpoint ORDER BY size")).all()
    assert [point.size for point in points] == [3, 4]
    for point in points:
        assert point.root == root_of([row.hash for row in rows[: point.size]])
        read = read_checkpoint(point.note, point.published_key)
        assert (read.origin, read.size, read.root) == ("localhost/ledger", point.size, point.root)
    assert await story.value("SELECT count(*) FROM ledger.unsealed") == 0


async def test_many_batches_give_the_same_tree(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "BATCH", 7)
    monkeypatch.setattr(service, "BATCH", 7)
    for amount in range(1, 41):
        await story.deposit(amount)
    assert await story.seal() == 40
    hashes = (await story.sql("SELECT hash FROM ledger.leaf ORDER BY position")).scalars().all()
    sizes = (await story.sql("SELECT size, root FROM ledger.checkpoint ORDER BY size")).all()
    assert [row.size for row in sizes] == [7, 14, 21, 28, 35, 40]
    assert all(row.root == root_of(hashes[: row.size]) for row in sizes)
    nodes = (await story.sql("SELECT height, index, hash FROM ledger.node ORDER BY index")).all()
    assert [tuple(row) for row in nodes] == [(4, 0, root_of(hashes[:16])), (4, 1, root_of(hashes[16:32]))]
    clearing = "SELECT max(debits) FROM ledger.snapshot JOIN ledger.account ON id = account_id WHERE kind = :kind"
    assert await story.value(clearing, kind="provider_clearing") == 820


async def test_the_name_of_the_log_stays_and_its_key_may_change(story: Story) -> None:
    await story.deposit(1)
    await story.seal()
    moved = story.resources.settings.model_copy(
        update={"public_url": "https://other.example", "ledger_signing_key": SecretStr(OTHER_KEY)}
    )
    story.resources.settings = moved
    await story.deposit(2)
    await story.seal()
    keys = (await story.sql("SELECT published FROM ledger.log_key ORDER BY since, published")).scalars().all()
    assert len(keys) == 2
    assert {key.split("+")[0] for key in keys} == {"localhost/ledger"}
    notes = (await story.sql("SELECT note, published_key FROM ledger.checkpoint ORDER BY size")).all()
    assert [read_checkpoint(*row).size for row in notes] == [1, 2]


async def test_the_check_replays_what_is_sealed_and_what_waits(story: Story) -> None:
    await story.deal()
    await story.seal()
    await story.deposit(500)
    async with story.resources.read_sessions() as session:
        report = await ledger.check(session)
    assert (report.result, report.findings, report.transactions) == (CheckResult.HOLDS, [], 4)


async def test_without_a_key_nothing_is_sealed(story: Story) -> None:
    none = SecretStr("")
    story.resources.settings = story.resources.settings.model_copy(update={"ledger_signing_key": none})
    await story.deposit(1)
    assert await story.seal() == 0
    assert await story.value("SELECT count(*) FROM ledger.unsealed") == 1


def test_a_trial_makes_a_key_and_a_wrong_one_is_refused(settings: Settings) -> None:
    assert len(service.signing_seed(settings) or b"") == 32
    with pytest.raises(ValueError, match="LEDGER_SIGNING_KEY"):
        Settings(ledger_signing_key=SecretStr("short"))


async def test_days_are_kept_as_snapshots(story: Story) -> None:
    await story.deal()
    await story.seal()
    await workflows.snapshot(story.resources)
    wallets = "SELECT count(*) FROM ledger.snapshot JOIN ledger.account ON id = account_id WHERE kind = 'wallet'"
    assert await story.value(wallets) == 0
    async with unit_of_work(story.resources) as uow:
        repository = LogRepository(uow.session)
        size = await repository.size_before(utc_now().replace(year=2999))
        await repository.insert_daily_snapshot(size, 0)
        assert await repository.last_daily_size() == 3
    await story.deposit(7)
    await story.seal()
    async with unit_of_work(story.resources) as uow:
        await LogRepository(uow.session).insert_daily_snapshot(4, 3)
    sums = "SELECT debits, credits FROM ledger.snapshot JOIN ledger.account ON id = account_id WHERE owner_id = :owner"
    rows = (await story.sql(f"{sums} ORDER BY size", owner=story.customer)).all()
    assert [tuple(map(int, row)) for row in rows] == [(9_090, 10_000), (9_090, 10_007)]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO ledger.leaf (position, txn_id, salt, hash) VALUES (9, :txn, :salt, :hash)",
        "INSERT INTO ledger.leaf (position, txn_id, salt, hash) VALUES (1, :sealed, :salt, :hash)",
        "INSERT INTO ledger.checkpoint SELECT 7, root, note, published_key FROM ledger.checkpoint",
        "DELETE FROM ledger.unsealed",
        "UPDATE ledger.leaf SET hash = hash",
        "UPDATE ledger.node SET hash = hash",
        "UPDATE ledger.checkpoint SET note = note",
        "UPDATE ledger.log_key SET since = since",
        "UPDATE ledger.snapshot SET debits = debits",
        "DELETE FROM ledger.checkpoint",
        "TRUNCATE ledger.snapshot",
    ],
)
async def test_postgresql_refuses_gaps_changes_and_what_was_not_posted(story: Story, statement: str) -> None:
    sealed = await story.deposit(1)
    await story.seal()
    waiting: UUID = await story.deposit(2)
    values = {"txn": waiting, "sealed": sealed, "salt": bytes(16), "hash": bytes(32)}
    with pytest.raises(DBAPIError) as refused:
        await story.sql(statement, **{name: value for name, value in values.items() if f":{name}" in statement})
    assert getattr(refused.value.orig, "sqlstate", "") in {"42501", "23000", "23505"}

"""What holds is called good, and each way of tampering is found in the database and in an export, with its row."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from beancount import loader
from pydantic import SecretStr

from app.cli.shared import Refusal
from app.core.transparency import verify
from app.features.transparency import service
from tests.factories.commands import Command
from tests.features.transparency.conftest import Story

OTHER_KEY = "0f" * 32


async def history(story: Story) -> Story:
    """Two deals in three checkpoints; the tests keep the second."""
    await story.deal()
    await story.seal()
    await story.deposit(500)
    await story.deposit(70)
    await story.seal()
    await story.deposit(30, owner=story.freelancer)
    await story.seal()
    return story


async def kept_note(story: Story, size: int = 5) -> str:
    return str(await story.value("SELECT note FROM ledger.checkpoint WHERE size = :size", size=size))


async def in_database(story: Story, kept: str | None) -> tuple[int, str]:
    async with story.resources.read_sessions() as session:
        verdict = await service.verify_ledger(session, kept)
    return verdict.code, verdict.line


async def in_export(story: Story, kept: str | None, folder: Path) -> tuple[int, str]:
    """Export the log and run verify.py on it."""
    async with story.resources.read_sessions() as session:
        async for name, content in service.stream_bundle(session):
            path = folder / "export" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab") as file:
                file.write(content)
    if kept is not None:
        (folder / "kept.txt").write_text(kept)
    return verify.answer(folder / "export", None if kept is None else folder / "kept.txt", None)


async def test_what_was_not_touched_holds(story: Story, tmp_path: Path) -> None:
    await history(story)
    kept = await kept_note(story)
    assert await in_database(story, kept) == (0, "HOLDS: 6 transactions with 11 transfers and 3 checkpoints")
    assert await in_export(story, kept, tmp_path) == (0, "HOLDS: 6 of 6 entries, 3 checkpoints")
    await story.deposit(9)
    assert (await in_database(story, kept))[0] == 0
    assert (await in_export(story, kept, tmp_path / "later"))[0] == 0


async def test_what_was_not_checked_is_not_called_good(story: Story, tmp_path: Path) -> None:
    assert (await in_database(story, None))[0] == 2
    await history(story)
    assert (await in_database(story, None))[0] == 2
    assert (await in_export(story, None, tmp_path))[0] == 2
    kept = await kept_note(story)
    await story.deposit(9)
    await replicate(story, "UPDATE ledger.txn SET recorded_at = now() - interval '2 minutes' WHERE id = :txn", 6)
    code, line = await in_database(story, kept)
    assert code == 2
    assert "has waited 12" in line


async def replicate(story: Story, statement: str, number: int | None = None) -> None:
    """Execute a statement as a superuser who has switched the triggers off."""
    async with story.resources.sessions() as session:
        connection = await session.connection()
        await connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        await session.commit()
    values = {} if number is None else {"txn": story.txns[number]}
    await story.sql(statement, **values)


FIRST = "(SELECT id FROM ledger.account WHERE kind = 'fee_income' LIMIT 1)"
CREDITED = "(SELECT credit_id FROM ledger.transfer WHERE txn_id = :txn)"
WAYS: dict[str, tuple[str, int | None, str]] = {
    "amount": ("UPDATE ledger.transfer SET amount = amount + 1 WHERE txn_id = :txn AND n = 1", 3, "position 3"),
    "debit account": (f"UPDATE ledger.transfer SET debit_id = {FIRST} WHERE txn_id = :txn AND n = 1", 1, "position 1"),  # noqa: S608
    "credit account": (f"UPDATE ledger.transfer SET credit_id = {FIRST} WHERE txn_id = :txn", 3, "position 3"),  # noqa: S608
    "currency": ("UPDATE ledger.transfer SET currency = 'USD' WHERE txn_id = :txn", 4, "position 4"),
    "transfer deleted": ("DELETE FROM ledger.transfer WHERE txn_id = :txn AND n = 3", 2, "position 2"),
    "transfer inserted": (
        (
            "INSERT INTO ledger.transfer SELECT txn_id, 2, debit_id, credit_id, currency, 5 "
            "FROM ledger.transfer WHERE txn_id = :txn"
        ),
        3,
        "position 3",
    ),
    "transfers renumbered": ("UPDATE ledger.transfer SET n = n + 10 WHERE txn_id = :txn AND n < 3", 2, "position 2"),
    "template": ("UPDATE ledger.txn SET template = 'bonus' WHERE id = :txn", 3, "position 3"),
    "template version": ("UPDATE ledger.txn SET template_version = 2 WHERE id = :txn", 3, "position 3"),
    "business key": ("UPDATE ledger.txn SET business_key = 'deposit:other' WHERE id = :txn", 0, "position 0"),
    "time": ("UPDATE ledger.txn SET effective_at = effective_at - interval '1 us' WHERE id = :txn", 5, "position 5"),
    "actor": ("UPDATE ledger.txn SET actor_id = id WHERE id = :txn", 4, "position 4"),
    "contract": ("UPDATE ledger.txn SET contract_id = id WHERE id = :txn", 1, "position 1"),
    "milestone": ("UPDATE ledger.txn SET milestone_id = id WHERE id = :txn", 2, "position 2"),
    "reason": ("UPDATE ledger.txn SET reason = 'mistake' WHERE id = :txn", 2, "position 2"),
    "owner of a wallet": (
        f"UPDATE ledger.account SET owner_id = id WHERE id = {CREDITED}",  # noqa: S608
        5,
        "position 5",
    ),
    "kind of an account": (
        f"UPDATE ledger.account SET kind = 'claim' WHERE id = {CREDITED}",  # noqa: S608
        5,
        "position 5",
    ),
    "transaction deleted": ("DELETE FROM ledger.txn WHERE id = :txn", 4, "position 4"),
    "leaf deleted": ("DELETE FROM ledger.leaf WHERE txn_id = :txn", 2, "position 2"),
    "leaf moved": ("UPDATE ledger.leaf SET position = 100 WHERE txn_id = :txn", 3, "position 3"),
    "salt": ("UPDATE ledger.leaf SET salt = decode(repeat('00', 16), 'hex') WHERE txn_id = :txn", 1, "position 1"),
    "hash": ("UPDATE ledger.leaf SET hash = sha256(hash) WHERE txn_id = :txn", 4, "position 4"),
    "root and note": (
        "UPDATE ledger.checkpoint SET note = replace(note, E'\\n3\\n', E'\\n2\\n') WHERE size = 3",
        None,
        "checkpoint",
    ),
    "balance": (
        f"UPDATE ledger.balance SET credits = credits + 1 WHERE account_id = {CREDITED}",  # noqa: S608
        5,
        "account",
    ),
    "snapshot": ("UPDATE ledger.snapshot SET debits = debits + 1 WHERE size = 6", None, "account"),
}
"""A name → the statement, the transaction that it is about, and what both verifiers name."""
DATABASE_WAYS: dict[str, tuple[str, int | None, str]] = {
    "chart of accounts": (
        "UPDATE ledger.account_kind SET has_floor = false WHERE code = 'wallet'",
        None,
        "kind of account wallet",
    ),
    "floor of a balance": ("UPDATE ledger.balance SET has_floor = false", None, "another side or lower limit"),
    "balance row deleted": ("DELETE FROM ledger.balance", None, "has no balance row"),
    "root": ("UPDATE ledger.checkpoint SET root = sha256(root) WHERE size = 3", None, "checkpoint 3"),
    "transaction that nobody sealed": (
        (
            "INSERT INTO ledger.txn (id, template, template_version, transfers, business_key, effective_at) "
            "VALUES (gen_random_uuid(), 'deposit', 1, 1, 'x', now())"
        ),
        None,
        "neither sealed nor waiting",
    ),
    "queue filled again": (
        "INSERT INTO ledger.unsealed (txn_id) VALUES (:txn)",
        2,
        "still waiting to be sealed",
    ),
}
"""What an export does not hold, so that only the database shows it."""
type Tamper = Callable[[Story], Awaitable[None]]


@pytest.mark.parametrize(("statement", "number", "named"), WAYS.values(), ids=WAYS)
async def test_tampering_is_found_in_the_database_and_in_an_export(
    story: Story, tmp_path: Path, statement: str, number: int | None, named: str
) -> None:
    await history(story)
    kept = await kept_note(story)
    await replicate(story, statement, number)
    code, line = await in_database(story, kept)
    assert code == 1, line
    assert named in line
    code, line = await in_export(story, kept, tmp_path)
    assert code == 1, line
    assert named in line


@pytest.mark.parametrize(("statement", "number", "named"), DATABASE_WAYS.values(), ids=DATABASE_WAYS)
async def test_tampering_beside_the_log_is_found_in_the_database(
    story: Story, statement: str, number: int | None, named: str
) -> None:
    await history(story)
    await replicate(story, statement, number)
    code, line = await in_database(story, await kept_note(story))
    assert code == 1, line
    assert named in line


async def cut_tail(story: Story) -> None:
    """Remove everything after the first checkpoint, and bring the balances into line."""
    for statement in (
        "DELETE FROM ledger.snapshot WHERE size > 3",
        "DELETE FROM ledger.checkpoint WHERE size > 3",
        "DELETE FROM ledger.transfer WHERE txn_id IN (SELECT txn_id FROM ledger.leaf WHERE position >= 3)",
        "DELETE FROM ledger.txn WHERE id IN (SELECT txn_id FROM ledger.leaf WHERE position >= 3)",
        "DELETE FROM ledger.leaf WHERE position >= 3",
        (
            "UPDATE ledger.balance SET "
            "debits = coalesce((SELECT sum(amount) FROM ledger.transfer WHERE debit_id = account_id), 0), "
            "credits = coalesce((SELECT sum(amount) FROM ledger.transfer WHERE credit_id = account_id), 0)"
        ),
    ):
        await replicate(story, statement)


async def reseal(story: Story) -> None:
    """Change an amount with its balances, forget the log, and seal everything again with the true key."""
    await replicate(story, "UPDATE ledger.transfer SET amount = amount + 1 WHERE txn_id = :txn", 3)
    for table in ("snapshot", "checkpoint", "node", "leaf"):
        await replicate(story, f"DELETE FROM ledger.{table}")  # noqa: S608 - a table of this function
    await replicate(
        story,
        f"UPDATE ledger.balance SET credits = credits + 1 WHERE account_id = {CREDITED}",  # noqa: S608 - fixed
        3,
    )
    for txn in story.txns:
        await story.sql("INSERT INTO ledger.unsealed (txn_id) VALUES (:txn)", txn=txn)
    await story.sql("SET LOCAL session_replication_role = origin")
    assert await story.seal() == 6


async def reseal_with_another_key(story: Story) -> None:
    """Do the same with a key of one's own, and call it the key of the log."""
    await replicate(story, "DELETE FROM ledger.log_key")
    changed = story.resources.settings.model_copy(update={"ledger_signing_key": SecretStr(OTHER_KEY)})
    story.resources.settings = changed
    await reseal(story)


@pytest.mark.parametrize("tamper", [cut_tail, reseal, reseal_with_another_key])
async def test_a_cut_tail_and_a_new_log_are_found_beside_an_outside_checkpoint(
    story: Story, tmp_path: Path, tamper: Tamper
) -> None:
    await history(story)
    kept = await kept_note(story)
    await tamper(story)
    assert (await in_database(story, None))[0] == 2
    assert (await in_export(story, None, tmp_path))[0] == 2
    for code, line in (await in_database(story, kept), await in_export(story, kept, tmp_path / "kept")):
        assert code == 1, line
        assert "position" in line or "signed" in line


async def in_beancount(story: Story) -> list[str]:
    """Export the log for beancount; return what it finds wrong."""
    async with story.resources.read_sessions() as session:
        made = b"".join([piece async for piece in service.stream_beancount(session)])
    _entries, errors, _options = loader.load_string(made.decode())
    return [error.message for error in errors]


async def test_beancount_adds_the_ledger_up_again(story: Story) -> None:
    assert await in_beancount(story) == []
    await history(story)
    assert await in_beancount(story) == []
    await story.deposit(9)  # not sealed, and so in no balance
    assert await in_beancount(story) == []
    await replicate(story, "UPDATE ledger.transfer SET amount = amount + 1 WHERE txn_id = :txn AND n = 1", 0)
    wrong = await in_beancount(story)
    assert len(wrong) == 2  # both accounts of the transfer are off by a kopeck
    assert all("Balance failed" in it and "0.01" in it for it in wrong)


async def test_commands_answer_with_their_exit_codes(story: Story, tmp_path: Path, command: Command) -> None:
    await history(story)
    (tmp_path / "kept.txt").write_text(await kept_note(story))
    await in_export(story, None, tmp_path)
    export, kept = str(tmp_path / "export"), ("--checkpoint", str(tmp_path / "kept.txt"))
    good = await command.result("ledger", "verify", export, *kept)
    assert (good.exit_code, good.stdout) == (0, "HOLDS: 6 of 6 entries, 3 checkpoints\n")
    assert (await command.result("ledger", "verify", export)).exit_code == 2
    (tmp_path / "export" / "entries.jsonl").write_bytes(b"{}\n")
    assert (await command.result("ledger", "verify", export, *kept)).exit_code == 1
    with pytest.raises(Refusal, match="exists already"):
        await command("ledger", "export", export)
    with pytest.raises(Refusal, match="cannot be read"):
        await command("ledger", "verify", "--checkpoint", str(tmp_path / "absent"))
    # These open connections of their own, and so see no transaction of this test.
    assert "nothing is sealed yet" in (await command.result("ledger", "verify")).stdout
    assert "0 transactions are in" in await command("ledger", "export", str(tmp_path / "empty"))
    written = str(tmp_path / "ledger.beancount")
    assert f"bean-check {written}" in await command("ledger", "beancount", written)
    with pytest.raises(Refusal, match="exists already"):
        await command("ledger", "beancount", written)
    assert re.fullmatch("[0-9a-f]{64}", await command("ledger", "key"))

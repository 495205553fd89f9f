"""Proof of solvency: nights that are signed, everybody's proofs, and what both verifiers say of them."""

import json
from datetime import date, timedelta
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from sqlalchemy.exc import DBAPIError

from app.core.clock import utc_now
from app.core.ids import new_id
from app.core.money import Currency
from app.core.resources import Resources
from app.core.transparency.solvency import Solvency, Total
from app.features.transparency import service, workflows
from app.features.transparency.tasks import prove_solvency
from app.models import ReconciliationRun, SolvencyNight
from tests.conftest import SignIn
from tests.factories.commands import Command
from tests.features.transparency.bundles import checked, unpacked
from tests.features.transparency.conftest import Story

API = "/api/v1/transparency/solvency"


@pytest_asyncio.fixture(loop_scope="session")
async def history(resources: Resources) -> Story:
    """A story in the transaction of the application."""
    return Story(resources)


async def compared(story: Story, theirs: int, ours: int, days: int = 0) -> None:
    """Let the provider have stated a balance."""
    async with story.resources.sessions() as session:
        session.add(
            ReconciliationRun(
                provider="sandbox",
                currency=Currency.RUB,
                lines=0,
                matched=0,
                opened=0,
                ours=ours,
                theirs=theirs,
                compared_at=utc_now() - timedelta(days=days),
            )
        )
        await session.commit()


async def test_a_night_is_signed_once_and_everybody_proves_the_own_part(
    client: httpx.AsyncClient, history: Story, sign_in: SignIn, tmp_path: Path
) -> None:
    history.customer = (await sign_in(client)).id
    assert await workflows.prove_solvency(history.resources) is None  # nothing is sealed
    assert (await client.get(f"{API}/own")).json()["type"].rsplit("/")[-1] == "no-solvency-proof"
    assert (await client.get("/wallet/proof")).status_code == 200
    await history.deal()
    for amount in range(1, 40):
        await history.deposit(amount, owner=new_id())
    await history.seal()
    await history.deposit(7)  # not sealed, and so in no total
    night = utc_now().date()
    for _twice in range(2):
        await prove_solvency(history.resources)
    made = await workflows.prove_solvency(history.resources)
    assert made is not None
    assert (made.is_new, made.solvency.size) == (False, 42)
    listed = (await client.get(API)).json()["items"]
    (total,) = listed[0]["totals"]
    assert (listed[0]["night"], listed[0]["size"]) == (str(night), 42)
    assert total == {"currency": "RUB", "accounts": 43, "owed": 10_420, "held": None, "covered": None}
    own = (await client.get(f"{API}/own")).json()
    assert {(it["kind"], it["balance"]) for it in own["proofs"]} == {("wallet", 910)}
    assert own["proofs"][0]["salt"] not in json.dumps(listed)
    assert (await client.get(f"/transparency/solvency/{night}")).text == listed[0]["note"]
    assert (await client.get("/transparency/solvency/2020-01-01")).status_code == 404
    assert "Not known" in (await client.get("/transparency")).text
    assert "9.10" in (await client.get("/wallet/proof")).text
    saved = (await client.get("/wallet/proof/file")).json()
    assert [it["balance"] for it in saved["proofs"]] == ["910"]
    folder, _entries = await unpacked(client, tmp_path)
    assert await checked(folder, 42) == (0, "HOLDS: 2 of 42 entries, 1 checkpoints, 1 nights of what is owed\n")
    async with history.resources.read_sessions() as session:
        verdict = await service.verify_ledger(session, (folder / "checkpoints" / "42.txt").read_text())
        assert verdict.code == 0, verdict.line
        whole = {name: content async for name, content in service.stream_bundle(session) if "solvency" in name}
    assert list(whole) == [f"solvency/{night}.json"]


@pytest.mark.parametrize(
    ("theirs", "days", "held", "covered"),
    [(9_000, 0, 9_500, False), (9_640, 0, 10_140, True), (12_000, 4, None, None)],
    ids=["too little", "enough", "too old"],
)
async def test_what_the_provider_holds_is_beside_the_total(
    story: Story, theirs: int, days: int, held: int | None, covered: bool | None
) -> None:
    await story.deal()
    await compared(story, theirs=theirs, ours=10_000, days=days)
    await story.deposit(500)  # after the last statement of the provider
    await story.seal()
    made = await workflows.prove_solvency(story.resources)
    assert made is not None
    total = made.solvency.totals["RUB"]
    assert (total.owed, total.held, total.is_covered) == (10_140, held, covered)


async def test_a_night_stays_as_it_was_signed(story: Story) -> None:
    await story.deposit(30)
    await story.seal()
    await workflows.prove_solvency(story.resources)
    with pytest.raises(DBAPIError, match="append-only"):
        await story.sql("UPDATE solvency_nights SET size = size")


@pytest.mark.parametrize(("owed", "seed", "said"), [(25, None, "expected"), (30, bytes(32), "not signed")])
async def test_a_total_that_the_log_does_not_have_is_found_in_the_database(
    story: Story, owed: int, seed: bytes | None, said: str
) -> None:
    await story.deposit(30)
    await story.seal()
    key = await story.value("SELECT published FROM ledger.log_key")
    night = Solvency(key.split("+")[0], date(2026, 11, 1), 1, {"RUB": Total(1, owed, bytes(32), None)})
    async with story.resources.sessions() as session:
        note = night.sign(seed or service.signing_seed(story.resources.settings) or b"")
        session.add(SolvencyNight(night=night.night, size=1, secret=bytes(32), note=note, published_key=key))
        await session.commit()
        verdict = await service.verify_ledger(session)
    assert verdict.code == 1
    assert "proof of solvency" in verdict.said
    assert said in verdict.said


async def test_the_command_answers_with_its_exit_code(history: Story, command: Command) -> None:
    empty = await command.result("ledger", "solvency")
    assert (empty.exit_code, "nothing to prove" in empty.stdout) == (2, True)
    await history.deposit(30)
    await history.seal()
    unknown = await command.result("ledger", "solvency")
    assert (unknown.exit_code, "RUB: 30 owed on 1 accounts" in unknown.stdout) == (2, True)

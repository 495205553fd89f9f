"""Checkpoints, consistency proofs, receipts and bundles over HTTP; a bundle is verified by bare Python."""

import base64
import html
import json
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.core.ids import new_id
from app.core.resources import Resources
from app.core.transparency.checkpoints import read_checkpoint
from app.core.transparency.merkle import leaf_hash, verify_consistency, verify_inclusion
from app.features.contracts import service as contracts
from app.features.papers import workflows as papers
from app.features.transparency import service, workflows
from app.features.transparency.rules.leaves import paper_bytes
from app.features.transparency.rules.replay import LogBrokenError, Replay
from app.features.transparency.schemas import PaperEntry
from app.models import Contract
from tests.conftest import SignIn
from tests.factories.deals import make_deal
from tests.factories.orders import Market
from tests.features.transparency.bundles import checked, unpacked
from tests.features.transparency.conftest import Story

API = "/api/v1/transparency"


@pytest_asyncio.fixture(loop_scope="session")
async def history(resources: Resources) -> Story:
    """A story in the transaction of the application."""
    return Story(resources)


def raw(texts: list[str]) -> list[bytes]:
    return [base64.b64decode(it) for it in texts]


async def test_anybody_reads_checkpoints_and_their_proofs(client: httpx.AsyncClient, history: Story) -> None:
    assert (await client.get(f"{API}/checkpoints")).json() == {"keys": [], "items": [], "next_before": None}
    await history.deal()
    await history.seal()
    for amount in range(1, 24):
        await history.deposit(amount)
    await history.seal()
    found = (await client.get(f"{API}/checkpoints", params={"limit": 1})).json()
    assert (found["next_before"], [it["size"] for it in found["items"]]) == (26, [26])
    older = (await client.get(f"{API}/checkpoints", params={"before": 26})).json()
    assert [it["size"] for it in older["items"]] == [3]
    one = (await client.get(f"{API}/checkpoints/3")).json()
    assert one == older["items"][0]
    proof = (await client.get(f"{API}/consistency", params={"earlier": 3})).json()
    points = [read_checkpoint(proof[name]["note"], found["keys"][0]) for name in ("earlier", "later")]
    verify_consistency(points[0].size, points[0].root, points[1].size, points[1].root, raw(proof["proof"]))
    wrong = await client.get(f"{API}/consistency", params={"earlier": 26, "later": 3})
    assert (wrong.status_code, wrong.json()["type"].rsplit("/")[-1]) == (404, "no-checkpoint")
    shown = await client.get("/transparency")
    assert found["keys"][0] in shown.text
    assert found["items"][0]["root"] in shown.text
    form = await client.get("/transparency/verify")
    assert "data-bundle" in form.text
    assert html.escape(json.dumps("verify.py")[1:-1]) in form.text
    kept = await client.get("/transparency/checkpoints/3")
    assert kept.text == one["note"]
    assert kept.headers["content-disposition"] == 'attachment; filename="checkpoint-3.txt"'


async def test_a_receipt_is_for_the_parties_alone(client: httpx.AsyncClient, history: Story, sign_in: SignIn) -> None:
    history.customer = (await sign_in(client)).id
    paid = await history.deposit(700)
    foreign = await history.deposit(500, owner=history.freelancer)
    early = await client.get(f"{API}/receipts/{paid}")
    assert (early.status_code, early.json()["type"].rsplit("/")[-1]) == (409, "not-sealed-yet")
    await history.seal()
    receipt = (await client.get(f"{API}/receipts/{paid}")).json()
    point = read_checkpoint(receipt["note"], receipt["key"])
    hashed = leaf_hash(receipt["entry"].encode())
    assert base64.b64encode(hashed).decode() == receipt["leaf_hash"]
    verify_inclusion(hashed, receipt["position"], point.size, raw(receipt["inclusion"]), point.root)
    hidden = await client.get(f"{API}/receipts/{foreign}")
    assert (hidden.status_code, hidden.json()["type"].rsplit("/")[-1]) == (404, "receipt-not-found")


async def test_a_bundle_has_own_rows_and_holds_with_the_site_off(
    client: httpx.AsyncClient, history: Story, sign_in: SignIn, tmp_path: Path
) -> None:
    history.customer = (await sign_in(client)).id
    assert (await client.get("/transparency/bundle.zip")).status_code == 409
    await history.deal()
    await history.seal()
    others = [await history.deposit(amount, owner=history.freelancer) for amount in (5, 6, 7)]
    await history.seal()
    await history.deposit(40)
    await history.seal()
    await history.deposit(2)  # not sealed, and so in no balance
    folder, entries = await unpacked(client, tmp_path, kept="6")
    assert entries.count("\n") == 3
    assert not any(str(txn) in entries for txn in (*others, history.txns[2]))
    assert (folder / "statement.csv").read_bytes().startswith(b"\xef\xbb\xbfposition,time_utc")
    assert await checked(folder, 6) == (0, "HOLDS: 3 of 7 entries, 3 checkpoints\n")
    (folder / "entries.jsonl").write_text(entries.replace('"amount":"40"', '"amount":"41"'))
    code, said = await checked(folder, 6)
    assert code == 1
    assert "position 6" in said


async def test_both_parties_of_a_contract_prove_its_milestone(
    client: httpx.AsyncClient, market: Market, history: Story, tmp_path: Path
) -> None:
    customer, freelancer = await market.person(), await market.person()
    proposal = await market.proposal(await market.order(customer), freelancer)
    async with market.uow() as work:
        await contracts.accept_proposal(work, customer, proposal.id)
        history.contract = (await work.session.execute(select(Contract.id))).scalar_one()
    history.customer, history.freelancer = customer.id, freelancer.id
    await history.deposit(30, owner=new_id())
    await history.deal()
    await history.seal()
    await market.sign_in(client, freelancer)
    folder, entries = await unpacked(client, tmp_path)
    listed = json.loads((folder / "papers.json").read_text())
    assert [(paper["number"][0], paper["kind"], paper["sha256"]) for paper in listed] == [
        ("C", "contract", None),
        ("T", "task", None),
    ]
    assert not (folder / "papers").exists()
    assert entries.count("\n") == 2  # not the deposit of the client
    stated = json.loads((folder / "proofs.json").read_text())
    kinds = {it["credit"]: it["credit_kind"] for line in entries.splitlines() for it in json.loads(line)["transfers"]}
    assert {kinds[account] for account in stated["whole_accounts"]} == {"escrow", "fee_hold", "maturing"}
    assert await checked(folder, 4) == (0, "HOLDS: 2 of 4 entries, 1 checkpoints\n")
    assert (await client.get(f"{API}/receipts/{history.txns[2]}")).json()["position"] == 2
    assert (await client.get(f"{API}/receipts/{history.txns[1]}")).status_code == 404


async def test_the_operator_s_port_tells_what_waits(history: Story) -> None:
    from app.site.gauges import ledger_gauges  # noqa: PLC0415 - the application is created on import

    await history.deposit(1)
    async with history.resources.read_sessions() as session:
        values = {gauge.name: gauge.value for gauge in await ledger_gauges(session)}
        assert await session.scalar(text("SELECT 1")) == 1
    assert values["iplance_ledger_unsealed"] == 1
    assert (await service.read_state(session)).unsealed == 1


async def test_a_bundle_has_the_papers_that_are_in_the_log(
    client: httpx.AsyncClient, market: Market, history: Story, tmp_path: Path
) -> None:
    deal = await make_deal(market, paid=0)
    assert await papers.make_files(history.resources) == 2
    await history.deposit(30, owner=new_id())
    await history.seal()
    await market.sign_in(client, deal.freelancer)
    folder, entries = await unpacked(client, tmp_path)
    assert [json.loads(line)["kind"] for line in entries.splitlines()] == ["contract", "task"]
    assert await checked(folder, 3) == (0, "HOLDS: 2 of 3 entries, 1 checkpoints, 2 papers\n")
    kept = (folder / "checkpoints" / "3.txt").read_text()
    async with history.resources.read_sessions() as session:
        found = await service.verify_ledger(session, kept)
        assert found.line == "HOLDS: 1 transactions with 1 transfers, 2 papers and 1 checkpoints"
        exported = b"".join([part async for name, part in service.stream_bundle(session) if name == "entries.jsonl"])
        assert exported.decode().endswith(entries)
        assert b"Liabilities:Wallet" in b"".join([part async for part in service.stream_beancount(session)])
        proofs = b"".join([part async for name, part in service.stream_bundle(session) if name == "proofs.json"])
        assert (json.loads(proofs)["positions"], json.loads(proofs)["complete"]) == ([0, 1, 2], True)
    files = {name: content async for name, content in workflows.export_papers(history.resources, 3)}
    assert files == {f"papers/{path.name}": path.read_bytes() for path in (folder / "papers").iterdir()}
    assert [name async for name, _content in workflows.export_papers(history.resources, 1)] == []
    with pytest.raises(DBAPIError, match="the place of a paper in the log stays"):
        async with market.uow() as work:
            await work.session.execute(text("UPDATE paper_leaves SET position = position + 5"))
    changed = next((folder / "papers").iterdir())
    changed.write_bytes(changed.read_bytes() + b" ")
    code, said = await checked(folder, 3)
    assert (code, changed.name in said) == (1, True)
    await market.sign_in(client, await market.person())
    stranger, entries = await unpacked(client, tmp_path / "stranger")
    assert (entries, (stranger / "papers").exists()) == ("", False)


def test_a_paper_that_was_changed_in_the_database_is_named() -> None:
    salt, issued = bytes(16), "2026-11-29T09:00:00.000000Z"
    paper = PaperEntry("01a2", "A-2026", 7, "act", "ab" * 32, None, None, issued)
    stated = leaf_hash(paper_bytes(paper, salt))
    good = Replay()
    good.append_paper(0, salt, stated, paper)
    assert good.describe(1) == "0 transactions with 0 transfers, 1 papers and 1 checkpoints"
    for changed, position, said in (
        (replace(paper, sha256="cd" * 32), 0, "position 0, paper 01a2: its rows or its leaf changed"),
        (replace(paper, number=8), 0, "paper 01a2"),
        (paper, 1, "position 0: expected here"),
        (None, 0, "position 0: it is of no transaction and of no paper"),
    ):
        with pytest.raises(LogBrokenError, match=said):
            Replay().append_paper(position, salt, stated, changed)

"""Checkpoints, consistency proofs, receipts and bundles over HTTP; a bundle is verified by bare Python."""

import base64
import html
import json
from pathlib import Path

import httpx
import pytest_asyncio
from sqlalchemy import select, text

from app.core.ids import new_id
from app.core.resources import Resources
from app.core.transparency.checkpoints import read_checkpoint
from app.core.transparency.merkle import leaf_hash, verify_consistency, verify_inclusion
from app.features.contracts import service as contracts
from app.features.transparency import service
from app.models import Contract
from tests.conftest import SignIn
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

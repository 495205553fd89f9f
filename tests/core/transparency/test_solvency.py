"""Sum trees of what is owed: `verify.py` finds every change of a proof, of a total and of what was left out."""

import json
import zipfile
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.core.transparency.checkpoints import CheckpointError, read_checkpoint, read_note, verifier_key
from app.core.transparency.merkle import root_of
from app.core.transparency.nodes import TreeBuilder, compute, inclusion_steps, proof_of, stored_range
from app.core.transparency.solvency import (
    SUM_BYTES,
    Solvency,
    SumError,
    Total,
    balance_node,
    join_sums,
    read_solvency,
    salt_of,
    sum_of,
)
from tests.core.transparency.test_verify import (
    ESCROW,
    KINDS,
    ORIGIN,
    OTHER_SEED,
    OTHER_WALLET,
    SEED,
    STORY,
    WALLET,
    Made,
    account,
    balances,
    checked,
    made,
)

NIGHT, NEXT = date(2026, 11, 28), date(2026, 11, 29)
NAME = f"solvency/{NIGHT}.json"
OWED = [number for number, kind in KINDS.items() if kind in {"wallet", "escrow", "maturing"}]
NEXT_SALT = salt_of(NEXT.isoformat().encode().ljust(32), account(WALLET)).hex()
type Tamper = Callable[[Made], None]


def secret_of(night: date) -> bytes:
    return night.isoformat().encode().ljust(32)


def tree_of(night: date, owed: dict[UUID, int]) -> tuple[list[UUID], list[bytes]]:
    """Return accounts and their leaves in the order of the tree."""
    secret = secret_of(night)
    order = sorted(owed, key=lambda it: salt_of(secret, it))
    return order, [balance_node(night, it, "RUB", owed[it], salt_of(secret, it)) for it in order]


def night_file(
    own: tuple[int, ...] = (WALLET, ESCROW),
    *,
    night: date = NIGHT,
    size: int = 4,
    seed: bytes = SEED,
    changed: dict[int, int] | None = None,
    total: int = 0,
) -> bytes:
    """Return the file of a night at this size, with other balances or another total where they are given."""
    at_size = {int(UUID(key)): amount for key, amount in balances(STORY[:size]).items()} | (changed or {})
    owed = {account(number): at_size[number] for number in OWED if at_size[number]}
    order, leaves = tree_of(night, owed)
    tree = TreeBuilder(join=join_sums)
    values = {(0, place): leaf for place, leaf in enumerate(leaves)}
    for leaf in leaves:
        tree.append(leaf)
    steps = [inclusion_steps(place, len(leaves)) for place in range(len(leaves))]
    root = tree.root()
    said = Total(len(leaves), total or sum_of(root), root[SUM_BYTES:], None)
    proofs: list[dict[str, Any]] = []
    for number in own:
        if account(number) in owed:
            place = order.index(account(number))
            proofs.append(
                {
                    "account": str(account(number)),
                    "balance": str(owed[account(number)]),
                    "currency": "RUB",
                    "salt": salt_of(secret_of(night), account(number)).hex(),
                    "position": place,
                    "steps": [b64encode(it).decode() for it in proof_of(steps[place], values, join_sums)],
                }
            )
    note = Solvency(ORIGIN, night, size, {"RUB": said}).sign(seed)
    return json.dumps({"note": note, "proofs": proofs}).encode()


def with_night(*, party: bool = True, **given: Any) -> Made:
    bundle = made(party=party)
    own = (WALLET, ESCROW) if party else ()
    bundle.files[NAME] = night_file(own, **given)
    return bundle


def edited(change: Callable[[dict[str, Any]], None]) -> Tamper:
    def tamper(bundle: Made) -> None:
        content = json.loads(bundle.files[NAME])
        change(content)
        bundle.files[NAME] = json.dumps(content).encode()

    return tamper


def first(**fields: Any) -> Tamper:
    return edited(lambda content: content["proofs"][0].update(fields))


def with_step(amount: int) -> Tamper:
    def change(content: dict[str, Any]) -> None:
        steps = content["proofs"][0]["steps"]
        steps[0] = b64encode(amount.to_bytes(16, signed=True) + b64decode(steps[0])[16:]).decode()

    return edited(change)


def replaced(**given: Any) -> Tamper:
    return lambda bundle: bundle.files.update({NAME: night_file(**given)})


TAMPERED: dict[str, tuple[Tamper, str]] = {
    "a balance": (first(balance="1"), "not in the signed total"),
    "a balance of nothing": (first(balance="0"), "damaged balance"),
    "a balance below zero": (first(balance="-5"), "damaged balance"),
    "a node below zero": (with_step(-500), "negative"),
    "a sum of a node": (with_step(7), "not in the signed total"),
    "an impossibly large node": (with_step(2**120), "too large"),
    "a total": (edited(lambda it: it.update(note=it["note"].replace("RUB 4 ", "RUB 5 "))), "not signed"),
    "a total by somebody with the key": (replaced(total=5), "not in the signed total"),
    "a total below zero": (replaced(total=-5), "a total is damaged"),
    "another key": (replaced(seed=OTHER_SEED), "not signed"),
    "a proof of another person": (replaced(own=(WALLET, ESCROW, OTHER_WALLET)), "not what the entries add up to"),
    "a proof of another person alone": (replaced(own=(OTHER_WALLET,)), "not what the entries add up to"),
    "a proof that was removed": (edited(lambda it: it["proofs"].pop()), "not what the entries add up to"),
    "a proof that is there twice": (edited(lambda it: it["proofs"].append(it["proofs"][0])), "twice"),
    "a smaller balance in the tree": (replaced(changed={ESCROW: 1}), "not what the entries add up to"),
    "the salt of another night": (
        first(salt=NEXT_SALT),
        "not in the signed total",
    ),
    "the proofs of another night": (
        edited(lambda it: it.update(proofs=json.loads(night_file(night=NEXT))["proofs"])),
        "not in the signed total",
    ),
    "another night under this name": (replaced(night=NEXT), "another night"),
    "the balances of another size": (replaced(size=6, changed={ESCROW: 8_000}), "not what the entries add up to"),
    "a position": (
        edited(lambda it: it["proofs"][0].update(position=it["proofs"][1]["position"])),
        "not in the signed total",
    ),
    "a position outside": (first(position=9), "not in the signed total"),
    "a currency": (first(currency="USD"), "damaged"),
    "an unknown field": (edited(lambda it: it.update(note="")), "not signed"),
}


def test_a_part_of_the_total_is_proved_beside_the_entries(tmp_path: Path) -> None:
    code, said = checked(with_night(), tmp_path)
    assert (code, said) == (0, "HOLDS: 9 of 12 entries, 3 checkpoints, 1 nights of what is owed\n")
    for number, size in enumerate((5, 9, 12)):
        assert checked(with_night(size=size), tmp_path / str(number))[0] == 0
    assert checked(with_night(party=False), tmp_path / "whole")[0] == 0


@pytest.mark.parametrize(("tamper", "named"), TAMPERED.values(), ids=TAMPERED)
def test_tampering_with_a_night_is_found(tmp_path: Path, tamper: Tamper, named: str) -> None:
    bundle = with_night()
    tamper(bundle)
    code, said = checked(bundle, tmp_path)
    assert (code, named in said) == (1, True), said


@pytest.mark.parametrize("given", [{"changed": {OTHER_WALLET: 0}}, {"total": 5}, {"size": 5, "changed": {WALLET: 999}}])
def test_the_whole_log_shows_who_was_left_out(tmp_path: Path, given: dict[str, Any]) -> None:
    code, said = checked(with_night(party=False, **given), tmp_path)
    assert (code, "not what the entries add up to" in said) == (1, True)


def test_stored_nodes_give_the_same_proofs() -> None:
    owed = {UUID(int=number): number for number in range(1, 41)}
    _order, leaves = tree_of(NIGHT, owed)
    tree = TreeBuilder(join=join_sums)
    values = {(0, place): leaf for place, leaf in enumerate(leaves)}
    for leaf in leaves:
        values |= {(height, index): node for height, index, node in tree.append(leaf)}
    assert sum_of(tree.root()) == sum(owed.values())
    steps = inclusion_steps(39, 40)
    wanted = {node for step in steps for node in step}
    assert {stored_range(node)[0] for node in wanted} >= {0, 4}
    assert {sum_of(compute(node, values, join_sums)) for node in wanted} != {0}
    assert tree.root()[SUM_BYTES:] != root_of(leaves)


def test_a_note_of_a_night_is_no_checkpoint_and_is_read_as_it_was_signed() -> None:
    key = verifier_key(ORIGIN, SEED)
    night = Solvency(ORIGIN, NIGHT, 9, {"RUB": Total(3, 500, bytes(32), -4), "USD": Total(1, 2, bytes(32), None)})
    note = night.sign(SEED)
    assert read_solvency(read_note(note, key)) == night
    assert [total.is_covered for total in night.totals.values()] == [False, None]
    with pytest.raises(CheckpointError):
        read_checkpoint(note, key)
    for line in ("RUB 3 500 AAAA 4", "RUB 3 -500 " + "A" * 43 + "= 4", "RUB 03 5 " + "A" * 43 + "= 4", "RUB"):
        with pytest.raises(CheckpointError):
            read_solvency([ORIGIN, f"solvency {NIGHT} 9", line])
    with pytest.raises(CheckpointError):
        read_solvency([ORIGIN, f"checkpoint {NIGHT} 9"])


def test_no_sum_is_negative_or_wraps_around() -> None:
    small = (1).to_bytes(16) + bytes(32)
    for other in ((-1).to_bytes(16, signed=True), (2**120 - 1).to_bytes(16), b"\xff" * 16):
        with pytest.raises(SumError):
            join_sums(small, other + bytes(32))


def test_the_bundle_of_the_browser_s_test_is_this_one() -> None:
    """The browser's test reads a bundle that this module makes; the program in it changes and is not compared."""
    stored = Path(__file__).parents[2] / "frontend" / "bundle-owed.zip"
    with zipfile.ZipFile(stored) as archive:
        kept = {name.removeprefix("bundle/"): archive.read(name) for name in archive.namelist()}
    assert kept[NAME] == with_night().files[NAME]
    assert kept["entries.jsonl"] == with_night().files["entries.jsonl"]

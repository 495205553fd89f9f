"""Verify a bundle of the ledger with the site switched off: python -I verify.py FOLDER [--checkpoint FILE] [--key KEY].

It needs the standard library alone. It ends with 0 if everything holds, 1 if something is broken, 2 if it cannot say.
"""

import argparse
import base64
import hashlib
import json
import re
import sys
from collections.abc import Callable, Sequence
from functools import reduce
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

HOLDS, BROKEN, CANNOT_SAY, FORMAT = 0, 1, 2, "iplance-bundle-1"
P, MODULUS = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, ROOT_OF_MINUS_ONE = -121665 * pow(121666, P - 2, P) % P, pow(2, (P - 1) // 4, P)
TEXT_KEYS = ("business_key", "effective_at", "reason", "salt", "template", "template_version", "txn", "v")
ID_KEYS, PAPER_ID_KEYS = ("actor", "contract", "milestone", "reverses"), ("contract", "milestone")
PAPER_TEXT_KEYS = ("document", "issued_at", "kind", "number", "salt", "sha256", "v")
TRANSFER_KEYS = ("amount", "credit", "credit_kind", "credit_owner", "currency", "debit", "debit_kind", "debit_owner")
DEBIT_KINDS = frozenset(("provider_clearing", "bank_operating", "claim", "provider_cost", "loss"))
_HOLDS = ("escrow", "fee_hold", "dispute_hold", "payout_transit", "refund_transit")
FLOORED = frozenset(("claim", "wallet", "maturing", "suspense", *_HOLDS))
"""Kinds of accounts whose balance is never below zero."""
OWED, MOST_OWED = FLOORED - {"claim"}, 2**120
KINDS = DEBIT_KINDS | FLOORED | {"tax_payable", "fee_income", "other_income"}
MOST, PARTS = 10**15, 3
UUID, AMOUNT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), re.compile(r"[1-9][0-9]{0,15}")
NUMBER = re.compile(r"[1-9][0-9]{0,35}")
type Point = tuple[int, int, int, int]


class EndedError(Exception):
    """The verification ends with a sentence and a code."""


class Checkpoint(NamedTuple):
    """A checkpoint whose signature holds."""

    origin: str
    size: int
    root: bytes


def broken(what: str) -> NoReturn:
    """Stop: something does not hold."""
    raise EndedError(what, BROKEN)


def add(a: Point, b: Point) -> Point:
    """Add two points of the curve."""
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(factor: int, point: Point) -> Point:
    """Multiply a point by a number."""
    result: Point = (0, 1, 1, 0)
    while factor:
        result = add(result, point) if factor & 1 else result
        point, factor = add(point, point), factor >> 1
    return result


def decompress(raw: bytes) -> Point:
    """Return the point that 32 bytes stand for."""
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x * ROOT_OF_MINUS_ONE % P if (x * x - square) % P else x
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        broken("a key or a signature is no point of the curve")
    x = x if x & 1 == sign else P - x
    return x, y, 1, x * y % P


BASE = decompress(bytes.fromhex("58" + "66" * 31))


def signature_holds(public: bytes, signature: bytes, message: bytes) -> bool:
    """Tell whether an Ed25519 signature holds."""
    key, commitment = decompress(public), decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    left, right = multiply(s, BASE), add(commitment, multiply(int.from_bytes(digest, "little") % MODULUS, key))
    return s < MODULUS and not any((left[at] * right[2] - right[at] * left[2]) % P for at in (0, 1))


def sha256(*parts: bytes) -> bytes:
    """Return the hash of bytes; a leaf begins with 0 and a node of two hashes with 1."""
    return hashlib.sha256(b"".join(parts)).digest()


def join(left: bytes, right: bytes) -> bytes:
    """Return the parent of two nodes of the log."""
    return sha256(b"\1", left, right)


def join_sums(left: bytes, right: bytes) -> bytes:
    """Return the parent of two nodes of a sum tree: 16 bytes of a sum, of which none is negative, and a hash."""
    sums = [int.from_bytes(node[:16], signed=True) for node in (left, right)]
    if min(sums) < 0 or sum(sums) >= MOST_OWED:
        broken(f"a sum of what is owed is negative or too large: {sums}")
    return sum(sums).to_bytes(16) + join(left, right)


def roots_of(hashes: Sequence[bytes], sizes: set[int]) -> dict[int, bytes]:
    """Return the roots of the trees with the first n leaves, for these n."""
    found = {0: sha256()}
    peaks: list[bytes] = []
    for position, hashed in enumerate(hashes):
        node, place = hashed, position
        while place & 1:
            node, place = join(peaks.pop(), node), place >> 1
        peaks.append(node)
        if position + 1 in sizes:
            found[position + 1] = reduce(lambda root, peak: join(peak, root), reversed(peaks))
    return found


def climb(
    place: int, last: int, start: bytes, steps: Sequence[bytes], up: Callable[[bytes, bytes], bytes] = join
) -> tuple[bytes, bytes] | None:
    """Follow a proof upwards; return the root left of the place and the whole root, or None if it is no proof."""
    old = new = start
    for step in steps:
        if last == 0:
            return None
        if place & 1 or place == last:
            old, new = up(step, old), up(step, new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new = up(new, step)
        place, last = place >> 1, last >> 1
    return None if last else (old, new)


def included(hashed: bytes, position: int, point: Checkpoint, proof: Sequence[bytes]) -> bool:
    """Tell whether a leaf is at this position of a tree."""
    found = climb(position, point.size - 1, hashed, proof) if 0 <= position < point.size else None
    return found is not None and found[1] == point.root


def consistent(old: Checkpoint, new: Checkpoint, proof: Sequence[bytes]) -> bool:
    """Tell whether a tree is a prefix of another."""
    if old.size in {0, new.size}:
        return old.root == (new.root if old.size else sha256()) and not proof
    steps = [old.root, *proof] if old.size & (old.size - 1) == 0 else list(proof)
    place, last = old.size - 1, new.size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    found = climb(place, last, steps[0], steps[1:]) if steps and old.size < new.size else None
    return found == (old.root, new.root)


def decode(text: str, length: int, what: str) -> bytes:
    """Return base64 as bytes of this length."""
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        raw = b""
    return raw if len(raw) == length and base64.b64encode(raw).decode() == text else broken(f"{what} is damaged")


def read_key(text: str) -> tuple[str, bytes, bytes]:
    """Return name, id and bytes of a published key."""
    name, stated, encoded, *_rest = (*text.strip().split("+", 2), "", "")
    raw = decode(encoded, 33, "the key")
    key_id = sha256(name.encode(), b"\n", raw)[:4]
    return (name, key_id, raw[1:]) if raw[0] == 1 and key_id.hex() == stated else broken("the key is damaged")


def read_checkpoint(note: str, keys: Sequence[tuple[str, bytes, bytes]], what: str) -> Checkpoint:
    """Return a checkpoint after verifying its signature."""
    lines = read_note(note, keys, what)
    if len(lines) != PARTS or not re.fullmatch(r"0|[1-9][0-9]{0,18}", lines[1]):
        broken(f"{what} is no checkpoint")
    return Checkpoint(lines[0], int(lines[1]), decode(lines[2], 32, what))


def read_note(note: str, keys: Sequence[tuple[str, bytes, bytes]], what: str) -> list[str]:
    """Return the lines of a note after verifying its signature."""
    text, _gap, signatures = note.partition("\n\n")
    lines = text.split("\n")
    for line in signatures.split("\n"):
        signed = decode(line.split(" ")[2], 68, f"a signature of {what}") if line.startswith(f"— {lines[0]} ") else b""
        for name, key_id, public in keys:
            known = (name, key_id) == (lines[0], signed[:4])
            if known and signature_holds(public, signed[4:], f"{text}\n".encode()):
                return lines
    return broken(f"{what} is not signed by a key of the log")


class Night(NamedTuple):
    """What was owed to people at a size of the log, and the balances that are proved to be a part of it."""

    name: str
    size: int
    owed: dict[str, int]
    proved: dict[str, int]


def read_night(path: Path, keys: Sequence[tuple[str, bytes, bytes]]) -> Night:
    """Return a night after verifying its signature, and that each proved balance is in the signed totals."""
    what, file = f"solvency/{path.name}", json.loads(path.read_bytes(), object_pairs_hook=unique)
    _origin, head, *rows = read_note(file["note"], keys, what)
    _word, night, size = head.split(" ")
    if not re.fullmatch(r"solvency \d{4}-\d\d-\d\d [1-9]\d{0,18}", head) or path.name != f"{night}.json":
        broken(f"{what} is of another night")
    totals = {row.split(" ")[0]: row.split(" ")[1:] for row in rows}
    if not all(NUMBER.fullmatch(number) for row in totals.values() for number in row[:2]):
        broken(f"{what}: a total is damaged")
    proved = {it["account"]: prove_balance(it, night, totals[it["currency"]], what) for it in file["proofs"]}
    if len(proved) != len(file["proofs"]):
        broken(f"{what}: an account is there twice")
    return Night(path.name, int(size), {currency: int(row[1]) for currency, row in totals.items()}, proved)


def prove_balance(proof: dict[str, Any], night: str, total: Sequence[str], what: str) -> int:
    """Return a balance after verifying that it is a part of the signed total of its currency."""
    count, owed, root, _held = total
    names = ("account", "balance", "currency", "salt")
    fields = {name: proof[name] for name in names} | {"night": night, "v": "1"}
    leaf = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    balance = int(proof["balance"]) if NUMBER.fullmatch(proof["balance"]) else broken(f"{what} has a damaged balance")
    steps, place = [decode(step, 48, what) for step in proof["steps"]], proof["position"]
    start, top = balance.to_bytes(16) + sha256(b"\0", leaf), int(owed).to_bytes(16) + decode(root, 32, what)
    found = climb(place, int(count) - 1, start, steps, join_sums) if 0 <= place < int(count) else None
    if found is None or found[1] != top:
        broken(f"{what}: the balance of the account {proof['account']} is not in the signed total")
    return balance


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON; a repeated key is refused."""
    return dict(pairs) if len(dict(pairs)) == len(pairs) else broken("a key is repeated")


def read_leaf(line: bytes) -> dict[str, Any]:
    """Return the transaction of a line after verifying that it is canonical and complete."""
    try:
        leaf = json.loads(line.decode(), object_pairs_hook=unique)
        again = json.dumps(leaf, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    except ValueError:
        broken("the entry is no JSON")
    if again != line or not isinstance(leaf, dict):
        broken("the entry is not canonical")
    if "document" in leaf:
        check_fields(leaf, PAPER_TEXT_KEYS, PAPER_ID_KEYS, leaf["document"])
        return leaf
    check_fields({name: leaf[name] for name in leaf if name != "transfers"}, TEXT_KEYS, ID_KEYS, leaf["txn"])
    if not isinstance(leaf["transfers"], list) or not leaf["transfers"]:
        broken("there are no transfers")
    for transfer in leaf["transfers"]:
        check_transfer(transfer)
    return leaf


def check_fields(leaf: dict[str, Any], texts: Sequence[str], ids: Sequence[str], own_id: object) -> None:
    """Verify that an entry has these fields, and that each has its form."""
    if sorted(leaf) != sorted((*texts, *ids)) or leaf["v"] != "1":
        broken("the entry has other fields")
    wanted = (own_id, *(leaf[name] for name in ids if leaf[name] is not None))
    are_ids = all(isinstance(it, str) and UUID.fullmatch(it) for it in wanted)
    if not (
        are_ids and all(isinstance(leaf[name], str) for name in texts) and re.fullmatch(r"[0-9a-f]{32}", leaf["salt"])
    ):
        broken("a field of the entry is damaged")


def check_transfer(transfer: object) -> None:
    """Verify one transfer."""
    if not isinstance(transfer, dict) or sorted(transfer) != sorted(TRANSFER_KEYS):
        broken("a transfer has other fields")
    if not all(isinstance(value, str) for value in transfer.values()) or transfer["debit"] == transfer["credit"]:
        broken("a field of a transfer is no text, or it leads from an account to itself")
    if not AMOUNT.fullmatch(transfer["amount"]) or int(transfer["amount"]) > MOST:
        broken(f"{transfer['amount']} is no amount")
    for side in ("debit", "credit"):
        if not UUID.fullmatch(transfer[side]) or transfer[f"{side}_kind"] not in KINDS:
            broken(f"the {side} account of a transfer is damaged")


class Replay:
    """Balances after each transaction, in the order of the log."""

    def __init__(self, whole: frozenset[str] | None) -> None:
        self.whole = whole  # The accounts whose every transfer is in the bundle; None for all.
        self.accounts: dict[str, tuple[str, str, str]] = {}
        self.balances: dict[str, int] = {}
        self.seen: set[tuple[str, str]] = set()
        self.owed: dict[str, int] = {}

    def apply(self, leaf: dict[str, Any]) -> None:
        """Apply one transaction and verify that it is new and leaves no balance below zero."""
        for name in ("txn", "business_key", "reverses"):
            if (name, leaf[name]) in self.seen:
                broken(f"{leaf[name]} is there twice")
            if leaf[name] is not None:
                self.seen.add((name, leaf[name]))
        sides = [(it, side) for it in leaf["transfers"] for side in ("debit", "credit")]
        for transfer, side in sides:
            account, facts = transfer[side], (transfer[f"{side}_kind"], transfer["currency"], transfer[f"{side}_owner"])
            if self.accounts.setdefault(account, facts) != facts:
                broken(f"the account {account} changed its kind, currency or owner")
            sign = 1 if (side == "debit") is (facts[0] in DEBIT_KINDS) else -1
            self.balances[account] = self.balances.get(account, 0) + sign * int(transfer["amount"])
            self.owed[facts[1]] = self.owed.get(facts[1], 0) + sign * int(transfer["amount"]) * (facts[0] in OWED)
        for account in {transfer[side]: side for transfer, side in sides}:
            if self.accounts[account][0] in FLOORED and self.knows(account) and self.balances[account] < 0:
                broken(f"the balance of {self.accounts[account][0]} {account} is {self.balances[account]}")

    def knows(self, account: str) -> bool:
        """Tell whether every transfer of the account is in the bundle."""
        return self.whole is None or account in self.whole

    def check_night(self, night: Night) -> None:
        """Compare what was owed, or the person's part of it, with the balances at this size of the log."""
        if self.whole is None:
            found, stated = self.owed, night.owed
        else:
            own = [account for account in self.whole & self.accounts.keys() if self.accounts[account][0] in OWED]
            found, stated = {account: self.balances[account] for account in own}, night.proved
        if {name: amount for name, amount in found.items() if amount} != stated:
            broken(f"solvency/{night.name}: what was owed is not what the entries add up to")

    def check_balances(self, stated: dict[str, str]) -> None:
        """Compare the balances that the bundle states with those computed."""
        for account in sorted({*stated, *filter(self.knows, self.accounts)}):
            if stated.get(account) != str(self.balances.get(account, 0)):
                broken(f"account {account}: {self.balances.get(account, 0)}, the bundle states {stated.get(account)}")


class Bundle:
    """The files of a bundle."""

    def __init__(self, folder: Path, given_key: str | None) -> None:
        entries = (folder / "entries.jsonl").read_bytes()
        proofs = json.loads((folder / "proofs.json").read_bytes(), object_pairs_hook=unique)
        notes = {path.name: path.read_text("utf-8") for path in sorted((folder / "checkpoints").iterdir())}
        papers = sorted((folder / "papers").iterdir()) if (folder / "papers").exists() else []
        self.papers = {path.name: sha256(path.read_bytes()).hex() for path in papers}
        if entries and not entries.endswith(b"\n"):
            broken("the last entry is cut")
        self.lines = entries.split(b"\n")[:-1]
        if proofs["format"] != FORMAT or not notes:
            raise EndedError(f"the bundle has no checkpoint, or is not of the format {FORMAT}", CANNOT_SAY)
        if given_key is not None and given_key.strip() not in proofs["keys"]:
            broken("the given key is none of the bundle's")
        self.keys = [read_key(key) for key in proofs["keys"]]
        self.complete: bool = proofs["complete"] is True
        self.positions: list[int] = proofs["positions"]
        self.hashes = [decode(hashed, 32, "a hash") for hashed in proofs["leaf_hashes"]]
        self.inclusion = [[decode(step, 32, "a proof") for step in proof] for proof in proofs["inclusion"]]
        self.consistency = {
            int(size): [decode(step, 32, "a proof") for step in proof] for size, proof in proofs["consistency"].items()
        }
        self.whole = None if self.complete else frozenset(proofs["whole_accounts"])
        self.balances: dict[str, str] = proofs["balances"]
        read = [read_checkpoint(note, self.keys, f"checkpoints/{name}") for name, note in notes.items()]
        self.points = sorted(read, key=lambda point: point.size)
        if any(point.size == other.size for point, other in pairwise(self.points)):
            broken("two checkpoints have one size")
        self.newest = self.points[-1]
        nights = sorted((folder / "solvency").iterdir()) if (folder / "solvency").exists() else []
        self.nights = sorted((read_night(path, self.keys) for path in nights), key=lambda night: night.size)
        if self.nights and self.nights[-1].size > self.newest.size:
            broken(f"solvency/{self.nights[-1].name} is of a larger log than the newest checkpoint")


def check_log(bundle: Bundle) -> None:
    """Verify the hashes of the entries, and that each checkpoint is of a prefix of the newest one."""
    if bundle.complete and bundle.positions != list(range(bundle.newest.size)):
        broken(f"position {first_gap(bundle)}: a bundle that states to be complete lacks it or has one too many")
    counts = {len(bundle.lines), len(bundle.positions), len(bundle.hashes)}
    if len(counts) > 1 or any(a >= b for a, b in pairwise(bundle.positions)):
        broken(f"position {first_gap(bundle)}: entries, positions and hashes do not fit each other")
    for place, line, hashed in zip(bundle.positions, bundle.lines, bundle.hashes, strict=True):
        if sha256(b"\0", line) != hashed:
            broken(f"position {place}: the entry has another hash than the bundle states")
    known, roots = 0, roots_of(bundle.hashes, {point.size for point in bundle.points})
    for point in bundle.points if bundle.complete else ():
        if roots[point.size] != point.root:
            broken(f"position {known} to {point.size - 1}: these entries are not those of checkpoint {point.size}")
        known = point.size


def check_proofs(bundle: Bundle) -> None:
    """Verify that some entries are in the newest checkpoint, and that it continues the others."""
    for place, hashed, proof in zip(bundle.positions, bundle.hashes, bundle.inclusion, strict=True):
        if not included(hashed, place, bundle.newest, proof):
            broken(f"position {place}: the entry is not in the tree of the checkpoint")
    for point in bundle.points:
        if not consistent(point, bundle.newest, bundle.consistency.get(point.size, [])):
            broken(f"the checkpoint {point.size} is no prefix of the checkpoint {bundle.newest.size}")


def first_gap(bundle: Bundle) -> int:
    """Return the first position that is not where it should be."""
    wanted = range(bundle.newest.size) if bundle.complete else bundle.positions
    pairs = zip(wanted, bundle.positions[: len(bundle.lines)], strict=False)
    return next((a for a, b in pairs if a != b), min(len(bundle.lines), len(bundle.positions), len(wanted)))


def check_papers(bundle: Bundle, stated: dict[str, tuple[int, str]]) -> None:
    """Compare the files of papers with the entries of the log; only a whole log may come without all of them."""
    without = bundle.complete and not bundle.papers
    for name in sorted(bundle.papers.keys() | (set[str]() if without else stated.keys())):
        place, hashed = stated.get(name, ("unknown", ""))
        if bundle.papers.get(name) != hashed:
            broken(f"position {place}: papers/{name} is missing, or is not the file that was issued")


def verify(folder: Path, kept: Path | None, key: str | None) -> str:  # noqa: C901 - its steps, in their order
    """Verify a bundle and return what holds."""
    bundle = Bundle(folder, key)
    check_log(bundle)
    if not bundle.complete:
        check_proofs(bundle)
    replay, papers, nights = Replay(bundle.whole), dict[str, tuple[int, str]](), list(bundle.nights)
    for place, line in zip(bundle.positions, bundle.lines, strict=True):
        while nights and nights[0].size <= place:
            replay.check_night(nights.pop(0))
        try:
            leaf = read_leaf(line)
            if "document" not in leaf:
                replay.apply(leaf)
            elif papers.setdefault(f"{leaf['number']}.pdf", (place, leaf["sha256"]))[0] != place:
                broken(f"the paper {leaf['number']} is there twice")
        except EndedError as wrong:
            raise EndedError(f"position {place}: {wrong.args[0]}", wrong.args[1]) from wrong
    for night in nights:
        replay.check_night(night)
    replay.check_balances(bundle.balances)
    check_papers(bundle, papers)
    if kept is None:
        raise EndedError("the bundle holds together, but no checkpoint kept elsewhere was given", CANNOT_SAY)
    outside = read_checkpoint(kept.read_text("utf-8"), bundle.keys, "the kept checkpoint")
    if outside.size > bundle.newest.size:
        broken(f"position {bundle.newest.size}: the log ends here, and the kept checkpoint has {outside.size} entries")
    same = [point for point in bundle.points if point.size == outside.size]
    if not same and not bundle.complete:
        raise EndedError(f"the bundle has no proof for the kept checkpoint of {outside.size} entries", CANNOT_SAY)
    root = same[0].root if same else roots_of(bundle.hashes, {outside.size})[outside.size]
    if root != outside.root:
        broken(f"position 0 to {outside.size - 1}: the log is not the one of the kept checkpoint")
    found = f"{len(bundle.lines)} of {bundle.newest.size} entries, {len(bundle.points)} checkpoints"
    found += f", {len(bundle.papers)} papers" if bundle.papers else ""
    return f"{found}, {len(bundle.nights)} nights of what is owed" if bundle.nights else found


def answer(folder: Path, kept: Path | None, key: str | None) -> tuple[int, str]:
    """Verify a bundle; return the code and the sentence that is printed."""
    try:
        return HOLDS, "HOLDS: " + verify(folder, kept, key)
    except EndedError as wrong:
        return wrong.args[1], f"{'BROKEN' if wrong.args[1] == BROKEN else 'CANNOT SAY'}: {wrong.args[0]}"
    except OSError as missing:
        return CANNOT_SAY, f"CANNOT SAY: a file cannot be read: {missing}"
    except (KeyError, TypeError, AttributeError, ValueError, IndexError, RecursionError) as wrong:
        return BROKEN, f"BROKEN: proofs.json or another file of the bundle is damaged ({type(wrong).__name__}: {wrong})"


def main() -> int:
    """Verify the bundle that the command names."""
    parser = argparse.ArgumentParser(description="Verify a bundle of the ledger.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--checkpoint", type=Path, help="a checkpoint that you kept, older than the bundle")
    parser.add_argument("--key", help="the key of the log, if you know it from elsewhere")
    code, said = answer(*vars(parser.parse_args()).values())
    sys.stdout.write(f"{said}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())

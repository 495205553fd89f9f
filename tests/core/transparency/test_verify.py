"""`verify.py` as a process of its own: what holds, at least twenty ways of tampering, and what it cannot say."""

import json
import subprocess
import sys
from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.core.transparency import verify
from app.core.transparency.bundles import Proofs, bundle_files
from app.core.transparency.canonical import LeafTransaction, LeafTransfer, canonical_json, canonical_leaf
from app.core.transparency.checkpoints import Checkpoint, sign_checkpoint, verifier_key
from app.core.transparency.merkle import consistency_proof, inclusion_proof, leaf_hash, root_of

SEED, OTHER_SEED, ORIGIN = bytes(range(32)), bytes(32), "ledger.example/log"
START = datetime(2026, 11, 29, 8, tzinfo=UTC)
SIZES = (4, 9, 12)
DEBIT_KINDS = frozenset(("provider_clearing",))
CLEARING, WALLET, ESCROW, MATURING, FEES, OTHER_WALLET = range(1, 7)
KINDS = {
    CLEARING: "provider_clearing",
    WALLET: "wallet",
    ESCROW: "escrow",
    MATURING: "maturing",
    FEES: "fee_income",
    OTHER_WALLET: "wallet",
}
type Step = tuple[str, list[tuple[int, int, int]]]
STORY: list[Step] = [
    ("P1", [(CLEARING, WALLET, 10_000)]),
    ("P2", [(WALLET, ESCROW, 9_000)]),
    ("P5", [(ESCROW, MATURING, 900), (ESCROW, FEES, 100)]),
    ("P1", [(CLEARING, OTHER_WALLET, 500)]),
    ("P5", [(ESCROW, MATURING, 1_800), (ESCROW, FEES, 200)]),
    ("P8", [(ESCROW, WALLET, 1_000)]),
    ("P7", [(WALLET, MATURING, 2_000)]),
    ("P7", [(OTHER_WALLET, MATURING, 500)]),
    ("P5", [(ESCROW, MATURING, 4_500), (ESCROW, FEES, 500)]),
    ("P1", [(CLEARING, WALLET, 700)]),
    ("P1", [(CLEARING, OTHER_WALLET, 300)]),
    ("P7", [(WALLET, MATURING, 700)]),
]
PARTY = (WALLET, ESCROW)


def account(number: int) -> UUID:
    return UUID(int=number)


def leaf(number: int, step: Step, **changed: Any) -> bytes:
    template, moves = step
    transfers = [
        LeafTransfer(
            debit=account(debit),
            debit_kind=KINDS[debit],
            credit=account(credit),
            credit_kind=KINDS[credit],
            currency="RUB",
            amount=amount,
        )
        for debit, credit, amount in moves
    ]
    plain: dict[str, Any] = {
        "id": UUID(int=1000 + number),
        "template": template,
        "template_version": 1,
        "business_key": f"{template}:{number}",
        "effective_at": START + timedelta(minutes=number),
        "transfers": transfers,
    }
    return canonical_leaf(LeafTransaction(**(plain | changed)), bytes([number]) * 16)


def paper(place: int, content: bytes, **changed: str | None) -> bytes:
    plain: dict[str, str | None] = {
        "contract": str(account(77)),
        "document": str(UUID(int=2000 + place)),
        "issued_at": "2026-11-29T09:00:00.000000Z",
        "kind": "act",
        "milestone": None,
        "number": f"A-2026-{place:06d}",
        "salt": f"{place:032x}",
        "sha256": sha256(content).hexdigest(),
        "v": "1",
    }
    return canonical_json(plain | changed)


def sealed(leaves: list[bytes], seed: bytes = SEED, sizes: tuple[int, ...] = SIZES) -> dict[Checkpoint, str]:
    hashes = [leaf_hash(entry) for entry in leaves]
    points = [Checkpoint(ORIGIN, size, root_of(hashes[:size])) for size in sizes]
    return {point: sign_checkpoint(point, seed) for point in points}


def balances(story: list[Step], accounts: tuple[int, ...] = tuple(KINDS)) -> dict[str, int]:
    found: Counter[int] = Counter(dict.fromkeys(accounts, 0))
    for _template, moves in story:
        for debit, credit, amount in moves:
            found[debit] += amount if KINDS[debit] in DEBIT_KINDS else -amount
            found[credit] -= amount if KINDS[credit] in DEBIT_KINDS else -amount
    return {str(account(number)): found[number] for number in accounts}


@dataclass
class Made:
    """A bundle before it is written, in parts that a test can change."""

    story: list[Step] = field(default_factory=lambda: list(STORY))
    papers: list[tuple[bytes, bytes]] = field(default_factory=list[tuple[bytes, bytes]])
    """Entries of papers, which come after the story, with their files."""
    leaves: list[bytes] = field(default_factory=lambda: [leaf(number, step) for number, step in enumerate(STORY)])
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    kept: bytes = b""

    def seal(self, seed: bytes = SEED, *, party: bool = False, sizes: tuple[int, ...] = SIZES) -> None:
        """Make the files anew, as somebody with this key would."""
        own = [at for at, (_t, moves) in enumerate(self.story) if any({a, b} & set(PARTY) for a, b, _x in moves)]
        stated = balances(self.story, PARTY) if party else balances(self.story)
        leaves = [*self.leaves, *(entry for entry, _file in self.papers)]
        notes = sealed(leaves, seed, (*sizes, len(leaves)) if self.papers else sizes)
        hashes = [leaf_hash(entry) for entry in leaves]
        chosen = [*own, *range(len(self.leaves), len(leaves))] if party else list(range(len(hashes)))
        proofs = Proofs(
            keys=[verifier_key(ORIGIN, seed)],
            complete=not party,
            positions=chosen,
            hashes=[hashes[at] for at in chosen],
            inclusion=[inclusion_proof(hashes, at) for at in chosen] if party else [],
            consistency={it.size: consistency_proof(hashes, it.size) for it in notes} if party else {},
            balances=stated,
        )
        sized = {it.size: note for it, note in notes.items()}
        self.files = bundle_files([leaves[at] for at in chosen], proofs, sized)
        for entry, content in self.papers if party else ():
            self.files[f"papers/{json.loads(entry)['number']}.pdf"] = content

    def edit(self, position: int, **fields: Any) -> None:
        """Change fields of an entry in the file, as a superuser of the database would."""
        lines = self.lines()
        lines[position] = canonical_json(json.loads(lines[position]) | fields)
        self.write_lines(lines)

    def transfer(self, position: int, **fields: Any) -> None:
        """Change fields of the first transfer of an entry."""
        first, *rest = json.loads(self.lines()[position])["transfers"]
        self.edit(position, transfers=[first | fields, *rest])

    def lines(self) -> list[bytes]:
        return self.files["entries.jsonl"].splitlines()

    def write_lines(self, lines: list[bytes]) -> None:
        self.files["entries.jsonl"] = b"".join(line + b"\n" for line in lines)

    def proofs(self) -> dict[str, Any]:
        stored: dict[str, Any] = json.loads(self.files["proofs.json"])
        return stored

    def change_proofs(self, **fields: Any) -> None:
        self.files["proofs.json"] = json.dumps(self.proofs() | fields).encode()

    def rehash(self) -> None:
        """Bring the stated hashes into line with the entries."""
        self.change_proofs(leaf_hashes=[b64encode(leaf_hash(line)).decode() for line in self.lines()])

    def write(self, folder: Path) -> Path:
        for name, content in self.files.items():
            path = folder / "bundle" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        (folder / "kept.txt").write_bytes(self.kept)
        return folder / "bundle"


def made(*, party: bool = False, kept: int = 9) -> Made:
    bundle = Made()
    bundle.seal(party=party)
    bundle.kept = bundle.files[f"checkpoints/{kept}.txt"]
    return bundle


def run(folder: Path, *options: str) -> tuple[int, str]:
    """Run the bundle's own copy of the program on bare Python."""
    command = [sys.executable, "-I", str(folder / "verify.py"), str(folder), *options]
    told = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
    assert not told.stderr, told.stderr
    return told.returncode, told.stdout


def checked(bundle: Made, folder: Path) -> tuple[int, str]:
    return run(bundle.write(folder), "--checkpoint", str(folder / "kept.txt"))


@pytest.mark.parametrize("party", [False, True], ids=["whole", "party"])
def test_what_was_not_touched_holds(tmp_path: Path, party: bool) -> None:
    code, said = checked(made(party=party), tmp_path)
    assert (code, said) == (0, f"HOLDS: {9 if party else 12} of 12 entries, 3 checkpoints\n")
    key = verifier_key(ORIGIN, SEED)
    kept = ("--checkpoint", str(tmp_path / "kept.txt"))
    assert run(tmp_path / "bundle", *kept, "--key", key)[0] == 0
    assert run(tmp_path / "bundle", *kept, "--key", verifier_key(ORIGIN, OTHER_SEED))[0] == 1


def test_there_are_no_false_alarms(tmp_path: Path) -> None:
    """Every size of the log, every set of two checkpoints, whole and for a party."""
    tried = 0
    for size in range(2, len(STORY) + 1):
        for earlier in range(1, size):
            for party in (False, True):
                bundle = Made(STORY[:size], [], [leaf(number, step) for number, step in enumerate(STORY[:size])])
                bundle.seal(party=party, sizes=(earlier, size))
                bundle.kept = bundle.files[f"checkpoints/{earlier}.txt"]
                folder = tmp_path / str(tried)
                verify.verify(bundle.write(folder), folder / "kept.txt", None)
                tried += 1
    assert tried == 132


def test_what_is_missing_is_not_called_good(tmp_path: Path) -> None:
    folder = made().write(tmp_path)
    assert run(folder) == (2, "CANNOT SAY: the bundle holds together, but no checkpoint kept elsewhere was given\n")
    assert run(folder, "--checkpoint", str(tmp_path / "absent"))[0] == 2
    (folder / "proofs.json").unlink()
    assert run(folder, "--checkpoint", str(tmp_path / "kept.txt"))[0] == 2
    party = made(party=True)
    party.kept = sealed(party.leaves, sizes=(7,)).popitem()[1].encode()
    code, said = checked(party, tmp_path / "party")
    assert (code, said) == (2, "CANNOT SAY: the bundle has no proof for the kept checkpoint of 7 entries\n")
    whole = made()
    whole.kept = party.kept
    assert checked(whole, tmp_path / "whole")[0] == 0
    whole.change_proofs(format="iplance-bundle-2")
    assert checked(whole, tmp_path / "format")[0] == 2


def delete_entry(it: Made) -> None:
    lines, proofs = it.lines(), it.proofs()
    it.write_lines(lines[:5] + lines[6:])
    rest = {name: proofs[name][:5] + proofs[name][6:] for name in ("positions", "leaf_hashes")}
    it.change_proofs(**rest)


def insert_entry(it: Made) -> None:
    lines = it.lines()
    it.write_lines([*lines[:5], leaf(99, ("P1", [(CLEARING, WALLET, 1)])), *lines[5:]])
    it.rehash()
    it.change_proofs(positions=list(range(13)))


def swap_entries(it: Made) -> None:
    lines = it.lines()
    lines[5], lines[6] = lines[6], lines[5]
    it.write_lines(lines)


def cut_tail(it: Made) -> None:
    it.kept = it.files["checkpoints/12.txt"]
    it.story, it.leaves = it.story[:9], it.leaves[:9]
    it.seal(sizes=(4, 9))


def space(it: Made) -> None:
    lines = it.lines()
    lines[2] = lines[2].replace(b":", b": ", 1)
    it.write_lines(lines)
    it.rehash()


def reseal(it: Made, seed: bytes = SEED) -> None:
    it.story[0] = ("P1", [(CLEARING, WALLET, 10_001)])
    it.leaves[0] = leaf(0, it.story[0])
    it.seal(seed)


def hide_change(it: Made) -> None:
    it.transfer(6, amount="1999")
    it.rehash()


def overdraw(it: Made) -> None:
    it.story[10] = ("P7", [(OTHER_WALLET, MATURING, 1)])
    it.leaves[10] = leaf(10, it.story[10])
    it.seal()


def repeat(it: Made, **changed: Any) -> None:
    it.leaves[10] = leaf(10, it.story[10], **changed)
    it.seal()


def fork(it: Made) -> None:
    it.files["checkpoints/9b.txt"] = it.files["checkpoints/9.txt"]


def flip_root(it: Made) -> None:
    origin, size, root, rest = it.files["checkpoints/9.txt"].split(b"\n", 3)
    it.files["checkpoints/9.txt"] = b"\n".join([origin, size, root[:-3] + b"wA=", rest])


def flip_signature(it: Made) -> None:
    note = it.files["checkpoints/12.txt"]
    it.files["checkpoints/12.txt"] = note[:-10] + (b"AAAA" if note[-10:-6] != b"AAAA" else b"BBBB") + note[-6:]


def state_more(it: Made) -> None:
    stated = it.proofs()["balances"]
    it.change_proofs(balances=stated | {str(account(WALLET)): "1"})


def forge_kept(it: Made) -> None:
    it.kept = it.files["checkpoints/9.txt"].replace(b"\n9\n", b"\n8\n")


def cut_last_line(it: Made) -> None:
    it.files["entries.jsonl"] = it.files["entries.jsonl"][:-30]


def change_kind(it: Made) -> None:
    it.leaves[10] = it.leaves[10].replace(b'"credit_kind":"wallet"', b'"credit_kind":"fee_income"')
    it.seal()


def with_papers(*, party: bool = True) -> Made:
    bundle = Made()
    bundle.papers = [(paper(number, content), content) for number, content in enumerate((b"%PDF one", b"%PDF two"), 1)]
    bundle.seal(party=party)
    bundle.kept = bundle.files["checkpoints/9.txt"]
    return bundle


@pytest.mark.parametrize("party", [False, True], ids=["whole", "party"])
def test_papers_are_entries_of_the_log(tmp_path: Path, party: bool) -> None:
    said = f"HOLDS: {11 if party else 14} of 14 entries, 4 checkpoints{', 2 papers' if party else ''}\n"
    assert checked(with_papers(party=party), tmp_path) == (0, said)


ONE, TWO = "papers/A-2026-000001.pdf", "papers/A-2026-000002.pdf"


def change_paper(it: Made) -> None:
    it.files[TWO] = it.files[TWO].replace(b"two", b"twp")


def remove_paper(it: Made) -> None:
    del it.files[ONE]


def swap_papers(it: Made) -> None:
    it.files[ONE], it.files[TWO] = it.files[TWO], it.files[ONE]


def add_paper(it: Made) -> None:
    it.files["papers/A-2026-000003.pdf"] = b"%PDF three"


def reword_entry(it: Made) -> None:
    """Change a file, and its checksum in the entry."""
    it.files[TWO] = b"%PDF 2"
    it.write_lines([*it.lines()[:-1], paper(2, b"%PDF 2")])
    it.rehash()


def repeat_number(it: Made) -> None:
    it.papers[1] = (paper(2, b"%PDF one", number="A-2026-000001"), b"%PDF one")
    it.seal(party=True)


def damage_field(it: Made) -> None:
    it.papers[1] = (paper(2, b"%PDF two", contract=""), b"%PDF two")
    it.seal(party=True)


def add_field(it: Made) -> None:
    it.papers[1] = (paper(2, b"%PDF two", note="x"), b"%PDF two")
    it.seal(party=True)


PAPERS: dict[str, tuple[Callable[[Made], None], str]] = {
    "a byte of a file": (change_paper, "position 13: papers/A-2026-000002.pdf"),
    "a file removed": (remove_paper, "position 12: papers/A-2026-000001.pdf"),
    "files swapped": (swap_papers, "position 12: papers/A-2026-000001.pdf"),
    "a file added": (add_paper, "position unknown: papers/A-2026-000003.pdf"),
    "file and entry": (reword_entry, "position 13: the entry is not in the tree"),
    "a number repeated": (repeat_number, "position 13: the paper A-2026-000001 is there twice"),
    "a damaged field": (damage_field, "position 13: a field of the entry is damaged"),
    "a field added": (add_field, "position 13: the entry has other fields"),
}


@pytest.mark.parametrize(("tamper", "named"), PAPERS.values(), ids=PAPERS)
def test_tampering_with_papers_is_found(tmp_path: Path, tamper: Callable[[Made], None], named: str) -> None:
    bundle = with_papers()
    tamper(bundle)
    code, said = checked(bundle, tmp_path)
    assert code == 1, said
    assert named in said


type Tamper = Callable[[Made], None]
WHOLE: dict[str, tuple[Tamper, str]] = {
    "amount": (lambda it: it.transfer(3, amount="501"), "position 3:"),
    "debit account": (lambda it: it.transfer(2, debit=str(account(WALLET))), "position 2:"),
    "credit account": (lambda it: it.transfer(9, credit=str(account(OTHER_WALLET))), "position 9:"),
    "currency": (lambda it: it.transfer(0, currency="USD"), "position 0:"),
    "transfer removed": (lambda it: it.edit(4, transfers=json.loads(it.lines()[4])["transfers"][:1]), "position 4:"),
    "template": (lambda it: it.edit(7, template="P8"), "position 7:"),
    "time": (lambda it: it.edit(5, effective_at="2026-11-28T08:05:00.000000Z"), "position 5:"),
    "salt": (lambda it: it.edit(8, salt="00" * 16), "position 8:"),
    "actor": (lambda it: it.edit(1, actor=str(account(9))), "position 1:"),
    "field added": (lambda it: it.edit(11, note=""), "position 11:"),
    "entry deleted": (delete_entry, "position 5:"),
    "entry inserted": (insert_entry, "position 12:"),
    "entries swapped": (swap_entries, "position 5:"),
    "tail cut": (cut_tail, "position 9:"),
    "last line cut": (cut_last_line, "cut"),
    "another spelling": (space, "position 0 to 3:"),
    "entry and hash": (hide_change, "position 4 to 8:"),
    "everything sealed again": (reseal, "position 0 to 8:"),
    "sealed with another key": (lambda it: reseal(it, OTHER_SEED), "the kept checkpoint is not signed"),
    "overdraft": (overdraw, "position 10: the balance of wallet"),
    "key of a posting used twice": (lambda it: repeat(it, business_key="P1:9"), "position 10: P1:9 is there twice"),
    "transaction twice": (lambda it: repeat(it, id=UUID(int=1003)), "position 10:"),
    "kind of an account": (change_kind, "position 10:"),
    "owner of an account": (lambda it: it.transfer(9, credit_owner=str(account(9))), "position 9:"),
    "two checkpoints of a size": (fork, "two checkpoints"),
    "root": (flip_root, "checkpoints/9.txt"),
    "signature": (flip_signature, "checkpoints/12.txt"),
    "balance": (state_more, f"account {account(WALLET)}"),
    "kept checkpoint": (forge_kept, "the kept checkpoint"),
    "key": (lambda it: it.change_proofs(keys=[verifier_key(ORIGIN, OTHER_SEED)]), "not signed"),
    "proofs damaged": (lambda it: it.files.update({"proofs.json": b"{"}), "proofs.json"),
    "proofs without a part": (lambda it: it.change_proofs(positions=None), "damaged"),
}


def move_entry(it: Made) -> None:
    positions = it.proofs()["positions"]
    it.change_proofs(positions=[*positions[:3], positions[3] - 1, *positions[4:]])


def spoil_proof(it: Made) -> None:
    first, *rest = it.proofs()["inclusion"]
    it.change_proofs(inclusion=[first[::-1], *rest])


def drop_own_entry(it: Made) -> None:
    lines, proofs = it.lines(), it.proofs()
    it.write_lines(lines[1:])
    it.change_proofs(**{name: proofs[name][1:] for name in ("positions", "leaf_hashes", "inclusion")})


PARTY_WAYS: dict[str, tuple[Tamper, str]] = {
    "amount": (lambda it: it.transfer(1, amount="8999"), "position 1:"),
    "entry and hash": (hide_change, "position 8:"),
    "inclusion proof": (spoil_proof, "position 0:"),
    "consistency proof": (lambda it: it.change_proofs(consistency={}), "the checkpoint 4 is no prefix"),
    "position": (move_entry, "position 3:"),
    "own entry left out": (drop_own_entry, "position 1: the balance of wallet"),
}


@pytest.mark.parametrize(("tamper", "named"), WHOLE.values(), ids=WHOLE)
def test_tampering_with_the_whole_log_is_found(tmp_path: Path, tamper: Tamper, named: str) -> None:
    bundle = made()
    tamper(bundle)
    code, said = checked(bundle, tmp_path)
    assert code == 1, said
    assert named in said


@pytest.mark.parametrize(("tamper", "named"), PARTY_WAYS.values(), ids=PARTY_WAYS)
def test_tampering_with_a_party_s_bundle_is_found(tmp_path: Path, tamper: Tamper, named: str) -> None:
    bundle = made(party=True)
    tamper(bundle)
    code, said = checked(bundle, tmp_path)
    assert code == 1, said
    assert named in said


def test_a_whole_log_comes_with_all_papers_or_none(tmp_path: Path) -> None:
    bundle = Made()
    bundle.papers = [(paper(number, content), content) for number, content in enumerate((b"%PDF one", b"%PDF two"), 1)]
    bundle.seal()
    bundle.kept = bundle.files["checkpoints/9.txt"]
    assert checked(bundle, tmp_path / "none")[0] == 0
    names = [f"papers/{json.loads(entry)['number']}.pdf" for entry, _content in bundle.papers]
    bundle.files |= {name: content for name, (_entry, content) in zip(names, bundle.papers, strict=True)}
    assert checked(bundle, tmp_path / "all")[0] == 0
    del bundle.files[names[0]]
    code, said = checked(bundle, tmp_path / "one")
    assert (code, names[0] in said) == (1, True)


def test_the_program_is_one_short_file_on_the_standard_library() -> None:
    source = Path(verify.__file__).read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 500
    imported = {line.split()[1].split(".")[0] for line in source.splitlines() if line.startswith(("import ", "from "))}
    assert imported <= sys.stdlib_module_names

"""The files of a bundle: entries, proofs, checkpoints, and the program that verifies them with the site off."""

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import batched

FORMAT = "iplance-bundle-1"
README = """\
# Проверка без сайта

Здесь записи журнала, документы и доказательства того, что они в нём есть. Нужен только Python 3.12 или новее:

    python -I verify.py . --checkpoint ФАЙЛ

ФАЙЛ — контрольная точка, которую вы получили раньше и хранили сами, например из письма. Ответ 0 — всё сходится,
1 — что-то нарушено (названо первое место), 2 — сказать нельзя, например без своей контрольной точки.

# Verifying without the site

These are entries of the ledger, documents, and the proofs that they are in it. You need nothing but Python 3.12 or
later:

    python -I verify.py . --checkpoint FILE

FILE is a checkpoint that you received earlier and kept yourself, for example from an e-mail. The answer is 0 if
everything holds, 1 if something is broken (the first position is named), and 2 if it cannot say, for example without
a checkpoint of your own.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """What shows that the entries of a bundle are in the log."""

    keys: Sequence[str]
    """The published keys of the log, of which any may have signed a checkpoint."""
    complete: bool
    """Whether the bundle is the whole log; it then needs no proofs besides the hashes."""
    positions: Sequence[int]
    hashes: Sequence[bytes]
    inclusion: Sequence[Sequence[bytes]] = ()
    """For each position, the proof that it is in the newest checkpoint."""
    consistency: Mapping[int, Sequence[bytes]] = field(default_factory=dict[int, Sequence[bytes]])
    """By the size of a checkpoint, the proof that the newest one continues it."""
    balances: Mapping[str, int]
    """The balances of the accounts whose every transfer is in the bundle, on their normal sides."""


def proofs_file(proofs: Proofs) -> bytes:
    """Return the file proofs.json."""
    content = {
        "format": FORMAT,
        "keys": list(proofs.keys),
        "complete": proofs.complete,
        "positions": list(proofs.positions),
        "leaf_hashes": _texts(proofs.hashes),
        "inclusion": [_texts(proof) for proof in proofs.inclusion],
        "consistency": {str(size): _texts(proof) for size, proof in proofs.consistency.items()},
        "whole_accounts": sorted(proofs.balances),
        "balances": {account: str(balance) for account, balance in sorted(proofs.balances.items())},
    }
    return json.dumps(content, indent=1).encode() + b"\n"


def whole_proofs(
    keys: Sequence[str], leaves: Callable[[], Iterable[tuple[int, bytes]]], balances: Mapping[str, int]
) -> Iterator[bytes]:
    """Yield the file proofs.json of a whole log in pieces, so that its leaves need not be in memory together.

    Args:
        keys: The public keys of the log.
        leaves: Returns the positions and hashes as they are stored, so that a missing one is seen; it is asked twice.
        balances: The balances of all accounts, in minor units.
    """
    head = {"format": FORMAT, "keys": list(keys), "complete": True, "inclusion": [], "consistency": {}}
    stated = {account: str(balance) for account, balance in sorted(balances.items())}
    tail = {"whole_accounts": list(stated), "balances": stated}
    yield json.dumps(head)[:-1].encode() + b', "positions": ['
    yield from _joined(str(position) for position, _hash in leaves())
    yield b'], "leaf_hashes": ['
    yield from _joined(f'"{base64.b64encode(hashed).decode()}"' for _position, hashed in leaves())
    yield b"], " + json.dumps(tail)[1:].encode() + b"\n"


def _joined(texts: Iterable[str]) -> Iterator[bytes]:
    """Yield texts with commas between them, many at a time."""
    comma = ""
    for part in batched(texts, 1_000):
        yield f"{comma}{','.join(part)}".encode()
        comma = ","


def bundle_files(entries: Iterable[bytes], proofs: Proofs, notes: Mapping[int, str]) -> dict[str, bytes]:
    """Return the files of a bundle by their names.

    Args:
        entries: The canonical bytes of the entries, in rising positions.
        proofs: What shows that they are in the log.
        notes: The signed notes of checkpoints by their sizes, the newest of which covers all entries.
    """
    return {
        "entries.jsonl": b"".join(entry + b"\n" for entry in entries),
        "proofs.json": proofs_file(proofs),
        **{f"checkpoints/{size}.txt": note.encode() for size, note in notes.items()},
        **program_files(),
    }


def program_files() -> dict[str, bytes]:
    """Return what every bundle has: the program that verifies it, and how to run it."""
    program = files("app.core.transparency").joinpath("verify.py").read_bytes()
    return {"verify.py": program, "README.md": README.encode()}


def _texts(hashes: Sequence[bytes]) -> list[str]:
    return [base64.b64encode(hashed).decode() for hashed in hashes]

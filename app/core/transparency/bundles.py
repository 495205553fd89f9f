"""The files of a bundle: entries, proofs, checkpoints, and the program that verifies them with the site off."""

import base64
import json
from collections.abc import Mapping, Sequence
from importlib.resources import files

from app.core.transparency.checkpoints import Checkpoint
from app.core.transparency.merkle import consistency_proof, inclusion_proof, leaf_hash

FORMAT = "iplance-bundle-1"
README = """\
# Проверка без сайта

Здесь записи журнала и доказательства того, что они в нём есть. Нужен только Python 3.12 или новее:

    python -I verify.py . --checkpoint ФАЙЛ

ФАЙЛ — контрольная точка, которую вы получили раньше и хранили сами, например из письма. Ответ 0 — всё сходится,
1 — что-то нарушено (названо первое место), 2 — сказать нельзя, например без своей контрольной точки.

# Verifying without the site

These are entries of the ledger and the proofs that they are in it. You need nothing but Python 3.12 or later:

    python -I verify.py . --checkpoint FILE

FILE is a checkpoint that you received earlier and kept yourself, for example from an e-mail. The answer is 0 if
everything holds, 1 if something is broken (the first position is named), and 2 if it cannot say, for example without
a checkpoint of your own.
"""


def make_bundle(
    leaves: Sequence[bytes],
    notes: Mapping[Checkpoint, str],
    published_key: str,
    balances: Mapping[str, int],
    positions: Sequence[int] | None = None,
) -> dict[str, bytes]:
    """Return the files of a bundle by their names.

    Args:
        leaves: The canonical bytes of all transactions of the log, in its order.
        notes: The signed notes of checkpoints, the newest of which covers all leaves.
        published_key: The key of the log.
        balances: The balances of the accounts whose every transfer is in the bundle, on their normal sides.
        positions: The entries of a party, in rising order; None for the whole log.
    """
    hashes = [leaf_hash(leaf) for leaf in leaves]
    chosen = list(range(len(leaves)) if positions is None else positions)
    proofs = {
        "format": FORMAT,
        "key": published_key,
        "complete": positions is None,
        "positions": chosen,
        "leaf_hashes": _texts([hashes[position] for position in chosen]),
        "inclusion": [],
        "consistency": {},
        "whole_accounts": sorted(balances),
        "balances": {account: str(balance) for account, balance in sorted(balances.items())},
    }
    if positions is not None:
        proofs["inclusion"] = [_texts(inclusion_proof(hashes, position)) for position in chosen]
        proofs["consistency"] = {str(it.size): _texts(consistency_proof(hashes, it.size)) for it in notes}
    program = files("app.core.transparency").joinpath("verify.py").read_bytes()
    return {
        "entries.jsonl": b"".join(leaves[position] + b"\n" for position in chosen),
        "proofs.json": json.dumps(proofs, indent=1).encode() + b"\n",
        **{f"checkpoints/{it.size}.txt": note.encode() for it, note in notes.items()},
        "verify.py": program,
        "README.md": README.encode(),
    }


def _texts(hashes: Sequence[bytes]) -> list[str]:
    return [base64.b64encode(hashed).decode() for hashed in hashes]

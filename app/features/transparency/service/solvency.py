"""Proof of solvency: each night a signed total of what is owed to people, and everybody's proof of the own part."""

import base64
import json
import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.money import Currency
from app.core.transparency.nodes import StoredNode, TreeBuilder, inclusion_steps, proof_of, stored_range
from app.core.transparency.solvency import (
    SUM_BYTES,
    Solvency,
    Total,
    balance_node,
    join_sums,
    read_solvency,
    salt_of,
    sum_of,
)
from app.core.unit_of_work import UnitOfWork
from app.features.transparency.errors import NoSolvencyProofError, NotSealedYetError
from app.features.transparency.repository import LogRepository, PartyRepository, SolvencyRepository
from app.features.transparency.schemas import OwedLeaf, OwedProof, OwedTotal, OwnSolvency, SolvencyList, SolvencyRead
from app.features.transparency.service.sealing import current_key
from app.models import SolvencyNight

PAGE = 5_000
SECRET_BYTES = 32
TREES_KEPT = timedelta(days=7)
HELD_DAYS = 3
"""What a provider held so many days ago says nothing of today."""
type Values = dict[tuple[int, int], bytes]


@dataclass(frozen=True, slots=True)
class MadeNight:
    """What is owed in a night, and whether this call has made it."""

    solvency: Solvency
    is_new: bool


async def make_night(uow: UnitOfWork, seed: bytes) -> MadeNight:
    """Sign what is owed to people at the newest checkpoint, once for each day in UTC.

    Raises:
        NotSealedYetError: Nothing is sealed yet.
    """
    repository = SolvencyRepository(uow.session)
    await repository.lock()
    night = utc_now().date()
    known = await repository.get(night)
    if known is not None:
        return MadeNight(_parsed(known), is_new=False)
    secret = os.urandom(SECRET_BYTES)
    size, currencies = await repository.collect(night, secret)
    if not size:
        raise NotSealedYetError
    held = await repository.held(size, HELD_DAYS)
    totals = {
        currency: await _total(repository, night, currency, secret, held.get(currency)) for currency in currencies
    }
    published = await current_key(LogRepository(uow.session), uow.resources.settings, seed)
    made = Solvency(published.split("+")[0], night, size, totals)
    await repository.insert(
        SolvencyNight(night=night, size=size, secret=secret, note=made.sign(seed), published_key=published)
    )
    await repository.prune(night - TREES_KEPT)
    return MadeNight(made, is_new=True)


async def list_nights(session: AsyncSession, limit: int) -> SolvencyList:
    """Return what was owed in the latest nights."""
    return SolvencyList(items=[_read(row) for row in await SolvencyRepository(session).nights(limit)])


async def read_night(session: AsyncSession, night: date) -> SolvencyRead:
    """Return what was owed in a night.

    Raises:
        NoSolvencyProofError: It was not computed in this night.
    """
    found = await SolvencyRepository(session).get(night)
    if found is None:
        raise NoSolvencyProofError
    return _read(found)


async def read_own_solvency(session: AsyncSession, actor: Actor) -> OwnSolvency:
    """Return the latest night with the proofs that the balances of this person are in its totals.

    Raises:
        NoSolvencyProofError: There is no night yet.
    """
    own = await PartyRepository(session).own_part(actor.id)
    found = await find_own_solvency(session, own.balances.keys())
    if found is None:
        raise NoSolvencyProofError
    return found


async def find_own_solvency(
    session: AsyncSession, accounts: Collection[str], until_size: int | None = None
) -> OwnSolvency | None:
    """Return the latest night up to a size of the log with the proofs of these accounts; None before any night."""
    repository = SolvencyRepository(session)
    nights = await repository.nights(1, until_size)
    if not nights:
        return None
    night, solvency = nights[0], _parsed(nights[0])
    leaves = await repository.own(night.night, accounts)
    proofs: list[OwedProof] = []
    for currency in dict.fromkeys(leaf.currency for leaf in leaves):
        own = [leaf for leaf in leaves if leaf.currency == currency]
        proofs += await _prove(repository, night, own, solvency.totals[currency].accounts)
    read = _read(night)
    return OwnSolvency(night=read.night, totals=read.totals, note=read.note, key=read.key, proofs=proofs)


def solvency_file(note: str, proofs: Sequence[OwedProof] = ()) -> bytes:
    """Return the file of a night in a bundle."""
    shown = [proof.model_dump(mode="json", exclude={"kind"}) | {"balance": str(proof.balance)} for proof in proofs]
    return json.dumps({"note": note, "proofs": shown}, indent=1).encode() + b"\n"


async def _total(repository: SolvencyRepository, night: date, currency: str, secret: bytes, held: int | None) -> Total:
    """Build the tree of a currency from its leaves, a page at a time, and store the roots of its subtrees."""
    tree, node_of = TreeBuilder(join=join_sums), _nodes_of(night, secret)
    while leaves := await repository.page(night, currency, tree.size, PAGE):
        completed: list[StoredNode] = []
        for leaf in leaves:
            completed += tree.append(node_of(leaf))
        if completed:
            await repository.insert_nodes(night, currency, completed)
    root = tree.root()
    return Total(accounts=tree.size, owed=sum_of(root), root=root[SUM_BYTES:], held=held)


async def _prove(
    repository: SolvencyRepository, night: SolvencyNight, own: Sequence[OwedLeaf], accounts: int
) -> list[OwedProof]:
    """Return the proofs of leaves of one currency; one query reads all nodes."""
    steps = {leaf.position: inclusion_steps(leaf.position, accounts) for leaf in own}
    ranges = {stored_range(node) for path in steps.values() for step in path for node in step}
    node_of, currency = _nodes_of(night.night, night.secret), own[0].currency
    values: Values = {}
    for height, index, account, balance, node in (
        await repository.stored(night.night, currency, ranges) if ranges else ()
    ):
        values[height, index] = node or node_of(OwedLeaf(currency, index, account, balance, ""))
    return [
        OwedProof(
            account=leaf.account,
            kind=leaf.kind,
            currency=Currency(currency),
            balance=leaf.balance,
            salt=salt_of(night.secret, leaf.account).hex(),
            position=leaf.position,
            steps=[base64.b64encode(it).decode() for it in proof_of(steps[leaf.position], values, join_sums)],
        )
        for leaf in own
    ]


def _nodes_of(night: date, secret: bytes) -> Callable[[OwedLeaf], bytes]:
    def node_of(leaf: OwedLeaf) -> bytes:
        return balance_node(night, leaf.account, leaf.currency, leaf.balance, salt_of(secret, leaf.account))

    return node_of


def _parsed(night: SolvencyNight) -> Solvency:
    return read_solvency(night.note.partition("\n\n")[0].split("\n"))


def _read(night: SolvencyNight) -> SolvencyRead:
    said = _parsed(night)
    totals = [
        OwedTotal(
            currency=Currency(currency),
            accounts=total.accounts,
            owed=total.owed,
            held=total.held,
            covered=total.is_covered,
        )
        for currency, total in sorted(said.totals.items())
    ]
    return SolvencyRead(night=said.night, size=said.size, totals=totals, note=night.note, key=night.published_key)

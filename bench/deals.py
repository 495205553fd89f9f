"""Deals for the money sections: one is agreed on through the use cases, and its rows are copied by SQL."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from bench.money import analyse, bench_id
from tests.factories.deals import DealScene, make_deal
from tests.factories.orders import Market

FREELANCERS = 500
COPIED = (
    "users orders proposals offers contracts deals milestones submissions review_notices deal_timers documents "
    "document_files"
).split()
LEDGER = """
    INSERT INTO ledger.account (id, kind, currency, owner_kind, owner_id)
    SELECT bench_id('deal-escrow', n), 'escrow', 'RUB', 'milestone', bench_id('deal-milestone', n)
    FROM generate_series({first}, {last}) AS n;
    WITH made AS (
        INSERT INTO ledger.txn (id, template, template_version, transfers, business_key, milestone_id, effective_at)
        SELECT bench_id('deal-fund', n), 'fund', 1, 1, 'bench-deal:' || n, bench_id('deal-milestone', n), now()
        FROM generate_series({first}, {last}) AS n
    )
    INSERT INTO ledger.transfer (txn_id, n, debit_id, credit_id, currency, amount)
    SELECT bench_id('deal-fund', n), 1, bench_id('wallet', n % 100), bench_id('deal-escrow', n), 'RUB', {price}
    FROM generate_series({first}, {last}) AS n;
"""


@dataclass(frozen=True, slots=True)
class Template:
    """A deal whose first milestone is submitted, and of which the client was told."""

    scene: DealScene
    ids: dict[str, UUID]
    price: int
    version: int
    """Of the milestone, which commands name."""


async def make_template(resources: Resources, connection: Any) -> Template:
    """Agree on a deal and submit its first milestone."""
    scene = await make_deal(Market(lambda: unit_of_work(resources)))
    submission = await scene.submitted()
    await scene.notify(submission)
    contract = await connection.fetchrow("SELECT * FROM contracts WHERE id = $1", scene.contract_id)
    paper = await connection.fetchval(
        "SELECT d.id FROM documents d JOIN document_files f ON f.document_id = d.id "
        "WHERE f.contract_id = $1 AND d.kind = 'contract'",
        scene.contract_id,
    )
    milestone = await scene.milestone()
    ids = {
        "users": scene.freelancer.id,
        "orders": contract["order_id"],
        "proposals": contract["proposal_id"],
        "offers": contract["offer_id"],
        "contracts": scene.contract_id,
        "milestones": milestone.id,
        "submissions": submission.id,
        "documents": paper,
    }
    return Template(scene, ids, milestone.funded, milestone.version)


async def add_deals(
    connection: asyncpg.Connection, template: Template, first: int, count: int, customer: UUID | None = None
) -> None:
    """Copy the template so many times; the review of each copy is over.

    Args:
        connection: An open connection.
        template: What is copied.
        first: The number of the first copy.
        count: How many.
        customer: Who is the client of the copies; None: that of the template.
    """
    last = first + count - 1
    async with connection.transaction():
        await connection.execute(LEDGER.format(first=first, last=last, price=template.price))
        for table in COPIED:
            await _copy(connection, table, template, first, last, customer)
    for table in COPIED:
        await connection.execute(f"VACUUM (ANALYZE) {table}")
    await analyse(connection)


def milestone_of(number: int) -> UUID:
    """Return the milestone of a copy."""
    return bench_id("deal-milestone", number)


def _changes(table: str, customer: UUID | None) -> dict[str, str]:
    """Return the columns that a copy has other values in."""
    links = {
        "orders": "order",
        "proposals": "proposal",
        "offers": "offer",
        "contracts": "contract",
        "milestones": "milestone",
        "submissions": "submission",
        "documents": "document",
    }
    changes = {f"{link}_id": f"bench_id('deal-{link}', n)" for link in links.values()}
    changes |= {"freelancer_id": f"bench_id('deal-freelancer', n % {FREELANCERS})"}
    if customer is not None:
        changes |= {"customer_id": f"'{customer}'::uuid", "client_id": f"'{customer}'::uuid"}
    if table in links:
        changes["id"] = f"bench_id('deal-{links[table]}', n)"
    return changes | _OWN.get(table, {})


_PAST = "now() - interval '1 minute' + n * interval '1 microsecond'"
_OWN = {
    "users": {
        "id": f"bench_id('deal-freelancer', n % {FREELANCERS})",
        **dict.fromkeys(("username", "username_key"), f"'deal' || n % {FREELANCERS}"),
        **dict.fromkeys(("email", "email_key"), f"'deal' || n % {FREELANCERS} || '@example.com'"),
        "phone": f"'+7999' || lpad((n % {FREELANCERS})::text, 7, '0')",
    },
    "review_notices": {"id": "gen_random_uuid()"},
    "deal_timers": {
        "id": "bench_id('deal-timer', n)",
        "subject_id": "bench_id('deal-submission', n)",
        "due_at": _PAST,
        "look_at": _PAST,
    },
    "documents": {"number": "1000000 + n"},
    "document_files": {"storage_key": "md5(n::text)"},
}
"""What the links do not say."""


async def _copy(
    connection: asyncpg.Connection, table: str, template: Template, first: int, last: int, customer: UUID | None
) -> None:
    columns = await connection.fetch(
        "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND attgenerated = '' "
        "AND NOT attisdropped",
        table,
    )
    changes = _changes(table, customer)
    names = [row["attname"] for row in columns]
    if table == "users":
        last = min(last, first + FREELANCERS - 1)
    values = ", ".join(changes.get(name, f"t.{name}") for name in names)
    await connection.execute(
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {values} FROM {table} AS t, "
        f"generate_series({first}, {last}) AS n WHERE {_where(table, template)} ON CONFLICT DO NOTHING"
    )


def _where(table: str, template: Template) -> str:
    """Return the condition of the rows of a table that are copied."""
    ids = template.ids
    if table in ids:
        return f"t.id = '{ids[table]}'"
    return {
        "deals": f"t.contract_id = '{ids['contracts']}'",
        "review_notices": f"t.submission_id = '{ids['submissions']}'",
        "deal_timers": f"t.milestone_id = '{ids['milestones']}' AND t.kind = 'review'",
        "document_files": f"t.document_id = '{ids['documents']}'",
    }[table]
